// Where one types: Enter sends, "/" completes commands, "@" and "#" complete names, "+" holds global shortcuts.

import { classes, h, icon } from "./dom.js";
import { app, change, notice } from "./store.js";
import { act, actWaiting } from "./api.js";
import { avatar } from "./faces.js";
import { openMenu } from "./overlay.js";
import { editLast } from "./conversation.js";

const MASS = [
  ["channel", "Notify everybody in this conversation"],
  ["here", "Notify everybody who is here"],
];

// What a draft means: "@Name" picked from the list is a mention, the same letters typed by hand are only letters.
function draftOf(key) {
  if (!app.drafts.has(key)) app.drafts.set(key, { text: "", picked: new Map() });
  return app.drafts.get(key);
}

/** The draft with the picked mentions as <@U…>, <#C…> or @channel; the workspace escapes the rest as Slack's client does. */
function toSlack(text, picked) {
  const names = [...picked.keys()].filter((name) => text.includes(name)).sort((a, b) => b.length - a.length);
  if (!names.length) return text;
  const pattern = new RegExp(names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  let out = "";
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    out += text.slice(from, found.index) + picked.get(found[0]);
    from = found.index + found[0].length;
  }
  return out + text.slice(from);
}

function commands() {
  return app.world.apps.flatMap((one) => one.commands.map((command) => ({ ...command, app: one })));
}

function complete(text, caret, inThread) {
  if (!inThread) {
    const command = /^\/\S*$/.exec(text);
    if (command) {
      const items = commands()
        .filter((one) => one.command.startsWith(text.toLowerCase()))
        .map((one) => ({ id: one.command, insert: `${one.command} `, command: one }));
      return items.length ? { items, from: 0, active: 0 } : null;
    }
    if (text.startsWith("/")) return null;
  }
  const word = /(?:^|\s)([@#])([\p{L}\p{N}._ -]{0,30})$/u.exec(text.slice(0, caret));
  if (!word) return null;
  const query = word[2].toLocaleLowerCase();
  const from = caret - word[2].length - 1;
  let items;
  if (word[1] === "@") {
    items = [
      ...app.world.people
        .filter(
          (one) =>
            !one.deleted &&
            `${one.real_name}\n${one.name}`
              .toLocaleLowerCase()
              .split("\n")
              .some((name) => name.startsWith(query) || name.includes(` ${query}`)),
        )
        .map((one) => ({
          id: one.id,
          person: one,
          insert: `@${one.real_name} `,
          mention: [`@${one.real_name}`, `<@${one.id}>`],
        })),
      ...MASS.filter(([name]) => name.startsWith(query)).map(([name, words]) => ({
        id: name,
        words,
        insert: `@${name} `,
        mention: [`@${name}`, `@${name}`],
      })),
    ];
  } else {
    items = Object.entries(app.world.places)
      .filter(([, place]) => place.name.includes(query))
      .map(([id, place]) => ({ id, place, insert: `#${place.name} `, mention: [`#${place.name}`, `<#${id}>`] }));
  }
  return items.length ? { items: items.slice(0, 8), from, active: 0 } : null;
}

function look(key, field, inThread) {
  const found = complete(field.value, field.selectionStart, inThread);
  change(() => {
    app.composing = found ? { key, ...found } : null;
  });
}

function take(draft, field, item, inThread, key) {
  const { from } = app.composing;
  const caret = field.selectionStart;
  draft.text = draft.text.slice(0, from) + item.insert + draft.text.slice(item.command ? draft.text.length : caret);
  if (item.mention) draft.picked.set(...item.mention);
  change(() => {
    app.composing = null;
  });
  queueMicrotask(() => {
    field.focus();
    field.setSelectionRange(from + item.insert.length, from + item.insert.length);
    look(key, field, inThread);
  });
}

async function send(place, thread, key, commandsOnly) {
  const draft = draftOf(key);
  const text = draft.text.trim();
  if (!text) return;
  const [first] = text.split(/\s/);
  if (first.startsWith("/") && first.length > 1 && !first.slice(1).includes("/")) {
    if (thread) {
      notice(`${first} cannot be used in a thread.`, "error");
      return;
    }
    if (!commands().some((one) => one.command === first)) {
      notice(`${first} is not a valid command. Type / to see what there is.`, "error");
      return;
    }
    const sent = await run(key, () =>
      actWaiting(`composer:${key}`, "command", {
        channel: place.id,
        command: first,
        text: text.slice(first.length).trim(),
      }),
    );
    if (!sent) return;
  } else {
    if (commandsOnly) {
      notice(`${place.name} reads only slash commands here. Type / to see them.`, "error");
      return;
    }
    await run(key, () =>
      actWaiting(`composer:${key}`, "say", { channel: place.id, text: toSlack(text, draft.picked), thread }),
    );
  }
}

async function run(key, sending) {
  const before = draftOf(key);
  change(() => {
    app.drafts.set(key, { text: "", picked: new Map() });
    app.composing = null;
    app.line = null;
  });
  const answer = await sending();
  if (answer === null && !draftOf(key).text) change(() => app.drafts.set(key, before));
  return answer;
}

function keys(event, place, thread, key, commandsOnly) {
  const field = event.currentTarget;
  const open = app.composing?.key === key ? app.composing : null;
  if (event.isComposing) return;
  if (open) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      change(() => {
        open.active = (open.active + (event.key === "ArrowDown" ? 1 : -1) + open.items.length) % open.items.length;
      });
      return;
    }
    const chosen = open.items[open.active];
    const complete_ = chosen.command && draftOf(key).text.trim() === chosen.id;
    if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !complete_)) {
      event.preventDefault();
      take(draftOf(key), field, chosen, Boolean(thread), key);
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      change(() => {
        app.composing = null;
      });
      return;
    }
  }
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send(place, thread, key, commandsOnly);
  } else if (event.key === "ArrowUp" && !field.value && !thread && editLast()) {
    event.preventDefault();
  }
}

