// The rooms: what stands in them, edited in place.
import { card, inWords } from "./card.js";
import { byId, foreign, h, plain, spans, time } from "./dom.js";

/** Characters of a long message that are shown before somebody asks for all of it. */
const SHORT = 2400;

const posts = new Map();
const shown = new Map();
let room = "";
let people = new Map();
let acts = {};
let waiting = new Set();
/** How long the bot may be said to read: a sign that is wrong for longer helps nobody. */
const READING = 60_000;

/** `press(post, button, element)` and `reply(post)`. */
export function setUp(handlers) { acts = handlers; }

export function setPeople(list) { people = new Map(list.map((person, at) => [person.key, { ...person, hue: at % 5 }])); }

/** Initials on a colour of their own. */
export function face(person, size = "") {
  const initials = person.name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const hue = people.get(person.key)?.hue ?? 0;
  return h("span", { class: `face ${size}`, "data-hue": hue, "aria-hidden": "true", text: initials });
}

/** Takes what the server knows. Posts of ours that it lost in a restart stay; whispers to others go. */
export function merge(list, who, threads) {
  for (const [id, post] of posts) if (post.kind === "whisper" && post.to !== who) posts.delete(id);
  waiting = new Set(threads);
  for (const post of list) posts.set(post.id, post);
  draw();
}

/** Takes one post, new or edited. */
export function take(post) {
  const before = posts.get(post.id);
  posts.set(post.id, post);
  if (post.room !== room) return;
  announce(post, before);
  const low = atBottom();
  if (before && shown.has(post.id)) {
    exchange(post);
  } else {
    place(post);
  }
  busy(post.thread);
  if (post.kind === "whisper") answered(post.thread);
  if (low) settle(shown.get(post.id));
}

/** Tells a screen reader what is new in a sentence; a card that is edited says only what changed. */
function announce(post, before) {
  let text = "";
  if (post.kind === "card") {
    text = inWords(post.card, before?.card);
  } else if (post.kind === "said") {
    text = `${people.get(post.who)?.name || post.who}: ${(post.text || "").slice(0, 160)}`;
  } else if (post.spans) {
    text = `Reanchor${post.kind === "whisper" ? ", only to you" : ""}: ${plain(post.spans)}`;
  }
  if (text) byId("news").textContent = text;
}

/** What is new comes into view; something taller than the view shows its beginning. */
function settle(element) {
  const box = byId("timeline");
  if (element.offsetHeight < box.clientHeight) { toBottom(); return; }
  box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - 8;
}

/** Shows a room. */
export function enter(name) {
  if (room === name) return;
  room = name;
  draw();
}

export const posted = (name) => [...posts.values()].filter((post) => post.room === name && post.kind !== "mark").length;

/** The bot is about to answer in a thread, or is not any more. */
export function awaited({ thread, will }) {
  if (will) waiting.add(thread);
  else waiting.delete(thread);
  busy(thread);
  if (will) setTimeout(() => awaited({ thread, will: false }), READING);
}

function atBottom() {
  const box = byId("timeline");
  return box.scrollHeight - box.scrollTop - box.clientHeight < 120;
}

export function toBottom() {
  const box = byId("timeline");
  box.scrollTop = box.scrollHeight;
}

function draw() {
  const box = byId("timeline");
  box.replaceChildren();
  shown.clear();
  const mine = [...posts.values()].filter((post) => post.room === room);
  if (!mine.some((post) => post.kind !== "mark")) box.append(empty());
  mine.forEach(place);
  waiting.forEach(busy);
  const last = mine[mine.length - 1];
  if (last) settle(shown.get(last.id));
}

function empty() {
  return h("div", { class: "empty" },
    h("h2", { text: "Nothing has been said here yet" }),
    h("p", { text: "Be Anna from the help desk: paste the error that Okta shows, and see what Reanchor makes of it." }),
    h("button", { type: "button", class: "primary", "data-paste": "", text: "Paste the error", onclick: () => acts.paste() }));
}

