// What the page knows: the world as the server last told it, and what the person at the keyboard is doing with it.

/** One object, changed only through change(); every change is followed by one drawing. */
export const app = {
  world: null, // GET sandbox/state: see state_of() in page.py
  me: null, // the person acted as
  at: null, // the open conversation
  tab: "messages", // of an app's conversation: "home" or "messages"
  thread: null, // ts of the open thread
  shown: 0, // how many messages were asked for beyond the usual number
  column: "rail", // what a narrow window shows: "rail", "main" or "side"
  traffic: { open: false, rejected: false, entries: [], expanded: new Set(), unseen: 0 },
  switcher: null, // {query, active} while the list of people is open
  menu: null, // {anchor, items, label} while a menu is open
  combo: null, // the select that is open, see select.js
  confirm: null, // {surface, element, confirm, act} while a button asks "Are you sure?"
  tour: { open: true, step: 0 },
  skip: { busy: false },
  drafts: new Map(),
  composing: null, // completion of the composer: {key, kind, items, active, from}
  forms: new Map(), // surface -> Map("block/action" -> Slack's state of the element)
  errors: new Map(), // view id -> {block_id: words}
  waiting: new Set(), // keys of what waits for the app's answer
  notices: [], // short words at the bottom of the page
  offline: false,
};

let draw = () => {};
let planned = false;

export function onChange(drawing) {
  draw = drawing;
}

/** Change the state and draw soon, once for many changes. */
export function change(how = () => {}) {
  how(app);
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    draw();
  });
}

export function person(id) {
  return app.world?.index.get(id) ?? null;
}

export function nameOf(id) {
  return person(id)?.real_name ?? id;
}

/** Whether what is on the screen was fetched for somebody else: true for an instant after becoming another person. */
export function isSomebodyElses() {
  return Boolean(app.me) && app.world?.me !== app.me;
}

function myself() {
  return person(app.me);
}

export function zone() {
  return myself()?.tz ?? "UTC";
}

/** The workspace's time in seconds, running on between two answers of the server. */
export function now() {
  if (!app.world) return Date.now() / 1000;
  return app.world.now + (performance.now() - app.world.receivedAt) / 1000;
}

export function conversation(id) {
  return app.world?.conversations.find((one) => one.id === id) ?? null;
}

/** The app whose direct message this conversation is, or null. */
export function appOf(place) {
  return place?.kind === "app" ? app.world.apps.find((one) => one.bot_user_id === place.with[0]) : null;
}

let noticeNumber = 0;

/** Show words for some seconds at the bottom; read out by assistive technology. */
export function notice(words, kind = "info") {
  noticeNumber += 1;
  const id = noticeNumber;
  change(() => app.notices.push({ id, words, kind }));
  setTimeout(
    () =>
      change(() => {
        app.notices = app.notices.filter((one) => one.id !== id);
      }),
    kind === "error" ? 9000 : 5000,
  );
}

// ---- what is filled in -------------------------------------------------------------------------

/** The state of one element as Slack would send it; `initial` is kept at first sight, as Slack's client does. */
export function fieldState(surface, block, action, initial) {
  if (!app.forms.has(surface)) app.forms.set(surface, new Map());
  const form = app.forms.get(surface);
  const key = `${block}/${action}`;
  if (!form.has(key)) form.set(key, { block, action, state: initial() });
  return form.get(key).state;
}

export function setField(surface, block, action, state) {
  if (!app.forms.has(surface)) app.forms.set(surface, new Map());
  app.forms.get(surface).set(`${block}/${action}`, { block, action, state });
}

/** {block_id: {action_id: state}} of a surface, only of what `blocks` still holds. */
export function formValues(surface, blocks) {
  const present = new Set((blocks ?? []).map((block) => block.block_id));
  const values = {};
  for (const { block, action, state } of app.forms.get(surface)?.values() ?? []) {
    if (present.has(block) && state) (values[block] ??= {})[action] = state;
  }
  return values;
}

export function forgetForm(surface) {
  app.forms.delete(surface);
}
