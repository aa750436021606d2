// Small helpers. Text enters the page as text nodes only; nothing here parses markup.

/** Makes an element. Attributes that are null or false are left out; `on*` are listeners; `text` is its text. */
export function h(tag, attributes = {}, ...children) {
  const element = tag === "svg" || tag === "path" || tag === "circle" || tag === "g"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;

/** A text from outside: characters that could turn or hide other text are shown by their number. */
export function foreign(text) {
  if (!INVISIBLE.test(text)) return [text];
  const out = [];
  let plain = "";
  for (const character of text) {
    if (!INVISIBLE.test(character)) { plain += character; continue; }
    if (plain) out.push(plain);
    plain = "";
    const code = "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    out.push(h("span", { class: "control", text: code, title: "invisible character" }));
  }
  if (plain) out.push(plain);
  return out;
}

let skew = 0;
/** Remembers how far this machine's clock is from the server's. */
export function setNow(now) { skew = now - Date.now(); }

function relative(ms) {
  const past = Date.now() + skew - ms;
  const gap = Math.abs(past) / 1000;
  const words = (count, unit) => past >= 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
  if (gap < 10) return "just now";
  if (gap < 90) return words(Math.round(gap), "s");
  if (gap < 5400) return words(Math.round(gap / 60), "min");
  if (gap < 129600) return words(Math.round(gap / 3600), "h");
  return words(Math.round(gap / 86400), "days");
}

/** An instant inside a sentence: the clock of this machine, with the day when it is another one. */
export function clock(ms) {
  const date = new Date(ms);
  const today = new Date(Date.now() + skew).toDateString() === date.toDateString();
  const hours = date.toLocaleTimeString("en-GB");
  const text = today ? hours : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${hours}`;
  return h("time", { datetime: date.toISOString(), title: date.toISOString(), text });
}

/** One word of digits, signs or both is an identifier; it is set in a face that tells 0 from O. */
const looksLikeId = (text) => /^\S{8,}$/.test(text) && /[\d@=_.]/.test(text);

/** A long identifier may break behind its signs sooner than between its letters. */
export function folds(text) {
  return text.split(/(?<=[@/_.-])/u).flatMap((part, at) => at ? [h("wbr"), ...foreign(part)] : foreign(part));
}

/** A long name of a field may break where its words do. */
export const breakable = (name) => name.split(/(?=[A-Z][a-z])/).flatMap((part, at) => at ? [h("wbr"), part] : [part]);

/** A value from outside as an element. */
export function value(text) {
  return looksLikeId(text) ? h("span", { class: "foreign id" }, folds(text)) : h("span", { class: "foreign" }, foreign(text));
}

/** A time element that says how long ago; the exact instant is its title. */
export function time(ms) {
  const date = new Date(ms);
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString(), "data-at": ms, text: relative(ms) });
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-at]")) {
    const text = relative(Number(element.dataset.at));
    if (element.textContent !== text) element.textContent = text;
  }
}, 5000);

/** The pieces of a text of the bot. */
export function spans(list) {
  return list.map(([kind, text]) => {
    if (kind === "strong") return h("strong", { text });
    if (kind === "foreign") return value(text);
    if (kind === "time") return clock(text);
    return text;
  });
}

/** The same pieces as plain text. */
export function plain(list) {
  return list.map(([kind, value]) => kind === "time" ? new Date(value).toISOString() : value).join("");
}

export const byId = (id) => document.getElementById(id);
