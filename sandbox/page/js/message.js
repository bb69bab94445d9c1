// One message: who, when, what, its thread, reactions, and its menu.

import { classes, h, icon } from "./dom.js";
import { app, change, nameOf, now, person, zone } from "./store.js";
import { act, actWaiting } from "./api.js";
import { attachments, blocks } from "./blocks.js";
import { messageContext } from "./context.js";
import { mrkdwn } from "./inline.js";
import { avatar } from "./faces.js";
import { EMOJI } from "./emoji.js";
import { ago, clockTime, fullTime } from "./dates.js";
import { openPerson, openThread } from "./places.js";
import { openMenu } from "./overlay.js";

const QUICK = ["+1", "eyes", "white_check_mark", "heart", "tada"];

function shortcuts(message) {
  return app.world.apps.flatMap((one) =>
    one.shortcuts
      .filter((shortcut) => shortcut.type === "message")
      .map((shortcut) => ({
        words: shortcut.name,
        description: one.name,
        icon: "bolt",
        testid: `shortcut-${shortcut.callback_id}`,
        act: () =>
          act("shortcut", {
            app: one.app_id,
            callback_id: shortcut.callback_id,
            channel: message.channel,
            ts: message.ts,
          }).catch(() => {}),
      })),
  );
}

function more(message) {
  const mine = message.user === app.me && !message.bot_id;
  return [
    ...shortcuts(message),
    {
      words: "Copy link",
      icon: "link",
      act: () => navigator.clipboard?.writeText(`${location.origin}${location.pathname}#${app.me}/${message.channel}`),
    },
    mine && {
      words: "Edit message",
      icon: "pencil",
      testid: "edit-message",
      act: () =>
        change(() => {
          app.editing = { channel: message.channel, ts: message.ts };
        }),
    },
    mine && {
      words: "Delete message",
      icon: "trash",
      danger: true,
      act: () =>
        change(() => {
          app.confirm = {
            confirm: {
              title: { text: "Delete message" },
              text: { type: "plain_text", text: "It cannot be brought back." },
              confirm: { text: "Delete" },
              deny: { text: "Cancel" },
              style: "danger",
            },
            act: () => act("delete", { channel: message.channel, ts: message.ts }).catch(() => {}),
          };
        }),
    },
  ].filter(Boolean);
}

function react(message, name) {
  actWaiting(`react:${message.ts}:${name}`, "react", { channel: message.channel, ts: message.ts, name });
}

function tools(message, inThread) {
  return h(
    "div",
    { class: "message-tools", role: "toolbar", "aria-label": "Message actions" },
    h(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": "Add a reaction",
        title: "Add a reaction",
        onclick: (event) =>
          openMenu(
            event.currentTarget,
            "Reactions",
            QUICK.map((name) => ({
              words: `${EMOJI[name]}  ${name.replace(/_/g, " ")}`,
              act: () => react(message, name),
            })),
          ),
      },
      icon("smile"),
    ),
    inThread
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "tool",
            "aria-label": "Reply in thread",
            title: "Reply in thread",
            "data-testid": `reply-${message.ts}`,
            onclick: () => openThread(message.thread_ts ?? message.ts),
          },
          icon("thread"),
        ),
    h(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": "More actions",
        title: "More actions",
        "aria-haspopup": "menu",
        "data-testid": `more-${message.ts}`,
        onclick: (event) => openMenu(event.currentTarget, "Message actions", more(message)),
      },
      icon("dots"),
    ),
  );
}

