// Talking to the sandbox: JSON in and out, and a live line that says when to look again.

const BASE = "/sandbox/api";

/** A failure in words for people. */
export class Trouble extends Error {}

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(`${BASE}/${path}`, { method, headers: body === undefined ? {} : { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Trouble("The sandbox does not answer. Is it still running in your terminal?");
  }
  let data = {};
  try { data = await answer.json(); } catch { /* the sentence below covers it */ }
  if (!answer.ok || data.ok === false) throw new Trouble(data.sentence || `The sandbox answered ${answer.status} without saying why.`);
  return data;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const remove = (path, body) => call("DELETE", path, body);

/** Calls `look` on every tick; `state` hears "live" or "lost". The browser reconnects by itself. */
export function listen(look, state) {
  const source = new EventSource(`${BASE}/stream`);
  source.addEventListener("tick", look);
  source.addEventListener("open", () => { state("live"); look(); });
  source.addEventListener("error", () => { if (source.readyState !== EventSource.OPEN) state("lost"); });
  return source;
}