function completions(key, thread) {
  const open = app.composing?.key === key ? app.composing : null;
  if (!open) return null;
  return h(
    "ul",
    {
      key: "completions",
      class: "popover completions",
      role: "listbox",
      id: `completions-${key}`,
      "aria-label": "Suggestions",
      "data-testid": "completions",
    },
    open.items.map((item, index) =>
      h(
        "li",
        {
          key: item.id,
          id: `completion-${index}`,
          role: "option",
          "aria-selected": index === open.active ? "true" : "false",
          class: classes("completion", index === open.active && "is-active"),
          "data-testid": `completion-${item.id}`,
          onmousedown: (event) => {
            event.preventDefault();
            take(
              draftOf(key),
              event.currentTarget.closest(".composer").querySelector("textarea"),
              item,
              Boolean(thread),
              key,
            );
          },
        },
        item.command
          ? [
              avatar(item.command.app.bot_user_id, "small"),
              h(
                "span",
                { class: "completion-words" },
                h(
                  "span",
                  null,
                  h("strong", null, item.command.command),
                  " ",
                  h("span", { class: "quiet" }, item.command.usage_hint ?? ""),
                ),
                h("small", null, item.command.description),
              ),
              h("span", { class: "quiet completion-app" }, item.command.app.name),
            ]
          : item.person
            ? [
                avatar(item.id, "small"),
                h("strong", null, item.person.real_name),
                h("span", { class: "quiet" }, item.person.title),
              ]
            : [
                h("strong", null, item.place ? `#${item.place.name}` : `@${item.id}`),
                h("span", { class: "quiet" }, item.words ?? ""),
              ],
      ),
    ),
  );
}

function plus(event, place) {
  const items = app.world.apps.flatMap((one) =>
    one.shortcuts
      .filter((shortcut) => shortcut.type === "global")
      .map((shortcut) => ({
        words: shortcut.name,
        description: shortcut.description || one.name,
        icon: "bolt",
        testid: `shortcut-${shortcut.callback_id}`,
        act: () => act("shortcut", { app: one.app_id, callback_id: shortcut.callback_id }).catch(() => {}),
      })),
  );
  const slash = commands().map((one) => ({
    words: one.command,
    description: one.description,
    icon: "slash",
    act: () => {
      const key = place.id;
      draftOf(key).text = `${one.command} `;
      change();
      document.querySelector("[data-testid=composer]")?.focus();
    },
  }));
  openMenu(event.currentTarget, "Shortcuts", [
    ...(items.length ? [{ heading: "Shortcuts" }, ...items] : []),
    ...(slash.length ? [{ heading: "Commands" }, ...slash] : [{ heading: "No app offers anything here" }]),
  ]);
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
}

/** The composer of a conversation or, with `thread`, of a thread. */
export function composer(place, thread, words, commandsOnly) {
  const key = thread ? `${place.id}-${thread}` : place.id;
  const full = `${app.me}-${key}`;
  const draft = draftOf(full);
  const busy = app.waiting.has(`composer:${full}`);
  const open = app.composing?.key === full;
  const suffix = thread ? "-thread" : "";
  return h(
    "div",
    { class: "composer", key: `composer-${full}` },
    completions(full, thread),
    h(
      "div",
      { class: classes("composer-box", busy && "is-waiting") },
      thread
        ? null
        : h(
            "button",
            {
              type: "button",
              class: "tool composer-plus",
              "aria-label": "Shortcuts",
              title: "Shortcuts",
              "aria-haspopup": "menu",
              "data-testid": "plus",
              onclick: (event) => plus(event, { id: full }),
            },
            icon("plus"),
          ),
      h("textarea", {
        rows: 1,
        class: "composer-field",
        placeholder: words,
        "aria-label": words,
        role: "combobox",
        "aria-expanded": open ? "true" : "false",
        "aria-controls": open ? `completions-${full}` : null,
        "aria-activedescendant": open ? `completion-${app.composing.active}` : null,
        "data-testid": `composer${suffix}`,
        value: draft.text,
        created: grow,
        updated: grow,
        oninput: (event) => {
          draftOf(full).text = event.currentTarget.value;
          look(full, event.currentTarget, Boolean(thread));
        },
        onkeydown: (event) => keys(event, place, thread, full, commandsOnly),
        onblur: () =>
          change(() => {
            if (app.composing?.key === full) app.composing = null;
          }),
      }),
      h(
        "button",
        {
          type: "button",
          class: "send",
          "aria-label": "Send",
          title: "Send",
          disabled: busy || !draft.text.trim(),
          "data-testid": `send${suffix}`,
          onmousedown: (event) => event.preventDefault(),
          onclick: () => send(place, thread, full, commandsOnly),
        },
        busy ? h("span", { class: "spinner" }) : icon("send"),
      ),
    ),
  );
}
