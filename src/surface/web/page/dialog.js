// The question before a button acts, the form for a reason, and short news.
import { byId } from "./dom.js";

/** Asks; gives null when the person thinks better of it, else the reason (an empty text when none is asked). */
export function ask({ title, text, yes, look, reason }) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-text").textContent = text;
  byId("ask-text").hidden = !text;
  byId("ask-yes").textContent = yes;
  byId("ask-yes").className = look === "quiet" ? "primary" : look;
  byId("ask-reason-box").hidden = !reason;
  const field = byId("ask-reason");
  field.value = "";
  field.required = Boolean(reason);
  return new Promise((resolve) => {
    const end = (value) => {
      byId("ask-form").onsubmit = null;
      byId("ask-no").onclick = null;
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      resolve(value);
    };
    byId("ask-form").onsubmit = (event) => { event.preventDefault(); end(field.value); };
    byId("ask-no").onclick = () => end(null);
    dialog.onclose = () => end(null);
    dialog.showModal();
    (reason ? field : byId("ask-yes")).focus();
  });
}

let timer = 0;
/** Says something in passing. */
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, 6000);
}
