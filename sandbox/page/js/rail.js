// The left rail: who acts, the conversations of that person, and the guided tour below them.

import { classes, h, icon } from "./dom.js";
import { app, change, isSomebodyElses, nameOf, person } from "./store.js";
import { act } from "./api.js";
import { avatar, groupAvatar } from "./faces.js";
import { actAs, openConversation, openPerson } from "./places.js";
import { openMenu } from "./overlay.js";
import { tour } from "./tour.js";

function sign(place) {
  if (place.kind === "channel") return h("span", { class: "rail-sign" }, icon("hash"));
  if (place.kind === "private") return h("span", { class: "rail-sign" }, icon("lock"));
  if (place.kind === "group") return groupAvatar(place.with);
  return avatar(place.with[0] ?? app.me, "small");
}

function row(place) {
  const here = place.id === app.at;
  const loud = place.unread > 0;
  const rooms = place.kind === "channel" || place.kind === "private";
  return h(
    "li",
    { key: place.id },
    h(
      "button",
      {
        type: "button",
        class: classes("rail-row", here && "is-here", loud && !here && "is-unread", place.archived && "is-archived"),
        "aria-current": here ? "page" : null,
        "data-testid": `conversation-${place.id}`,
        onclick: () =>
          openConversation(place.id, { tab: place.kind === "app" && app.tab === "home" && here ? "home" : "messages" }),
      },
      sign(place),
      h("span", { class: "rail-name" }, place.name),
      loud && !here
        ? h(
            "span",
            { class: classes("badge", rooms && "badge-room"), "data-testid": `unread-${place.id}` },
            place.unread > 99 ? "99+" : String(place.unread),
            h("span", { class: "visually-hidden" }, " unread"),
          )
        : null,
    ),
  );
}

function section(title, places, add) {
  if (!places.length && !add) return null;
  return h(
    "section",
    { key: title, class: "rail-section", "aria-label": title },
    h("h2", { class: "rail-title" }, title, add ?? null),
    h("ul", null, places.map(row)),
  );
}

function browse(event) {
  const mine = new Set(app.world.conversations.map((place) => place.id));
  const others = Object.entries(app.world.places).filter(([id]) => !mine.has(id));
  openMenu(
    event.currentTarget,
    "Channels to join",
    others.length
      ? [
          { heading: "Channels to join" },
          ...others.map(([id, place]) => ({
            words: place.name,
            icon: "hash",
            act: () =>
              act("join", { channel: id })
                .then(() => openConversation(id))
                .catch(() => {}),
          })),
        ]
      : [{ heading: "You are in every public channel" }],
  );
}

function newMessage(event) {
  const others = app.world.people.filter((one) => one.id !== app.me && !one.is_bot && !one.deleted);
  openMenu(event.currentTarget, "Message somebody", [
    { heading: "Message somebody" },
    ...others
      .slice(0, 60)
      .map((one) => ({ words: one.real_name, description: one.title, act: () => openPerson(one.id) })),
  ]);
}

function add(label, onclick) {
  return h("button", { type: "button", class: "rail-add", "aria-label": label, title: label, onclick }, icon("plus"));
}

// ---- "act as" ------------------------------------------------------------------------------------

function found() {
  const query = (app.switcher?.query ?? "").trim().toLocaleLowerCase();
  const all = app.world.people.filter((one) => !one.is_bot);
  return query
    ? all.filter((one) => `${one.real_name} ${one.name} ${one.title}`.toLocaleLowerCase().includes(query))
    : all;
}

function pick(one) {
  change(() => {
    app.switcher = null;
  });
  document.querySelector("[data-testid=person-switch]")?.focus();
  actAs(one.id);
}

function switcherKeys(event) {
  const rows = found();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    change(() => {
      app.switcher.active =
        (app.switcher.active + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % Math.max(rows.length, 1);
    });
  } else if (event.key === "Enter" && rows[app.switcher.active]) {
    event.preventDefault();
    pick(rows[app.switcher.active]);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    change(() => {
      app.switcher = null;
    });
    document.querySelector("[data-testid=person-switch]")?.focus();
  }
}

