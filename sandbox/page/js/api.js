// Talking with the server: one answer holds all that is shown, a WebSocket only says that something changed.

import { app, change, notice } from "./store.js";

const BASE = new URL("sandbox/", document.baseURI);

async function ask(path, options) {
  const answer = await fetch(new URL(path, BASE), options);
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.error ?? `HTTP ${answer.status}`), { body });
  return body;
}

let running = null;
let again = false;

/** Fetch the newest state; calls during a fetch lead to exactly one more. */
export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = (async () => {
    try {
      do {
        again = false;
        const wanted = { as: app.me ?? "", at: app.at ?? "", thread: app.thread ?? "", shown: app.shown || "" };
        const world = await ask(`state?${new URLSearchParams(wanted)}`);
        // Somebody switched person or place meanwhile: that answer is about the past.
        if (
          (app.me && wanted.as !== app.me) ||
          wanted.at !== (app.at ?? "") ||
          wanted.thread !== (app.thread ?? "") ||
          wanted.shown !== (app.shown || "")
        ) {
          again = true;
          continue;
        }
        take(world);
      } while (again);
    } catch {
      change(() => {
        app.offline = true;
      });
    } finally {
      running = null;
    }
  })();
  return running;
}

function take(world) {
  world.receivedAt = performance.now();
  world.index = new Map(world.people.map((one) => [one.id, one]));
  change(() => {
    app.world = world;
    app.me = world.me;
    app.at = world.at?.id ?? app.at;
    app.offline = false;
    for (const listener of listeners) listener(world);
  });
}

const listeners = [];

/** Called with every new state, before it is drawn. */
export function onWorld(listener) {
  listeners.push(listener);
}

/** Do what a person does. Resolves with the server's answer; a refusal is thrown and shown. */
export async function act(verb, details, { quiet = false } = {}) {
  try {
    const answer = await ask(`act/${verb}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ as: app.me, ...details }),
    });
    refresh();
    return answer;
  } catch (failed) {
    refresh();
    const words = failed.body?.words ?? failed.message ?? "That did not work.";
    if (!quiet) notice(words, "error");
    throw Object.assign(failed, { words });
  }
}

/** Like act(), while `key` is marked as waiting; resolves with null where it failed. */
export async function actWaiting(key, verb, details, options) {
  if (app.waiting.has(key)) return null;
  change(() => app.waiting.add(key));
  try {
    return await act(verb, details, options);
  } catch {
    return null;
  } finally {
    change(() => app.waiting.delete(key));
  }
}

export async function fetchTraffic(after) {
  return ask(`traffic?after=${after}`);
}

export async function uploadFile(file) {
  const form = new FormData();
  form.append("as", app.me);
  form.append("file", file, file.name);
  return ask("upload", { method: "POST", body: form });
}

/** Listen for changes for as long as the page is open; comes back by itself when the server does. */
export function listen(onTraffic) {
  let wait = 250;
  const open = () => {
    const address = new URL("live", BASE);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.onopen = () => {
      wait = 250;
      refresh();
      onTraffic();
    };
    socket.onmessage = ({ data }) => {
      const { changed } = JSON.parse(data);
      if (changed.includes("world")) refresh();
      if (changed.includes("traffic")) onTraffic();
    };
    socket.onclose = () => {
      change(() => {
        app.offline = true;
      });
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  open();
}
