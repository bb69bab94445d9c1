// What floats over the page: menus, the "Are you sure?" dialog, notices; and the focus that comes back from them.

import { classes, h, icon } from "./dom.js";
import { app, change } from "./store.js";
import { plain, textObject } from "./inline.js";

/** Open a menu at an element. Items: {words, description?, icon?, danger?, testid?, url?, act} or {heading}. */
export function openMenu(anchor, label, items) {
  change(() => {
    app.menu = { anchor, label, items };
    app.combo = null;
  });
}

export function closeMenu(focus = true) {
  const anchor = app.menu?.anchor;
  change(() => {
    app.menu = null;
  });
  if (focus) anchor?.focus?.();
}

/** Arrow keys, Home and End among the rows of a menu. */
function rove(event, selector) {
  const rows = [...event.currentTarget.querySelectorAll(selector)];
  const at = rows.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows[(to + rows.length) % rows.length]?.focus();
}

function place(anchor, element) {
  const box = anchor.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, window.innerWidth - width - 8));
  const fits = box.bottom + height + 8 < window.innerHeight;
  element.style.left = `${left}px`;
  element.style.top = `${fits ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
}

export function menu() {
  if (!app.menu) return null;
  const { anchor, label, items } = app.menu;
  return h(
    "div",
    {
      key: "menu",
      class: "popover menu",
      role: "menu",
      "aria-label": label,
      "data-testid": "menu",
      created: (element) =>
        queueMicrotask(() => {
          place(anchor, element);
          element.querySelector("[role=menuitem]")?.focus();
        }),
      onkeydown: (event) => {
        rove(event, "[role=menuitem]");
        if (event.key === "Escape" || event.key === "Tab") {
          event.preventDefault();
          event.stopPropagation();
          closeMenu();
        }
      },
    },
    items.map((one) =>
      one.heading
        ? h("div", { class: "menu-heading", role: "presentation" }, one.heading)
        : h(
            "button",
            {
              type: "button",
              role: "menuitem",
              class: classes("menu-item", one.danger && "is-danger"),
              "data-testid": one.testid,
              onclick: () => {
                closeMenu();
                if (one.url && /^https?:/i.test(one.url)) window.open(one.url, "_blank", "noopener");
                one.act();
              },
            },
            one.icon ? icon(one.icon) : null,
            h("span", null, one.words, one.description ? h("small", null, one.description) : null),
          ),
    ),
  );
}

/** Keep Tab inside `element`. */
export function trap(event, element) {
  if (event.key !== "Tab") return;
  const stops = [
    ...element.querySelectorAll(
      "a[href],button:not(:disabled),input:not(:disabled),textarea:not(:disabled),[contenteditable=true],[tabindex='0']",
    ),
  ].filter((one) => one.offsetParent !== null || one === document.activeElement);
  if (!stops.length) return;
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (event.shiftKey && (document.activeElement === first || !element.contains(document.activeElement))) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && (document.activeElement === last || !element.contains(document.activeElement))) {
    event.preventDefault();
    first.focus();
  }
}

export function confirmDialog() {
  if (!app.confirm) return null;
  const { confirm, act, from } = app.confirm;
  const close = (agreed) => {
    change(() => {
      app.confirm = null;
    });
    from?.focus?.();
    if (agreed) act();
  };
  return h(
    "div",
    {
      key: "confirm",
      class: "scrim scrim-confirm",
      onmousedown: (event) => event.target === event.currentTarget && close(false),
    },
    h(
      "div",
      {
        class: "dialog dialog-small",
        role: "alertdialog",
        "aria-modal": "true",
        "aria-labelledby": "confirm-title",
        "data-testid": "confirm",
        created: (element) => queueMicrotask(() => element.querySelector("[data-first]")?.focus()),
        onkeydown: (event) => {
          trap(event, event.currentTarget);
          if (event.key === "Escape") {
            event.stopPropagation();
            close(false);
          }
        },
      },
      h("h2", { id: "confirm-title" }, plain(confirm.title)),
      confirm.text ? h("div", { class: "words dialog-words" }, textObject(confirm.text)) : null,
      h(
        "div",
        { class: "dialog-buttons" },
        h(
          "button",
          { type: "button", class: "button", "data-testid": "confirm-deny", onclick: () => close(false) },
          confirm.deny ? plain(confirm.deny) : "No",
        ),
        h(
          "button",
          {
            type: "button",
            class: `button button-${confirm.style === "danger" ? "danger" : "primary"}`,
            "data-first": true,
            "data-testid": "confirm-yes",
            onclick: () => close(true),
          },
          confirm.confirm ? plain(confirm.confirm) : "Yes",
        ),
      ),
    ),
  );
}

export function notices() {
  return h(
    "div",
    { key: "notices", class: "notices", "aria-live": "polite", "data-testid": "notices" },
    app.offline && app.world
      ? h(
          "div",
          { key: "offline", class: "notice notice-error", role: "status" },
          icon("offline"),
          "The sandbox does not answer. Waiting for it…",
        )
      : null,
    app.notices.map((one) =>
      h(
        "div",
        { key: one.id, class: `notice notice-${one.kind}`, role: one.kind === "error" ? "alert" : "status" },
        icon(one.kind === "error" ? "warning" : "info"),
        h("span", null, one.words),
      ),
    ),
  );
}
