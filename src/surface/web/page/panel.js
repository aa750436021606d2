// The tenant panel: what the simulated Okta and Entra hold, and the tie between them.
import { breakable, byId, folds, foreign, h, time, value } from "./dom.js";
import { follow, post } from "./net.js";
import { toast } from "./dialog.js";

/** Row label, Okta's field, Entra's field, and whether both must be the same for the tie to hold. */
const PAIRS = [
  ["Sign-in", "userName", "userPrincipalName", true],
  ["Anchor", "immutableId", "onPremisesImmutableId", true],
  ["Object", "externalId", "id", true],
  ["State", "status", "accountEnabled"],
  ["Sync", "syncState", "place"],
  ["Kind", "scope", "userType"],
  ["Licences", "licenses", "assignedLicenses"],
];

let end = null;
let url = "";
let token = "";

/** Follows the tenant behind `from`. */
export function panel(from) {
  if (url === from) return;
  url = from;
  watch();
}

/** A browser opens only six lines to one address: windows that nobody sees give theirs back. */
function watch() {
  if (end) end();
  end = document.hidden ? null : follow(`${url}/changes`, "records", draw);
}

document.addEventListener("visibilitychange", () => { if (url) watch(); });

/** What stands in each part, so that a part is drawn anew only when it changed: focus and unfolding stay. */
const parts = new Map();

function part(key, data, build) {
  const text = JSON.stringify(data);
  const known = parts.get(key);
  if (known && known.text === text) return;
  const slot = known ? known.slot : h("div", { class: "slot", "data-slot": key });
  if (!known) byId("tenant").append(slot);
  slot.replaceChildren(...[build()].flat().filter(Boolean));
  parts.set(key, { text, slot });
}

function draw(records) {
  token = records.token;
  const { tie: state, entra, okta, began } = records;
  const linked = entra.find((object) => object.id === state.external_id) || null;
  const main = (linked && !linked.deleted ? linked : null) || entra.find((object) => !object.deleted) || linked || entra[0] || null;
  part("head", [okta.name, records.login], () => h("header", { class: "tenant-head" },
    h("h2", { text: "Simulated tenant" }), h("p", {}, value(okta.name || ""), " · ", value(records.login))));
  part("tie", state, () => tie(state));
  part("pairs", [okta, entra, began], () => pairs(records, main));
  part("others", [entra, began, main], () => entra.filter((object) => object !== main).map((object) => other(object, was(records, object))));
  part("task", records.task, () => task(records));
  part("calls-fold", 0, () => fold("Vendor calls", "calls"));
  part("log-fold", 0, () => fold("System Log", "log"));
  fill("calls", records.calls, () => calls(records));
  fill("log", records.log, () => log(records.log));
  byId("tenant").dataset.scenario = records.scenario;
}

function fill(key, list, build) {
  const box = byId(`list-${key}`);
  const text = JSON.stringify(list);
  if (box.dataset.last === text) return;
  box.dataset.last = text;
  box.replaceChildren(build());
  byId(`count-${key}`).textContent = list.length;
}

const field = (fields, name) => fields.find(([known]) => known === name)?.[1];
const was = (records, object) => records.began.entra.find((one) => one.id === object.id);

function tie(state) {
  const path = state.whole
    ? [h("path", { class: "rope", d: "M18 24 H182" }), h("circle", { class: "knot", cx: 100, cy: 24, r: 6 })]
    : [h("path", { class: "rope", d: "M18 24 H78" }), h("path", { class: "rope", d: "M122 24 H182" }),
       h("path", { class: "fray", d: "M78 24 l9 -6 M78 24 l11 0 M78 24 l9 6 M122 24 l-9 -6 M122 24 l-11 0 M122 24 l-9 6" })];
  const drawing = h("svg", { viewBox: "0 0 200 48", class: "tie-drawing", "aria-hidden": "true" },
    path, h("circle", { class: "post-dot", cx: 14, cy: 24, r: 7 }), h("circle", { class: "post-dot", cx: 186, cy: 24, r: 7 }));
  return h("section", { class: "tie", "data-whole": String(state.whole), "aria-label": "The anchor" },
    h("div", { class: "tie-ends" }, h("span", { text: "Okta" }), drawing, h("span", { text: "Entra" })),
    h("p", { class: "tie-words", role: "status" }, h("strong", { text: state.whole ? "The tie holds. " : "The tie is broken. " }), state.whole ? "Both sides carry the same anchor." : state.why + "."),
    state.whole ? h("code", { class: "anchor", text: state.okta || "" }) : null);
}

