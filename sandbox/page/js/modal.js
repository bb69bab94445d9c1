// The modal: the top of the acting person's own stack of views.

import { classes, h, icon } from "./dom.js";
import { app, change, forgetForm, formValues } from "./store.js";
import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { plain } from "./inline.js";
import { viewContext } from "./context.js";
import { problem } from "./fields.js";
import { trap } from "./overlay.js";

let seen = new Set();
let before = null;

/** Forget what was filled in of views that are gone; keep where the focus was before the first one. */
export function afterWorld(world) {
  const open = new Set(world.views.map((view) => view.id));
  for (const id of seen) {
    if (!open.has(id)) {
      if (!world.elsewhere.includes(id)) {
        forgetForm(`view:${id}`);
        app.errors.delete(id);
        app.waiting.delete(`submit:${id}`);
      }
    }
  }
  if (open.size && !seen.size) before = document.activeElement;
  if (!open.size && seen.size && before?.isConnected) {
    // After the drawing, that is: what lies under a modal cannot take the focus.
    const back = before;
    setTimeout(() => !topView() && back.focus());
  }
  seen = new Set([...open, ...world.elsewhere]);
}

function topView() {
  return app.world?.views.at(-1) ?? null;
}

function firstError() {
  queueMicrotask(() =>
    queueMicrotask(() => {
      const block = document.querySelector(".dialog .has-error");
      block?.scrollIntoView({ block: "nearest" });
      block?.querySelector("input,textarea,[contenteditable]")?.focus({ preventScroll: true });
    }),
  );
}

async function submit(view) {
  const waiting = `submit:${view.id}`;
  if (app.waiting.has(waiting)) return;
  const context = viewContext(view);
  const errors = {};
  for (const block of view.blocks) {
    if (block.type !== "input") continue;
    const words = problem(block, context.state(block.block_id, block.element));
    if (words) errors[block.block_id] = words;
  }
  if (Object.keys(errors).length) {
    change(() => app.errors.set(view.id, errors));
    firstError();
    return;
  }
  change(() => {
    app.waiting.add(waiting);
    app.errors.set(view.id, {});
    app.failed = null;
  });
  try {
    const answer = await act(
      "submit",
      { view: view.id, values: formValues(`view:${view.id}`, view.blocks) },
      { quiet: true },
    );
    if (answer.errors && Object.keys(answer.errors).length) {
      change(() => app.errors.set(view.id, answer.errors));
      firstError();
    }
  } catch (failed) {
    change(() => {
      app.failed = { view: view.id, words: failed.words };
    });
  } finally {
    change(() => app.waiting.delete(waiting));
  }
}

/** Close the top view (all of them with `all`). Returns whether there was one. */
export function closeModal(all = false) {
  const view = topView();
  if (!view) return false;
  act("close", { view: view.id, all }).catch(() => {});
  // It goes at once, as in Slack; the server's answer only confirms it.
  change(() => {
    app.world.views = all ? [] : app.world.views.slice(0, -1);
    afterWorld(app.world);
  });
  return true;
}

function focusFirst(dialog) {
  queueMicrotask(() => {
    const wanted =
      dialog.querySelector("[autofocus]") ??
      dialog.querySelector(
        ".dialog-body input:not([type=radio]):not([type=checkbox]):not([role=combobox]),.dialog-body textarea,.dialog-body [contenteditable]",
      );
    (wanted ?? dialog).focus({ preventScroll: true });
  });
}

export function modal() {
  const view = topView();
  if (!view) return null;
  const context = viewContext(view);
  const sending = app.waiting.has(`submit:${view.id}`);
  const hasInput = view.blocks.some((block) => block.type === "input");
  const depth = app.world.views.length;
  return h(
    "div",
    {
      key: "modal",
      class: "scrim",
      onmousedown: (event) => event.target === event.currentTarget && event.preventDefault(),
    },
    h(
      "form",
      {
        key: view.id,
        class: classes("dialog", sending && "is-sending"),
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": "modal-title",
        "aria-busy": sending ? "true" : null,
        tabindex: "-1",
        novalidate: true,
        "data-testid": "modal",
        "data-view": view.id,
        "data-callback": view.callback_id,
        created: focusFirst,
        onkeydown: (event) => {
          trap(event, event.currentTarget);
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) event.currentTarget.requestSubmit();
        },
        onsubmit: (event) => {
          event.preventDefault();
          submit(view);
        },
      },
      h(
        "header",
        { class: "dialog-head" },
        depth > 1
          ? h(
              "button",
              {
                type: "button",
                class: "button-plain",
                "aria-label": "Back",
                "data-testid": "modal-back",
                onclick: () => closeModal(),
              },
              icon("back"),
            )
          : null,
        h("h2", { id: "modal-title", "data-testid": "modal-title" }, plain(view.title)),
        h(
          "button",
          {
            type: "button",
            class: "button-plain",
            "aria-label": "Close",
            "data-testid": "modal-x",
            onclick: () => closeModal(true),
          },
          icon("x"),
        ),
      ),
      h(
        "div",
        { class: "dialog-body", key: "body", onscroll: () => app.combo && change(() => {}) },
        app.failed?.view === view.id
          ? h(
              "div",
              { class: "block-alert alert-error", role: "alert", "data-testid": "modal-failed" },
              app.failed.words,
            )
          : null,
        blocks(view.blocks, context),
      ),
      h(
        "footer",
        { class: "dialog-foot" },
        h("span", { class: "dialog-as" }, "as ", app.world.index.get(app.me)?.real_name ?? app.me),
        h(
          "button",
          { type: "button", class: "button", "data-testid": "modal-close", onclick: () => closeModal() },
          view.close ? plain(view.close) : "Cancel",
        ),
        view.submit || hasInput
          ? h(
              "button",
              {
                type: "submit",
                class: classes("button button-primary", sending && "is-busy"),
                disabled: sending,
                "data-testid": "modal-submit",
              },
              view.submit ? plain(view.submit) : "Submit",
            )
          : null,
      ),
    ),
  );
}