function place(post) {
  const box = byId("timeline");
  box.querySelector(".empty:not(.keep)")?.toggleAttribute("hidden", post.kind !== "mark");
  const element = draft(post);
  shown.set(post.id, element);
  const thread = box.querySelector(`[data-thread="${CSS.escape(post.thread)}"]`);
  if (thread) thread.querySelector(".replies").append(element);
  else box.append(h("section", { class: "thread", "data-thread": post.thread }, element, h("div", { class: "replies" })));
}

function exchange(post) {
  const old = shown.get(post.id);
  // A person who works with the keyboard stays on the same button, and what was unfolded stays so.
  const verb = old.contains(document.activeElement) ? document.activeElement.dataset.verb : null;
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  const fresh = draft(post);
  fresh.classList.add("changed");
  [...fresh.querySelectorAll("details")].forEach((details, index) => { details.open = Boolean(open[index]); });
  old.replaceWith(fresh);
  shown.set(post.id, fresh);
  if (verb) (fresh.querySelector(`[data-verb="${verb}"]`) || byId("text")).focus();
}

function busy(thread) {
  const section = byId("timeline").querySelector(`[data-thread="${CSS.escape(thread)}"]`);
  if (!section) return;
  const old = section.querySelector(".typing");
  if (!waiting.has(thread)) { old?.remove(); return; }
  if (old) return;
  const low = atBottom();
  section.append(h("div", { class: "typing", role: "status" }, h("i"), h("i"), h("i"), h("span", { text: "Reanchor is reading…" })));
  if (low) toBottom();
}

/** A whisper is the answer to a button that changed nothing: it may be pressed again. */
function answered(thread) {
  const section = byId("timeline").querySelector(`[data-thread="${CSS.escape(thread)}"]`);
  for (const button of section.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
}

function draft(post) {
  if (post.kind === "mark") return h("p", { class: "mark", "data-post": post.id }, h("span", {}, post.text + " ", time(post.at), "."));
  if (post.kind === "said") return said(post);
  const name = h("span", { class: "who" }, "Reanchor", h("span", { class: "bot", text: "app" }));
  const edited = post.edited ? h("span", { class: "edited" }, "updated ", time(post.edited)) : null;
  const body = post.kind === "card"
    ? card(post.card, (button, element) => acts.press(post, button, element))
    : h("p", { class: "line" }, spans(post.spans));
  return h("div", { class: `post of-${post.kind}`, "data-post": post.id },
    h("img", { class: "face bot-face", src: "/page/mark.svg", alt: "" }),
    h("div", { class: "post-body" },
      h("div", { class: "post-head" }, name, time(post.at), edited,
        post.kind === "whisper" ? h("span", { class: "only", text: `only ${post.name} sees this` }) : null),
      body));
}

function said(post) {
  const person = people.get(post.who) || { key: post.who, name: post.who, role: "" };
  return h("div", { class: "post of-said", "data-post": post.id },
    face(person),
    h("div", { class: "post-body" },
      h("div", { class: "post-head" }, h("span", { class: "who", text: person.name }), h("span", { class: "role", text: person.role }), time(post.at)),
      post.text === null ? h("p", { class: "text gone", text: "The text is not kept any more." }) : long(post.text),
      h("button", { class: "ghost reply", type: "button", text: "Reply", "aria-label": `Reply in the thread of ${person.name}`, onclick: () => acts.reply(post) })));
}

/** A long text shows its head and the wish for the rest. */
export function long(text) {
  if (text.length <= SHORT) return h("p", { class: "text" }, foreign(text));
  const paragraph = h("p", { class: "text" }, foreign(text.slice(0, SHORT)), "…");
  const more = h("button", { class: "ghost more", type: "button", text: `Show all ${text.length.toLocaleString("en")} characters` });
  more.addEventListener("click", () => { paragraph.replaceChildren(...foreign(text)); more.remove(); });
  return h("div", {}, paragraph, more);
}