function cell(side, name, content, before, known) {
  const text = content === null || content === undefined || content === "" ? "none" : String(content);
  const changed = known && String(before ?? "") !== String(content ?? "");
  return h("td", { "data-field": `${side}.${name}`, "data-changed": changed, title: changed ? `was: ${before || "none"}` : null },
    h("small", {}, breakable(name)),
    text === "none" ? h("span", { class: "none", text }) : value(text),
    changed ? h("span", { class: "unseen", text: `changed, was ${before || "none"}` }) : null);
}

/** Sign-in names are compared as the directories do, without case; everything else byte for byte. */
function equal(records, main, okta, entra) {
  const [left, right] = [field(records.okta.fields, okta), field(main.fields, entra)].map((text) => String(text ?? ""));
  return okta === "userName" ? left.toLowerCase() === right.toLowerCase() : left === right;
}

function pairs(records, main) {
  const first = records.began;
  const before = main ? was(records, main) : null;
  const rows = PAIRS.map(([label, okta, entra, same]) => h("tr", { "data-unequal": same && main && !equal(records, main, okta, entra) },
    h("th", { scope: "row" }, label, same && main && !equal(records, main, okta, entra) ? h("span", { class: "unequal", text: "differs" }) : null),
    cell("okta", okta, field(records.okta.fields, okta), field(first.okta.fields, okta), true),
    main ? cell("entra", entra, field(main.fields, entra), before ? field(before.fields, entra) : undefined, true)
      : h("td", { "data-field": `entra.${entra}` }, h("span", { class: "none", text: "no object" }))));
  return h("table", { class: "pairs" },
    h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col" }, "Okta app user"), h("th", { scope: "col" }, "Entra user"))),
    h("tbody", {}, rows));
}

function other(object, before) {
  const place = object.deleted ? "in deletedItems" : "another live object";
  return h("details", { class: "other", "data-object": object.id }, h("summary", {}, "Also in Entra: ", h("strong", { text: object.name }), ` (${place})`),
    h("dl", {}, object.fields.map(([name, content]) => h("div", { "data-changed": Boolean(before) && field(before.fields, name) !== content }, h("dt", {}, breakable(name)), h("dd", {}, value(String(content ?? "none")))))));
}

function task(records) {
  if (!records.task) return null;
  const button = h("button", { type: "button", class: "quiet", id: "retry", text: "Retry selected" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try { await post(`${url}/retry`, {}, "x-sandbox-token", token); } catch (error) { toast(error.message); }
    button.disabled = false;
  });
  return h("section", { class: "task" }, h("h3", { text: "Okta › Dashboard › Tasks" }), h("p", { class: "task-text foreign", tabindex: "0", role: "group", "aria-label": "Text of the failed task" }, foreign(records.task)), button);
}

function fold(title, key) {
  return h("details", { class: "ledger", open: true }, h("summary", {}, title, h("span", { class: "count", id: `count-${key}` })), h("div", { id: `list-${key}` }));
}

function calls(records) {
  if (!records.calls.length) return h("p", { class: "none", text: "No call yet." });
  return h("ol", { class: "calls" }, records.calls.map((call) => h("li", { "data-write": call.method !== "GET" },
    h("span", { class: "system", "data-system": call.vendor, text: call.vendor }),
    h("span", { class: "call-path" }, h("b", { text: call.method }), " ", folds(call.path)),
    h("span", { class: "status", "data-ok": call.status < 400, text: call.status }),
    h("span", { class: "request" }, "request ", h("code", { text: call.request_id }), " ", time(call.at_ms)))));
}

function log(lines) {
  if (!lines.length) return h("p", { class: "none", text: "No event." });
  return h("ol", { class: "log" }, lines.map((line) => h("li", { "data-result": line.result },
    h("span", { class: "log-type", text: line.type }), h("span", { class: "status", "data-ok": line.result === "SUCCESS", text: line.result }),
    h("span", { class: "log-words" }, line.message, line.reason ? h("span", { class: "foreign log-reason" }, foreign(line.reason)) : null),
    h("span", { class: "request" }, time(Date.parse(line.at))))));
}
