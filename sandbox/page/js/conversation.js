// The middle column: head, messages with days between them, composer; or an app's Home tab; and the thread panel.

import { classes, h, icon } from "./dom.js";
import { app, appOf, change, conversation, nameOf, now, person, zone } from "./store.js";
import { actWaiting } from "./api.js";
import { avatar, groupAvatar } from "./faces.js";
import { isTyped, message } from "./message.js";
import { composer } from "./composer.js";
import { blocks } from "./blocks.js";
import { viewContext } from "./context.js";
import { clockTime, dayHeading, isoDate, zoneName } from "./dates.js";
import { closeThread, openConversation, openHome, showEarlier } from "./places.js";
import { mrkdwn } from "./inline.js";
import { unreadElsewhere } from "./rail.js";
import { openMenu } from "./overlay.js";

const TOGETHER = 5 * 60;

function follows(before, one) {
  return (
    before &&
    before.user === one.user &&
    before.bot_id === one.bot_id &&
    before.ephemeral === one.ephemeral &&
    !before.subtype &&
    !one.subtype &&
    !one.ephemeral &&
    Number(one.ts) - Number(before.ts) < TOGETHER &&
    isoDate(Number(before.ts), zone()) === isoDate(Number(one.ts), zone()) &&
    isTyped(before) &&
    isTyped(one)
  );
}

function stick(list) {
  list.atEnd = true;
  list.onscroll = () => {
    list.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    if (app.menu || app.combo)
      change(() => {
        app.menu = null;
        app.combo = null;
      });
  };
  list.watcher = new ResizeObserver(() => {
    if (list.atEnd) list.scrollTop = list.scrollHeight;
  });
  list.watcher.observe(list);
  list.watcher.observe(list.firstElementChild);
  queueMicrotask(() => {
    list.scrollTop = list.scrollHeight;
  });
}

function timeline(messages, key, { inThread = false, front = null, line = null } = {}) {
  const rows = [];
  let before = null;
  let lined = false;
  for (const one of messages) {
    const at = Number(one.ts);
    if (!inThread && (!before || isoDate(Number(before.ts), zone()) !== isoDate(at, zone()))) {
      rows.push(
        h(
          "div",
          { class: "day", key: `day-${isoDate(at, zone())}`, role: "separator" },
          h("span", null, dayHeading(at, now(), zone())),
        ),
      );
      before = null;
    }
    if (line && !lined && one.ts > line && one.user !== app.me) {
      lined = true;
      rows.push(h("div", { class: "new-line", key: "new-line", role: "separator" }, h("span", null, "New")));
      before = null;
    }
    rows.push(message(one, { follows: follows(before, one), inThread }));
    before = one;
  }
  return h(
    "div",
    {
      class: "timeline",
      key,
      tabindex: "0",
      role: "log",
      "aria-label": "Messages",
      "aria-live": "polite",
      created: stick,
      removed: (list) => list.watcher?.disconnect(),
    },
    h("div", { class: "timeline-inner" }, front, rows),
  );
}

function beginning(place) {
  if (place.kind === "app") {
    const one = appOf(place);
    return h(
      "div",
      { class: "beginning", key: "beginning" },
      avatar(place.with[0], "huge"),
      h("h2", null, place.name),
      h("p", null, one?.description || `This is the conversation between you and the app ${place.name}.`),
    );
  }
  if (place.kind === "dm")
    return h(
      "div",
      { class: "beginning", key: "beginning" },
      avatar(place.with[0] ?? app.me, "huge"),
      h("h2", null, place.name),
      h("p", null, "This conversation is just between the two of you."),
    );
  if (place.kind === "group")
    return h(
      "div",
      { class: "beginning", key: "beginning" },
      h("h2", null, place.name),
      h("p", null, "A conversation of everybody named above."),
    );
  return h(
    "div",
    { class: "beginning", key: "beginning" },
    h("h2", null, "#", place.name),
    h("p", null, place.purpose || "This is the very beginning of the channel."),
  );
}

function earlier(count) {
  return h(
    "div",
    { class: "earlier", key: "earlier" },
    h(
      "button",
      { type: "button", class: "button", "data-testid": "earlier", onclick: showEarlier },
      `Show earlier messages (${count})`,
    ),
  );
}

function subtitle(place) {
  if (place.kind === "dm") {
    const other = person(place.with[0]);
    if (!other) return null;
    return [other.title, `${clockTime(now(), other.tz)} ${zoneName(now(), other.tz)} for them`]
      .filter(Boolean)
      .join(" · ");
  }
  if (place.kind === "channel" || place.kind === "private") return place.topic ? mrkdwn(place.topic) : null;
  return null;
}

function members(event, place) {
  openMenu(event.currentTarget, "Members", [
    { heading: `${place.with.length} members` },
    ...place.with.map((id) => ({
      words: nameOf(id),
      description: person(id)?.title || (person(id)?.is_bot ? "App" : null),
      act: () => {},
    })),
  ]);
}

