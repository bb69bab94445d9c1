// Going somewhere: which person, conversation, tab and thread are open; kept in the address, so that a reload and
// the back button work and every browser tab can be somebody else.

import { app, appOf, change, conversation } from "./store.js";
import { act, actWaiting, refresh } from "./api.js";

function write(replace) {
  const parts = [app.me, app.at, app.thread ? `thread-${app.thread}` : app.tab === "home" ? "home" : ""].filter(
    Boolean,
  );
  const hash = `#${parts.join("/")}`;
  if (location.hash === hash) return;
  if (replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
}

/** Take person, conversation, tab and thread from the address. */
export function readAddress() {
  const [me, at, last] = location.hash.slice(1).split("/");
  change(() => {
    app.me = me || null;
    app.at = at || null;
    app.tab = last === "home" ? "home" : "messages";
    app.thread = last?.startsWith("thread-") ? last.slice(7) : null;
    if (app.at) app.column = "main";
  });
}

export function settle() {
  write(true);
}

function closeAll() {
  app.shown = 0;
  app.switcher = null;
  app.menu = null;
  app.combo = null;
  app.confirm = null;
  app.composing = null;
}

/** Become somebody. Their own modal, Home tab and ephemeral messages are theirs alone. */
export async function actAs(id, { at = null } = {}) {
  change(() => {
    closeAll();
    app.me = id;
    app.thread = null;
    if (at) app.at = at;
  });
  write();
  await refresh();
  if (app.at && !conversation(app.at)) await openConversation(app.world.conversations[0]?.id);
  else if (app.tab === "home") await openHome();
  else readHere();
}

export async function openConversation(id, { tab = "messages" } = {}) {
  if (!id) return;
  change(() => {
    closeAll();
    app.at = id;
    app.tab = tab;
    app.thread = null;
    app.column = "main";
  });
  write();
  await refresh();
  readHere();
  if (tab === "home") await openHome();
}

/** The direct message with a person (or an app), made if there is none. */
export async function openPerson(id) {
  if (id === app.me) return;
  const { channel } = await act("open", { user: id });
  await openConversation(channel);
}

export async function openHome() {
  change(() => {
    app.tab = "home";
  });
  write(true);
  const place = conversation(app.at);
  if (appOf(place)) await actWaiting(`home:${app.me}`, "home", { app: appOf(place).app_id }, { quiet: true });
}

/** Fetch older messages of the open conversation as well. */
export function showEarlier() {
  change(() => {
    app.shown = (app.shown || app.world.at.messages.length) + 150;
  });
  refresh();
}

export function openThread(ts) {
  change(() => {
    app.thread = ts;
    app.column = "side";
    app.menu = null;
  });
  write();
  refresh();
}

export function closeThread() {
  change(() => {
    app.thread = null;
    app.column = "main";
  });
  write();
}

/** Mark the open conversation as read up to its newest message. */
export function readHere() {
  const place = conversation(app.at);
  if (place?.unread && document.visibilityState === "visible" && app.tab === "messages") {
    act("read", { channel: place.id }, { quiet: true }).catch(() => {});
  }
}
