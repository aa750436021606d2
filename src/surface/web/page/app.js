// The page: puts the parts together.
import * as chat from "./chat.js";
import { lookOf } from "./card.js";
import { ask, toast } from "./dialog.js";
import { byId, h, setNow } from "./dom.js";
import { connect, post } from "./net.js";
import { panel } from "./panel.js";

const state = { who: "", room: "", scene: null, world: null, aim: null, drawn: "" };

function remembered() {
  const asked = new URLSearchParams(location.search).get("as");
  // Asked for once: a reload keeps whom the window speaks as now.
  if (asked) { sessionStorage.setItem("who", asked); history.replaceState(null, "", location.pathname); }
  return sessionStorage.getItem("who") || "anna";
}

function line(holds) {
  byId("offline").hidden = holds;
  document.body.toggleAttribute("data-offline", !holds);
}

function world(news) {
  const first = !state.world;
  state.world = news;
  setNow(news.now);
  chat.setPeople(news.people);
  if (!news.people.some((person) => person.key === state.who)) { state.who = news.people[0].key; join(); return; }
  people();
  scene(news.scene, first);
  chat.merge(news.posts, state.who, news.awaited);
  lists();
  panel(news.panel_url);
  document.body.dataset.ready = state.who;
}

function scene(next, move) {
  const other = !state.scene || state.scene.name !== next.name;
  state.scene = next;
  if (move || other) enter(roomOf(next.name));
  lists();
}

const roomOf = (name) => state.world.scenarios.find((choice) => choice.name === name)?.room || "#" + name;

function enter(room) {
  state.room = room;
  aim(null);
  const choice = state.world.scenarios.find((one) => one.room === room);
  byId("room-name").textContent = room;
  byId("room-title").textContent = choice ? choice.title : "";
  document.title = `${room} · Reanchor sandbox`;
  chat.enter(room);
  lists();
}

function lists() {
  if (!state.world || !state.scene) return;
  const current = state.scene.name;
  const rooms = state.world.scenarios.filter((choice) => choice.name === current || chat.posted(choice.room));
  // Drawn anew only when something is different, so that the focus stays.
  const drawn = [current, state.room, ...rooms.map((choice) => choice.name)].join(" ");
  if (drawn === state.drawn) return;
  state.drawn = drawn;
  byId("rooms").replaceChildren(...rooms.map((choice) => h("li", {},
    h("button", { type: "button", class: "room", "data-room": choice.room, "aria-current": choice.room === state.room ? "page" : null, onclick: () => { enter(choice.room); show("chat"); } },
      h("span", { class: "room-label", text: choice.room }),
      choice.name === current ? h("span", { class: "live", text: "loaded" }) : null))));
  byId("tries").replaceChildren(...state.world.scenarios.map((choice) => h("li", { "data-scenario": choice.name, "data-current": choice.name === current },
    h("span", { class: "try-name", text: choice.name }),
    h("span", { class: "try-title", text: choice.title }),
    h("button", { type: "button", class: "link", text: "Paste the error", "aria-label": `Paste the error of ${choice.name}`, onclick: () => paste(choice.name) }))));
}

function people() {
  const speaker = state.world.people.find((person) => person.key === state.who);
  byId("text").placeholder = `Paste an error as ${speaker.name.split(" ")[0]}…`;
  const box = byId("people");
  const legend = box.querySelector("legend");
  const choices = state.world.people.map((person) => h("label", { class: "person", title: `${person.name}: ${person.role}` },
    h("input", { type: "radio", name: "who", value: person.key, checked: person.key === state.who, onchange: () => { state.who = person.key; join(); } }),
    chat.face(person, "small"),
    h("span", { class: "person-name" }, person.name.split(" ")[0], h("small", { text: person.role }))));
  const focused = box.contains(document.activeElement);
  box.replaceChildren(legend, ...choices);
  if (focused) box.querySelector("input:checked")?.focus();
}

function join() {
  sessionStorage.setItem("who", state.who);
  connect(state.who, { line, world, post: (one) => { chat.take(one); lists(); }, awaited: chat.awaited, scene: (next) => scene(next, false) });
}

