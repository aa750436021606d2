// The whole story of one case, in order, for reading and for paper.
import { card, diff, sides, stateName, warnings } from "./card.js";
import { byId, foreign, h, setNow, spans } from "./dom.js";

const KINDS = {
  opened: "The error was pasted", looked_up: "Both directories were read", proposed: "A plan was put to the vote",
  not_proposed: "No plan could be made", vote: "A vote", vote_withdrawn: "A vote was taken back", refused: "A wish was refused",
  denied: "The plan was denied", withdrawn: "The plan was withdrawn",
  run_began: "The run began", effect_intent: "About to write", effect_answered: "The vendor answered",
  effect_in_force: "Read back: in force", effect_refused: "Read back: not in force",
  effect_declined: "Refused in place, as foreseen", effect_skipped: "Not needed", repair_began: "On the way to the nearest safe state",
  repaired: "In a safe state", repair_stuck: "Not in a safe state yet", check_reached: "What was waited for is there",
  check_missed: "The wait was in vain", drifted: "Something moved", verified: "Verified on both sides",
  not_verified: "Not verified", expired: "Expired", reminded: "The approvers were reminded", not_ours: "Put aside", retired: "Put aside",
  subject: "The subject was named", lookup: "Looked up", sealed: "Sealed by a checkpoint of the audit",
  retry_reminded: "Reminded of Retry in Okta", retry_seen: "Okta has pushed again",
};

const exact = (ms) => {
  const date = new Date(ms);
  return h("time", { datetime: date.toISOString(), text: date.toISOString().replace("T", " ").replace("Z", " UTC") });
};

/** Marks the pieces of evidence. Offsets count UTF-8 bytes of the text as it was received. */
function highlighted(text, evidence) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const out = [];
  let at = 0;
  for (const piece of [...evidence].sort((a, b) => a.start - b.start)) {
    // Pieces may overlap: the one that begins first is marked whole, of the next what is left of it.
    const from = Math.max(piece.start, at);
    if (piece.end <= from || piece.end > bytes.length) continue;
    out.push(...foreign(decoder.decode(bytes.slice(at, from))));
    out.push(h("mark", { title: piece.why }, foreign(decoder.decode(bytes.slice(from, piece.end)))));
    at = piece.end;
  }
  out.push(...foreign(decoder.decode(bytes.slice(at))));
  return out;
}

function opened(story) {
  return [
    story.said ? h("blockquote", { class: "pasted" }, highlighted(story.said, story.evidence)) : h("p", { class: "quietly", text: "The text is not kept any more." }),
    h("ul", { class: "evidence" }, story.evidence.map((piece) => h("li", {}, h("mark", {}, foreign(piece.text)), " ", piece.why))),
    h("p", {}, h("strong", { text: story.class }), `, confidence ${story.confidence.toFixed(2)}. ${story.meaning}`),
  ];
}

function words(entry, labels) {
  const event = entry.event || {};
  const step = Number.isInteger(event.step) ? `Step ${event.step + 1}${labels[event.step] ? ", " + labels[event.step] : ""}. ` : "";
  const texts = [step];
  if (event.what) texts.push("The answer: ", ...foreign(event.what), ". ");
  if (event.request_id) texts.push("Request id ", h("code", { text: event.request_id }), ". ");
  if (event.event === "in_force") texts.push(event.written ? "Our write is in force." : "It was so already; nothing was sent.");
  const pieces = (list) => (Array.isArray(list) ? list : []).map((span) => Object.values(span)[0]).join("");
  if (event.why) texts.push(...foreign(typeof event.why === "string" ? event.why : pieces(event.why)));
  if (event.findings) return [h("ul", { class: "findings" }, event.findings.map((finding) => h("li", {}, foreign(pieces(finding))))),
    event.waiting_for_retry ? h("p", { text: "Okta's task still waits for Retry." }) : null];
  if (event.left_as) texts.push(` Left as: ${event.left_as.replaceAll("_", " ")}.`);
  const lines = [...(event.lines || event.cause?.lines || []).map(spans), ...(event.notes || []).map((note) => foreign(pieces(note)))];
  if (entry.wish) texts.push(`The wish to ${String(entry.wish).replaceAll("_", " ")} was refused by rule ${entry.rule}. Nothing was changed.`);
  if (entry.remedy) texts.push(`The remedy “${entry.remedy}” was asked for. `);
  if (entry.reason) texts.push("Reason: ", ...foreign(entry.reason));
  if (Array.isArray(entry.rules) && entry.rules.length) texts.push(`Rules: ${entry.rules.join(", ")}.`);
  if (entry.checkpoint) texts.push("Checkpoint ", h("code", { text: entry.checkpoint }), ".");
  if (entry.sync_state) texts.push("syncState ", h("code", { text: entry.sync_state }), ".");
  return [texts.some(Boolean) ? h("p", {}, texts) : null, lines.length ? h("ul", { class: "evidence" }, lines.map((line) => h("li", {}, line))) : null];
}

function inside(entry, story) {
  if (entry.erased) return [h("p", { class: "quietly", text: "The content was erased; the row and its hash remain." })];
  if (entry.kind === "opened") return opened(story);
  if (entry.sides) return [sides(entry.sides)];
  if (entry.diff) return [diff(entry.diff), warnings(entry.warnings), h("p", { class: "digest" }, "Code ", h("code", { text: entry.code }), `, ${entry.votes} vote(s) needed. Digest `, h("code", { text: entry.digest }))];
  if (entry.kind === "vote" || entry.kind === "vote_withdrawn") return entry.digest ? [h("p", { class: "digest" }, "on digest ", h("code", { text: entry.digest }))] : [];
  return words(entry, story.labels);
}

function tell(story) {
  document.title = `${story.case} · Reanchor`;
  const whole = story.chain.whole;
  byId("story").replaceChildren(
    h("header", { class: "story-head" },
      h("p", { class: "crumbs" }, h("a", { href: "/", text: "Reanchor sandbox" }), " / case"),
      h("h1", {}, story.card.title),
      h("p", {}, h("code", { class: "case-id", text: story.case }), " ", h("span", { class: "pill", text: stateName(story.state) }), " opened by ", story.requester, " at ", exact(story.created)),
      h("p", { class: "chain", "data-whole": String(whole) },
        h("strong", { text: whole ? "The audit chain checks. " : "The audit chain is broken. " }),
        whole ? `${story.entries.length} rows of this case, ${story.chain.rows} rows in all, each bound to the one before.` : story.chain.why),
      h("button", { type: "button", class: "quiet no-print", text: "Print", onclick: () => print() })),
    h("ol", { class: "entries" }, story.entries.map((entry) => h("li", { "data-kind": entry.kind },
      h("div", { class: "entry-head" }, h("h2", { text: KINDS[entry.kind] || entry.kind.replaceAll("_", " ") }), h("span", { class: "by", text: entry.actor }), exact(entry.at)),
      inside(entry, story),
      h("p", { class: "hash" }, `${entry.seq} · `, h("code", { text: entry.hash.slice(0, 16) }))))),
    h("section", { class: "now" }, h("h2", { text: "How it stands" }), card(story.card, null)));
  byId("story").removeAttribute("aria-busy");
}

const id = location.pathname.split("/").pop();
try {
  const answer = await fetch(`/api/cases/${encodeURIComponent(id)}`);
  const story = await answer.json();
  if (!answer.ok) throw new Error(story.error);
  setNow(Date.now());
  tell(story);
} catch (error) {
  byId("story").replaceChildren(h("p", {}, error.message), h("p", {}, h("a", { href: "/", text: "Back to the chat" })));
}
