// A card, as every surface shows it. Nothing of a plan is ever cut.
import { breakable, h, plain, spans } from "./dom.js";

const STATES = {
  heard: "Heard", diagnosed: "Looking up", needs_info: "Needs information", looked_up: "Looked up", advised: "Advice",
  refused: "Refused", proposed: "Waiting for votes", approved: "Approved", running: "Running", verifying: "Verifying",
  closed: "Closed", not_ours: "Put aside", declined: "Declined", expired: "Expired", stale: "Out of date",
  rolled_back: "Rolled back", needs_human: "Needs a person", undone: "Undone",
};
const WORKING = new Set(["heard", "diagnosed", "approved", "running", "verifying"]);
const PROGRESS = { waiting: "waiting", running: "under way", done: "done", skipped: "not needed", stopped: "stopped" };
const SIGNS = { waiting: "", running: "", done: "✓", skipped: "–", stopped: "!" };

/** The name of a state for people. */
export const stateName = (state) => STATES[state] || state || "";

/** A card as a sentence for those who do not see it; next to an earlier card, only what is new. */
export function inWords(card, before) {
  const moved = card.steps.findLastIndex((line, at) => line.progress !== (before?.steps[at]?.progress ?? "waiting"));
  const step = moved < 0 ? "" : ` Step ${moved + 1} of ${card.steps.length}, ${card.steps[moved].label}: ${PROGRESS[card.steps[moved].progress]}.`;
  if (before && before.state === card.state) {
    const known = new Map(before.facts.map(([label, value]) => [label, plain(value)]));
    const news = card.facts.filter(([label, value]) => known.get(label) !== plain(value)).map(([label, value]) => ` ${label}: ${plain(value)}.`);
    return step || news.length ? stateName(card.state) + "." + step + news.join("") : "";
  }
  return `${card.state ? stateName(card.state) + ": " : ""}${card.title}. ${plain(card.summary)}${step}`;
}

/** A card as an element. `press(button, element)` acts; without it the buttons are left out. */
export function card(card, press) {
  const id = `card-${card.case || "list"}`;
  const working = WORKING.has(card.state);
  return h("article", { class: "card", "data-tone": card.tone, "data-case": card.case, "data-state": card.state, "aria-labelledby": id, "aria-busy": working ? "true" : null },
    h("header", { class: "card-head" },
      h("div", { class: "card-line" },
        card.state && h("span", { class: "pill", "data-working": working }, stateName(card.state)),
        card.case && h("a", { class: "case-link", href: `/cases/${card.case}`, target: "_blank", rel: "noopener", "aria-label": `Whole story of case ${card.case}`, text: card.case })),
      h("h2", { id, text: card.title })),
    card.summary.length ? h("p", { class: "summary" }, spans(card.summary)) : null,
    facts(card.facts),
    plan(card),
    steps(card.steps),
    card.sides.length ? (card.diff.length ? folded("Both directories as they were read", sides(card.sides)) : sides(card.sides)) : null,
    card.sections.map(section),
    press && card.buttons.length ? h("div", { class: "buttons", role: "group", "aria-label": "What to do" }, card.buttons.map((button) => action(button, press))) : null,
    card.context.length ? h("footer", { class: "context" }, card.context.map((line) => h("span", {}, spans(line)))) : null);
}

function folded(title, inside) {
  return h("details", {}, h("summary", { text: title }), inside);
}

function facts(list) {
  if (!list.length) return null;
  return h("dl", { class: "facts" }, list.map(([label, value]) =>
    h("div", { "data-fact": label }, h("dt", { text: label }), h("dd", label === "Code" ? { class: "code" } : {}, spans(value)))));
}

/** Both directories, the same question to each. */
export function sides(rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Okta and Entra side by side" },
    // On a phone the rows are laid out anew, and a browser then forgets that they are rows: so the roles are said.
    h("table", { class: "sides", role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, h("td", { role: "cell" }), heading("Okta"), heading("Entra"))),
      h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row", "data-differs": row.differs },
        h("th", { scope: "row", role: "rowheader" }, row.label, row.differs ? h("span", { class: "differs", text: "differs" }) : null),
        h("td", { role: "cell" }, spans(row.okta)), h("td", { role: "cell" }, spans(row.entra)))))));
}

const heading = (text) => h("th", { scope: "col", role: "columnheader", text });

function plan(card) {
  return [diff(card.diff), warnings(card.warnings)];
}

/** Every field before and after, in the order in which it runs. */
export function diff(rows) {
  if (!rows.length) return null;
  const groups = [];
  for (const row of rows) {
    const last = groups[groups.length - 1];
    if (last && last.step === row.step) last.rows.push(row);
    else groups.push({ step: row.step, system: row.system, rows: [row] });
  }
  return h("div", { class: "plan", role: "group", "aria-label": "What will change, in this order" },
    h("h3", { text: "What will change, in this order" }),
    h("ol", { class: "diff" }, groups.map((group) => {
      const final = group.rows.some((row) => !row.reversible);
      return h("li", { "data-step": group.step },
        h("div", { class: "diff-head" },
          h("span", { class: "step-number", "aria-hidden": "true", text: group.step }),
          h("span", { class: "system", "data-system": group.system, text: group.system }),
          h("span", { class: final ? "final" : "undoable", text: final ? "cannot be undone" : "can be undone" })),
        h("dl", { class: "diff-rows" }, group.rows.map((row) => h("div", {},
          h("dt", {}, breakable(row.field)),
          h("dd", {},
            side("before", row.before),
            h("span", { class: "to" }, h("span", { class: "arrow", "aria-hidden": "true", text: "→" }), side("after", row.after)))))));
    })));
}

function side(name, list) {
  return h("span", { class: name, "data-none": plain(list) === "none" }, h("span", { class: "unseen", text: `${name}: ` }), spans(list));
}

/** What cannot be undone and what could be lost. */
export function warnings(lines) {
  if (!lines.length) return null;
  return h("div", { class: "warnings", role: "group", "aria-label": "What cannot be undone, what could be lost" },
    h("h3", { text: "Know before you approve" }), h("ul", {}, lines.map((line) => h("li", {}, spans(line)))));
}

function steps(lines) {
  if (!lines.length) return null;
  return h("ol", { class: "steps", "aria-label": "Steps" }, lines.map((line) => h("li", { "data-progress": line.progress },
    h("span", { class: "dot", "aria-hidden": "true", text: SIGNS[line.progress] }),
    h("div", {}, h("span", { class: "step-label", text: line.label }),
      h("span", { class: "step-note" }, h("span", { class: "unseen", text: PROGRESS[line.progress] + ". " }), spans(line.note))))));
}

function section(part) {
  return h("section", { class: "part", "data-part": part.title }, h("h3", { text: part.title }),
    h("ul", {}, part.lines.map((line) => h("li", {}, spans(line)))));
}

/** The class of a button. An approval is a yes, whatever it weighs; the question before it says what it weighs. */
export const lookOf = (button) => button.verb === "approve" ? "approve" : button.look === "plain" ? "quiet" : button.look;

function action(button, press) {
  const element = h("button", { type: "button", class: lookOf(button), "data-verb": button.verb, text: button.label });
  element.addEventListener("click", () => press(button, element));
  return element;
}
