// The tenant panel: what the simulated Okta and Entra hold, and the tie between them.
import { byId, foreign, h, time, value } from "./dom.js";
import { follow, post } from "./net.js";
import { toast } from "./dialog.js";

/** Row label, Okta's field, Entra's field. */
const PAIRS = [
  ["Sign-in", "userName", "userPrincipalName"],
  ["Anchor", "immutableId", "onPremisesImmutableId"],
  ["Object", "externalId", "id"],
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
  if (end) end();
  end = follow(`${from}/changes`, "records", draw);
}

function draw(records) {
  token = records.token;
  const box = byId("tenant");
  const open = [...box.querySelectorAll("details")].map((details) => details.open);
  const top = box.scrollTop;
  const linked = records.entra.find((object) => object.id === records.tie.external_id) || null;
  const main = (linked && !linked.deleted ? linked : null) || records.entra.find((object) => !object.deleted) || linked || records.entra[0] || null;
  box.replaceChildren(...[
    h("header", { class: "tenant-head" }, h("h2", { text: "Simulated tenant" }), h("p", {}, value(records.okta.name || ""), " · ", value(records.login))),
    tie(records.tie),
    pairs(records, main),
    ...records.entra.filter((object) => object !== main).map((object) => other(object, was(records, object))),
    task(records),
    fold("Vendor calls", records.calls.length, calls(records), open.at(-2) ?? true),
    fold("System Log", records.log.length, log(records.log), open.at(-1) ?? true),
  ].filter(Boolean));
  box.dataset.scenario = records.scenario;
  box.scrollTop = top;
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

/** A long name of a field may break where its words do. */
const breakable = (name) => name.split(/(?=[A-Z][a-z])/).flatMap((part, at) => at ? [h("wbr"), part] : [part]);

function cell(side, name, content, before, known) {
  const text = content === null || content === undefined || content === "" ? "none" : String(content);
  const changed = known && String(before ?? "") !== String(content ?? "");
  return h("td", { "data-field": `${side}.${name}`, "data-changed": changed, title: changed ? `was: ${before || "none"}` : null },
    h("small", {}, breakable(name)),
    text === "none" ? h("span", { class: "none", text }) : value(text),
    changed ? h("span", { class: "unseen", text: `changed, was ${before || "none"}` }) : null);
}

function pairs(records, main) {
  const first = records.began;
  const before = main ? was(records, main) : null;
  const rows = PAIRS.map(([label, okta, entra]) => h("tr", {},
    h("th", { scope: "row", text: label }),
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
  return h("section", { class: "task" }, h("h3", { text: "Okta › Dashboard › Tasks" }), h("p", { class: "task-text foreign" }, foreign(records.task)), button);
}

function fold(title, count, inside, open) {
  return h("details", { class: "ledger", open }, h("summary", {}, title, h("span", { class: "count", text: count })), inside);
}

function calls(records) {
  if (!records.calls.length) return h("p", { class: "none", text: "No call yet." });
  return h("ol", { class: "calls" }, records.calls.map((call) => h("li", { "data-write": call.method !== "GET" },
    h("span", { class: "system", "data-system": call.vendor, text: call.vendor }),
    h("span", { class: "call-path" }, h("b", { text: call.method }), " ", call.path),
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
