// The bar above everything: whose workspace, what time it is there, and the way to what comes later.

import { classes, h, icon } from "./dom.js";
import { app, change, notice, now, zone } from "./store.js";
import { act, refresh } from "./api.js";
import { clockDate, clockTime, zoneName } from "./dates.js";
import { toggleTour } from "./tour.js";
import { toggleTraffic } from "./traffic.js";

async function skip(seconds, words) {
  if (app.skip.busy) return;
  change(() => {
    app.skip = { busy: true, words };
  });
  try {
    await act("skip", { seconds });
    await refresh();
    notice(`It is now ${words} later. Whatever was due has happened.`);
  } catch {
    // act() has said why.
  } finally {
    change(() => {
      app.skip = { busy: false };
    });
  }
}

function button(seconds, words, testid) {
  return h(
    "button",
    {
      type: "button",
      class: "skip",
      disabled: app.skip.busy,
      "data-testid": testid,
      title: `Skip ahead ${words}`,
      "aria-label": `Skip ahead ${words}`,
      onclick: () => skip(seconds, words),
    },
    icon("skip"),
    words,
  );
}

export function topbar() {
  const at = now();
  return h(
    "header",
    { class: "topbar" },
    h(
      "div",
      { class: "brand" },
      h("span", { class: "brand-mark" }, icon("ballot")),
      h("strong", null, app.world.team.name),
      h("span", { class: "brand-tag" }, "sandbox"),
    ),
    h(
      "div",
      {
        class: classes("clock", app.skip.busy && "is-busy"),
        "data-testid": "clock",
        "aria-busy": app.skip.busy ? "true" : null,
      },
      app.skip.busy
        ? h("span", { class: "clock-now" }, h("span", { class: "spinner" }), `Skipping ${app.skip.words}…`)
        : h(
            "span",
            { class: "clock-now", title: `The workspace's time, for ${app.world.index.get(app.me)?.real_name}` },
            icon("clock"),
            h("span", { class: "clock-date" }, clockDate(at, zone()).replace(/, \d{4}$/, ""), ", "),
            h("strong", null, clockTime(at, zone())),
            h("span", { class: "clock-zone" }, zoneName(at, zone())),
          ),
      app.world.can_skip
        ? [
            h("span", { class: "skip-label" }, "Skip ahead"),
            button(3600, "1 hour", "skip-hour"),
            button(86400, "1 day", "skip-day"),
          ]
        : null,
    ),
    h(
      "div",
      { class: "topbar-end" },
      app.world.tour.length
        ? h(
            "button",
            {
              type: "button",
              class: classes("topbar-button", app.tour.open && "is-on"),
              "aria-pressed": app.tour.open ? "true" : "false",
              "aria-label": "Try it",
              "data-testid": "tour-toggle",
              onclick: () => toggleTour(),
            },
            icon("compass"),
            h("span", null, "Try it"),
          )
        : null,
      h(
        "button",
        {
          type: "button",
          class: classes("topbar-button", app.traffic.open && "is-on"),
          "aria-pressed": app.traffic.open ? "true" : "false",
          "aria-label": "Traffic",
          "data-testid": "traffic-toggle",
          onclick: toggleTraffic,
        },
        icon("pulse"),
        h("span", null, "Traffic"),
        app.traffic.unseen
          ? h("span", { class: "badge badge-red", title: "Rejected since you looked" }, String(app.traffic.unseen))
          : null,
      ),
    ),
  );
}