function aim(target) {
  state.aim = target;
  byId("aim").hidden = !target;
  if (!target) return;
  byId("aim-text").textContent = `Replying in the thread of ${target.who}`;
  byId("text").focus();
}

/** Loads the scenario where it is not loaded, and puts its error text into the message field. */
async function paste(name) {
  try {
    if (state.scene.name !== name) await load(name);
    else enter(roomOf(name));
    const choice = state.world.scenarios.find((one) => one.name === name);
    const answer = await fetch(choice.error_url);
    if (!answer.ok) throw new Error("The error text could not be read; try again.");
    const field = byId("text");
    field.value = await answer.text();
    grow();
    show("chat");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  } catch (error) {
    toast(error.message);
  }
}

async function load(name) {
  const { room } = await post("/api/scenario", { name });
  state.scene = { ...state.scene, name };
  enter(room);
}

async function reset() {
  const answer = await ask({
    title: "Reset the tenant?", yes: "Reset", look: "primary",
    text: `The simulated tenant begins anew as “${state.scene.name}”. Open cases of this page end.`,
  });
  if (answer === null) return;
  try { await load(state.scene.name); } catch (error) { toast(error.message); }
}

async function send(event) {
  event.preventDefault();
  const field = byId("text");
  const text = field.value;
  if (!text.trim() || field.disabled) return;
  field.disabled = true;
  try {
    const thread = state.aim ? state.aim.thread : null;
    await post("/api/say", { who: state.who, channel: state.room, thread, text });
    field.value = "";
    aim(null);
  } catch (error) {
    toast(error.message);
  } finally {
    field.disabled = false;
    grow();
    field.focus();
    chat.toBottom();
  }
}

async function press(target, button, element) {
  if (element.hasAttribute("aria-busy")) return;
  let note = "";
  if (button.confirm || button.asks_reason) {
    note = await ask({
      title: button.confirm ? button.confirm.title : `${button.label}?`,
      text: button.confirm ? button.confirm.text : "Everybody sees the reason on the card.",
      yes: button.label, look: button.verb === "deny" ? "danger" : lookOf(button), reason: button.asks_reason,
    });
    if (note === null) { element.focus(); return; }
  }
  element.setAttribute("aria-busy", "true");
  // The answer is a card drawn anew or a whisper; a sign that stays for longer would be a lie.
  setTimeout(() => element.removeAttribute("aria-busy"), 10_000);
  try {
    await post("/api/press", { who: state.who, case: target.card.case, verb: button.verb, number: button.number, note });
  } catch (error) {
    element.removeAttribute("aria-busy");
    toast(error.message);
  }
}

function grow() {
  const field = byId("text");
  field.style.height = "auto";
  field.style.height = Math.min(field.scrollHeight + 2, 200) + "px";
}

function show(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll("[data-show]")) tab.setAttribute("aria-pressed", String(tab.dataset.show === view));
}

chat.setUp({ press, reply: aim, paste: () => paste(state.scene.name) });
byId("composer").addEventListener("submit", send);
byId("text").addEventListener("input", grow);
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});
byId("aim-off").addEventListener("click", () => { aim(null); byId("text").focus(); });
byId("reset").addEventListener("click", reset);
byId("rail-open").addEventListener("click", () => { show("rail"); byId("rail-close").focus(); });
byId("rail-close").addEventListener("click", () => { show("chat"); byId("rail-open").focus(); });
for (const tab of document.querySelectorAll("[data-show]")) tab.addEventListener("click", () => show(tab.dataset.show));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.body.dataset.view !== "rail" || byId("ask").open) return;
  show("chat");
  byId("rail-open").focus();
});
// The list lies over the chat where there is no room beside it: a press elsewhere puts it away.
byId("chat").addEventListener("pointerdown", (event) => {
  if (document.body.dataset.view === "rail" && !event.target.closest("#rail-open")) show("chat");
});

state.who = remembered();
join();