function replies(message) {
  if (!message.reply_count || message.thread_ts !== message.ts) return null;
  return h(
    "button",
    { type: "button", class: "replies", "data-testid": `thread-${message.ts}`, onclick: () => openThread(message.ts) },
    message.reply_users.slice(0, 3).map((id) => avatar(id, "tiny")),
    h("strong", null, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`),
    h("span", { class: "quiet" }, `Last reply ${ago(Number(message.latest_reply), now())}`),
  );
}

function reactions(message) {
  const given = Object.entries(message.reactions).filter(([, users]) => users.length);
  if (!given.length) return null;
  return h(
    "div",
    { class: "reactions" },
    given.map(([name, users]) =>
      h(
        "button",
        {
          type: "button",
          key: name,
          class: classes("reaction", users.includes(app.me) && "is-mine"),
          "aria-pressed": users.includes(app.me) ? "true" : "false",
          title: `${users.map(nameOf).join(", ")} reacted with :${name}:`,
          onclick: () => react(message, name),
        },
        h("span", null, EMOJI[name] ?? `:${name}:`),
        String(users.length),
      ),
    ),
  );
}

function files(message) {
  return message.files.map((file) =>
    file.mimetype.startsWith("image/")
      ? h(
          "figure",
          { class: "block-image", key: file.id },
          h("figcaption", null, file.title || file.name),
          h("img", { src: `sandbox/file/${file.id}`, alt: file.alt_text || file.title || file.name }),
        )
      : h(
          "a",
          { class: "file", key: file.id, href: `sandbox/file/${file.id}`, download: file.name },
          icon("file"),
          h(
            "span",
            null,
            h("strong", null, file.title || file.name),
            h("small", null, `${file.mimetype} · ${Math.max(1, Math.round(file.size / 1024))} KB`),
          ),
        ),
  );
}

function editor(message) {
  const close = () =>
    change(() => {
      app.editing = null;
    });
  return h(
    "div",
    { class: "message-editor" },
    h("textarea", {
      class: "field",
      rows: 3,
      "aria-label": "Edit message",
      "data-testid": "edit-field",
      created: (field) => {
        field.value = message.source;
        queueMicrotask(() => field.focus());
      },
      onkeydown: (event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          close();
        } else if (event.key === "Enter" && !event.shiftKey) {
          event.preventDefault();
          act("edit", { channel: message.channel, ts: message.ts, text: event.currentTarget.value })
            .then(close)
            .catch(() => {});
        }
      },
    }),
    h("small", { class: "quiet" }, "Enter saves, Esc cancels"),
  );
}

function edited(message) {
  if (!message.edited) return null;
  return h(
    "span",
    {
      class: "edited",
      title: `${fullTime(Number(message.edited), zone())} (${message.versions} ${message.versions === 1 ? "earlier version" : "earlier versions"})`,
      "data-testid": `edited-${message.ts}`,
    },
    "(edited)",
  );
}

function body(message) {
  if (app.editing?.ts === message.ts && app.editing.channel === message.channel) return editor(message);
  const context = messageContext(message);
  // A person's message is shown from its text: what they typed with *marks* is what Slack's client would style.
  const shown =
    message.blocks?.length && !isTyped(message)
      ? [h("div", { class: "blocks", key: "blocks" }, blocks(message.blocks, context))]
      : message.text
        ? h("div", { class: "words", key: "words" }, mrkdwn(message.text), " ", edited(message))
        : edited(message);
  return [shown, attachments(message.attachments, context)];
}

/** Whether a message was typed by a person: then its blocks say the same as its text. */
export function isTyped(message) {
  return !message.bot_id && (message.blocks ?? []).every((block) => block.type === "rich_text");
}

const QUIET = new Set([
  "channel_join",
  "channel_leave",
  "group_join",
  "group_leave",
  "channel_topic",
  "channel_purpose",
  "channel_name",
  "channel_archive",
]);

/** A message; `follows`: it continues the one before, so face and name are left out. */
export function message(one, { follows = false, inThread = false } = {}) {
  const at = Number(one.ts);
  if (QUIET.has(one.subtype)) {
    return h(
      "div",
      { class: "message message-quiet", key: one.ts, "data-testid": `message-${one.ts}` },
      h("span", { class: "message-side" }, avatar(one.user, "small")),
      h(
        "div",
        { class: "message-main" },
        h("span", { class: "quiet" }, h("strong", null, nameOf(one.user)), " ", quietWords(one)),
        " ",
        time(one, at),
      ),
    );
  }
  const author = person(one.user);
  return h(
    "article",
    {
      class: classes(
        "message",
        follows && "message-follows",
        one.ephemeral && "message-ephemeral",
        app.menu?.anchor?.closest?.(`[data-ts="${one.ts}"]`) && "has-menu",
      ),
      key: `${one.ephemeral ? "e" : ""}${one.ts}`,
      "data-testid": `message-${one.ts}`,
      "data-ts": one.ts,
      "aria-label": `${nameOf(one.user)}, ${clockTime(at, zone())}`,
    },
    h(
      "div",
      { class: "message-side" },
      follows
        ? h("span", { class: "message-hover-time" }, clockTime(at, zone()).replace(/ [AP]M/, ""))
        : avatar(one.user),
    ),
    h(
      "div",
      { class: "message-main" },
      one.ephemeral
        ? h(
            "div",
            { class: "only-you" },
            icon("eye"),
            "Only visible to you",
            one.command ? h("code", null, one.command) : null,
          )
        : null,
      !one.ephemeral && one.broadcast && !inThread ? h("div", { class: "quiet" }, "replied to a thread") : null,
      follows
        ? null
        : h(
            "div",
            { class: "message-head" },
            h(
              "button",
              { type: "button", class: "author", onclick: () => openPerson(one.user).catch(() => {}) },
              nameOf(one.user),
            ),
            author?.is_bot ? h("span", { class: "app-tag" }, "App") : null,
            time(one, at),
            one.blocks?.length && !isTyped(one) ? edited(one) : null,
          ),
      body(one),
      files(one),
      reactions(one),
      inThread ? null : replies(one),
      one.ephemeral
        ? h(
            "button",
            {
              type: "button",
              class: "link-button",
              "data-testid": `dismiss-${one.ts}`,
              onclick: () => act("dismiss", { channel: one.channel, ts: one.ts }).catch(() => {}),
            },
            "Dismiss message",
          )
        : null,
    ),
    one.ephemeral ? null : tools(one, inThread),
  );
}

function time(one, at) {
  return h(
    "time",
    { class: "time", datetime: new Date(at * 1000).toISOString(), title: fullTime(at, zone()) },
    clockTime(at, zone()),
  );
}

function quietWords(one) {
  if (/_join$/.test(one.subtype)) return one.inviter ? `was added by ${nameOf(one.inviter)}` : "joined";
  if (/_leave$/.test(one.subtype)) return "left";
  return mrkdwn(one.text);
}