function head(place) {
  const picture =
    {
      app: () => avatar(place.with[0]),
      dm: () => avatar(place.with[0] ?? app.me),
      group: () => groupAvatar(place.with),
    }[place.kind]?.() ?? h("span", { class: "head-sign" }, icon(place.kind === "private" ? "lock" : "hash"));
  const elsewhere = unreadElsewhere();
  return h(
    "header",
    { class: "head" },
    h(
      "button",
      {
        type: "button",
        class: "button-plain back",
        "aria-label": "Back to conversations",
        "data-testid": "back",
        onclick: () =>
          change(() => {
            app.column = "rail";
          }),
      },
      icon("back"),
      elsewhere ? h("span", { class: "badge" }, String(elsewhere)) : null,
    ),
    picture,
    h(
      "div",
      { class: "head-words" },
      h("h1", { "data-testid": "conversation-name" }, place.name),
      h("div", { class: "quiet head-topic" }, subtitle(place)),
    ),
    place.kind === "channel" || place.kind === "private" || place.kind === "group"
      ? h(
          "button",
          {
            type: "button",
            class: "button-plain members",
            "aria-label": `${place.with.length} members`,
            onclick: (event) => members(event, place),
          },
          icon("people"),
          String(place.with.length),
        )
      : null,
  );
}

function tabs(place, one) {
  const tab = (name, words, pick) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-selected": app.tab === name ? "true" : "false",
        class: classes("tab", app.tab === name && "is-here"),
        "data-testid": `tab-${name}`,
        onclick: pick,
      },
      words,
    );
  return h(
    "div",
    { class: "tabs", role: "tablist", "aria-label": place.name },
    one.home ? tab("home", "Home", () => openHome()) : null,
    tab("messages", "Messages", () => openConversation(place.id)),
  );
}

function home(one) {
  const view = app.world.home;
  return h(
    "div",
    {
      class: "home",
      key: `home-${app.me}-${one.app_id}`,
      role: "tabpanel",
      "aria-labelledby": "tab-home",
      "data-testid": "home",
    },
    h(
      "div",
      { class: "home-inner" },
      view
        ? h("div", { class: "blocks", key: view.id }, blocks(view.blocks, viewContext(view)))
        : h(
            "div",
            { class: "empty", key: "empty" },
            app.waiting.has(`home:${app.me}`)
              ? h("span", { class: "spinner" })
              : h("p", null, `${one.name} has not published a Home tab for you yet.`),
          ),
    ),
  );
}

function foot(place) {
  const one = appOf(place);
  if (place.archived) return h("div", { class: "composer-off" }, "This channel is archived.");
  if (!place.member) {
    return h(
      "div",
      { class: "composer-off" },
      h("span", null, "You are looking at ", h("strong", null, "#", place.name)),
      h(
        "button",
        {
          type: "button",
          class: "button button-primary",
          "data-testid": "join",
          onclick: () => actWaiting("join", "join", { channel: place.id }),
        },
        "Join channel",
      ),
    );
  }
  const words =
    one && !one.messages
      ? `Message ${place.name} with a slash command`
      : `Message ${["channel", "private"].includes(place.kind) ? "#" : ""}${place.name}`;
  return composer(place, null, words, Boolean(one && !one.messages));
}

export function main() {
  const place = conversation(app.at) ?? (app.world.at ? { ...app.world.at } : null);
  if (!place) return h("main", { class: "main" }, h("div", { class: "empty" }, "Choose a conversation."));
  const one = appOf(place);
  const showHome = one?.home && app.tab === "home";
  const loaded = app.world.at?.id === place.id;
  return h(
    "main",
    { class: "main", "data-testid": "main", "aria-label": place.name },
    head(place),
    one ? tabs(place, one) : null,
    showHome
      ? home(one)
      : [
          loaded
            ? timeline(app.world.at.messages, `${app.me}-${place.id}`, {
                front: app.world.at.earlier ? earlier(app.world.at.earlier) : beginning(place),
                line: app.line?.channel === place.id && app.line.me === app.me ? app.line.after : null,
              })
            : h("div", { class: "timeline", key: "loading" }),
          foot(place),
        ],
  );
}

export function thread() {
  const place = conversation(app.at) ?? app.world.at;
  const messages = app.world.at?.thread;
  if (!app.thread || !place || !messages) return null;
  const [parent, ...rest] = messages;
  return h(
    "aside",
    { class: "side thread", key: "thread", "aria-label": "Thread", "data-testid": "thread" },
    h(
      "header",
      { class: "head" },
      h(
        "button",
        { type: "button", class: "button-plain back", "aria-label": "Back to the conversation", onclick: closeThread },
        icon("back"),
      ),
      h("div", { class: "head-words" }, h("h2", null, "Thread"), h("div", { class: "quiet" }, place.name)),
      h(
        "button",
        {
          type: "button",
          class: "button-plain side-close",
          "aria-label": "Close the thread",
          "data-testid": "thread-close",
          onclick: closeThread,
        },
        icon("x"),
      ),
    ),
    parent
      ? timeline(rest, `thread-${app.thread}`, {
          inThread: true,
          front: [
            message(parent, { inThread: true }),
            h(
              "div",
              { class: "day day-replies", key: "count" },
              h(
                "span",
                null,
                rest.length ? `${rest.length} ${rest.length === 1 ? "reply" : "replies"}` : "No replies yet",
              ),
            ),
          ],
        })
      : h("div", { class: "empty" }, "This message was deleted."),
    parent && place.member ? composer(place, app.thread, "Reply…", false) : null,
  );
}

/** Edit the last own message of the open conversation (the arrow-up key). */
export function editLast() {
  const mine = app.world.at?.messages.filter((one) => one.user === app.me && !one.ephemeral && !one.subtype).at(-1);
  if (mine)
    change(() => {
      app.editing = { channel: mine.channel, ts: mine.ts };
    });
  return Boolean(mine);
}