function switcherList() {
  const rows = found();
  const { active } = app.switcher;
  return h(
    "div",
    { key: "switcher", class: "popover switcher", "data-testid": "person-list" },
    h(
      "div",
      { class: "switcher-search" },
      icon("search"),
      h("input", {
        type: "text",
        class: "switcher-input",
        placeholder: "Find a person or a role",
        role: "combobox",
        "aria-label": "Find a person to act as",
        "aria-expanded": "true",
        "aria-controls": "switcher-rows",
        "aria-activedescendant": rows[active] ? `switch-${rows[active].id}` : null,
        autocomplete: "off",
        "data-testid": "person-search",
        value: app.switcher.query,
        created: (input) => queueMicrotask(() => input.focus()),
        oninput: (event) => {
          const { value } = event.currentTarget;
          change(() => {
            app.switcher = { query: value, active: 0 };
          });
        },
        onkeydown: switcherKeys,
      }),
    ),
    h(
      "ul",
      { id: "switcher-rows", role: "listbox", "aria-label": "People" },
      rows.length
        ? rows.map((one, index) =>
            h(
              "li",
              {
                key: one.id,
                id: `switch-${one.id}`,
                role: "option",
                "aria-selected": one.id === app.me ? "true" : "false",
                class: classes("switcher-row", index === active && "is-active", one.deleted && "is-gone"),
                "data-testid": `person-${one.id}`,
                onclick: () => pick(one),
                updated: (element) => index === active && element.scrollIntoView({ block: "nearest" }),
              },
              avatar(one.id),
              h(
                "span",
                { class: "switcher-words" },
                h("strong", null, one.real_name),
                h("small", null, one.deleted ? "has left the workspace" : one.title || one.tz.replace(/_/g, " ")),
              ),
              one.waiting
                ? h("span", { class: "badge badge-quiet", title: "Unread messages" }, String(one.waiting))
                : null,
              one.id === app.me ? icon("check") : null,
            ),
          )
        : h("li", { class: "combo-empty" }, "Nobody by that name"),
    ),
  );
}

function switcher() {
  const me = person(app.me);
  const open = Boolean(app.switcher);
  return h(
    "div",
    { class: "rail-me" },
    h(
      "button",
      {
        type: "button",
        class: "me",
        "data-testid": "person-switch",
        "aria-haspopup": "listbox",
        "aria-expanded": open ? "true" : "false",
        "aria-label": `Acting as ${nameOf(app.me)}. Act as somebody else`,
        onclick: () =>
          change(() => {
            app.switcher = open
              ? null
              : {
                  query: "",
                  active: Math.max(
                    0,
                    app.world.people.filter((one) => !one.is_bot).findIndex((one) => one.id === app.me),
                  ),
                };
          }),
      },
      avatar(app.me, "large"),
      h(
        "span",
        { class: "me-words" },
        h("small", { class: "me-label" }, "You are acting as"),
        h("strong", { "data-testid": "acting-as" }, me?.real_name ?? ""),
        h("small", { class: "me-role" }, me?.title || me?.tz),
      ),
      icon("chevrons"),
    ),
    open ? switcherList() : null,
  );
}

export function rail() {
  const of = (...kinds) => app.world.conversations.filter((place) => kinds.includes(place.kind));
  return h(
    "nav",
    { class: "rail", "aria-label": "Conversations", "data-testid": "rail" },
    switcher(),
    h(
      "div",
      { class: "rail-scroll", key: "scroll", inert: isSomebodyElses() },
      section("Channels", of("channel", "private"), add("Join a channel", browse)),
      section("Direct messages", of("dm", "group"), add("Message somebody", newMessage)),
      section("Apps", of("app")),
    ),
    tour(),
  );
}

/** Unread messages elsewhere, for the back button of narrow windows. */
export function unreadElsewhere() {
  return app.world.conversations.filter((place) => place.id !== app.at).reduce((sum, place) => sum + place.unread, 0);
}
