// The line to the server: one stream of events, and POSTs with the token of this start.

let token = "";
let source = null;
let retry = 0;
let timer = 0;

/** Opens the stream as `who`; calls back for each event and when the line breaks or holds again. */
export function connect(who, on) {
  clearTimeout(timer);
  if (source) source.close();
  source = new EventSource("/api/events?who=" + encodeURIComponent(who));
  source.addEventListener("world", (event) => {
    retry = 0;
    const world = JSON.parse(event.data);
    token = world.token;
    on.line(true);
    on.world(world);
  });
  source.addEventListener("post", (event) => on.post(JSON.parse(event.data)));
  source.addEventListener("awaited", (event) => on.awaited(JSON.parse(event.data)));
  source.addEventListener("scene", (event) => on.scene(JSON.parse(event.data)));
  source.onerror = () => {
    source.close();
    on.line(false);
    // Sooner at first: a restart takes a moment, a stopped server for ever.
    timer = setTimeout(() => connect(who, on), Math.min(300 * 2 ** retry++, 4000));
  };
}

/** Sends; the error of a refusal is for people. */
export async function post(path, body, header = "x-reanchor-token", value = token) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", [header]: value },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The server does not answer. Nothing was changed.");
  }
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.error || `The server refused it (${answer.status}).`);
  return json;
}

/** A stream that opens itself again. Gives a function that ends it. */
export function follow(url, name, on) {
  let stream = null;
  let tries = 0;
  let again = 0;
  let ended = false;
  const open = () => {
    stream = new EventSource(url);
    stream.addEventListener(name, (event) => { tries = 0; on(JSON.parse(event.data)); });
    stream.onerror = () => {
      stream.close();
      if (!ended) again = setTimeout(open, Math.min(300 * 2 ** tries++, 4000));
    };
  };
  open();
  return () => { ended = true; clearTimeout(again); stream.close(); };
}
