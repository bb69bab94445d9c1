// "Try it": a few steps that take a newcomer through the story, given by whoever started the sandbox.

import { h, icon } from "./dom.js";
import { app, change, conversation } from "./store.js";
import { actAs, openConversation } from "./places.js";

const KEY = "sandbox-tour-closed";

/** Whether the panel was closed in this browser before. */
export function rememberTour() {
  try {
    app.tour.open = localStorage.getItem(KEY) === null;
  } catch {
    // A browser that keeps nothing simply shows the panel.
  }
}

export function toggleTour(open = !app.tour.open) {
  change(() => {
    app.tour.open = open;
    if (open) app.column = "rail";
  });
  try {
    if (open) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "1");
  } catch {
    // As above.
  }
}

function step(by) {
  change(() => {
    app.tour.step = Math.max(0, Math.min(app.world.tour.length - 1, app.tour.step + by));
  });
}

async function go(now) {
  if (now.act_as && now.act_as !== app.me) await actAs(now.act_as);
  if (!now.go_to) return;
  const [at, tab] = now.go_to.split("/");
  const own = app.world.conversations.find((place) => place.kind === "app");
  // "app" and "home" are the app's conversation of whoever acts; its id differs from person to person.
  const target =
    at === "app" || at === "home"
      ? own?.id
      : (conversation(at)?.id ??
        Object.entries(app.world.places).find(([id, place]) => id === at || place.name === at.replace(/^#/, ""))?.[0] ??
        app.world.conversations.find((place) => place.name === at.replace(/^#/, ""))?.id);
  await openConversation(target, { tab: at === "home" || tab === "home" ? "home" : "messages" });
}

export function tour() {
  const steps = app.world.tour;
  if (!steps.length || !app.tour.open) return null;
  const now = steps[Math.min(app.tour.step, steps.length - 1)];
  const number = app.tour.step + 1;
  return h(
    "aside",
    { class: "tour", key: "tour", "aria-label": "Try it", "data-testid": "tour" },
    h(
      "div",
      { class: "tour-head" },
      h("span", { class: "tour-kicker" }, "Try it"),
      h("span", { class: "tour-count" }, `${number} of ${steps.length}`),
      h(
        "button",
        {
          type: "button",
          class: "button-plain",
          "aria-label": "Close the tour",
          "data-testid": "tour-close",
          onclick: () => toggleTour(false),
        },
        icon("x"),
      ),
    ),
    h("h3", null, now.title),
    h("p", null, now.text),
    h(
      "div",
      { class: "tour-buttons" },
      h(
        "button",
        {
          type: "button",
          class: "button-plain",
          disabled: number === 1,
          "aria-label": "Previous step",
          onclick: () => step(-1),
        },
        icon("back"),
      ),
      now.act_as || now.go_to
        ? h(
            "button",
            { type: "button", class: "button button-tour", "data-testid": "tour-go", onclick: () => go(now) },
            now.act_as && now.act_as !== app.me
              ? `Be ${app.world.index.get(now.act_as)?.real_name.split(" ")[0] ?? "them"}`
              : "Take me there",
          )
        : null,
      h(
        "button",
        {
          type: "button",
          class: "button-plain tour-next",
          disabled: number === steps.length,
          "aria-label": "Next step",
          "data-testid": "tour-next",
          onclick: () => step(1),
        },
        icon("forward"),
      ),
    ),
  );
}
