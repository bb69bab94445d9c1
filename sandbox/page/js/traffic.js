// The inspector: what the app asked of Slack and what Slack told the app, with what was rejected and why.

import { classes, h, icon } from "./dom.js";
import { app, change, zone } from "./store.js";
import { fetchTraffic } from "./api.js";
import { clockTime } from "./dates.js";

const KEPT = 400;
let last = 0;
let running = false;
let again = false;
let first = true;

/** Fetch what is new; what came before this page was opened does not count as unseen. */
export async function updateTraffic() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      const { entries, newest } = await fetchTraffic(last);
      if (newest < last) app.traffic.entries = [];
      last = newest;
      if (entries.length)
        change(() => {
          app.traffic.entries = [...app.traffic.entries, ...entries].slice(-KEPT);
          if (!app.traffic.open && !first) app.traffic.unseen += entries.filter((one) => one.error).length;
        });
      first = false;
    } while (again);
  } catch {
    // The socket comes back by itself and asks again.
  } finally {
    running = false;
  }
}

export function toggleTraffic() {
  change(() => {
    app.traffic.open = !app.traffic.open;
    app.traffic.unseen = 0;
    app.column = app.traffic.open ? "traffic" : "main";
  });
}

function json(value, title) {
  return h(
    "div",
    { class: "json" },
    h("h4", null, title),
    h("pre", null, typeof value === "string" ? value : JSON.stringify(value, null, 2)),
  );
}

function entry(one) {
  const open = app.traffic.expanded.has(one.id);
  const call = one.direction === "call";
  return h(
    "li",
    {
      key: one.id,
      class: classes("exchange", one.error && "is-rejected", one.fault && "is-fault"),
      "data-testid": `exchange-${one.id}`,
      "data-what": one.what,
    },
    h(
      "button",
      {
        type: "button",
        class: "exchange-row",
        "aria-expanded": open ? "true" : "false",
        onclick: () => change(() => (open ? app.traffic.expanded.delete(one.id) : app.traffic.expanded.add(one.id))),
      },
      h(
        "span",
        {
          class: `direction direction-${call ? "call" : "delivery"}`,
          title: call ? "The app called Slack" : "Slack told the app",
        },
        icon(call ? "arrow-in" : "arrow-out"),
      ),
      h(
        "span",
        { class: "exchange-what" },
        one.what,
        one.retry ? h("span", { class: "tag" }, `retry ${one.retry}`) : null,
        one.fault ? h("span", { class: "tag" }, one.fault.replace(/_/g, " ")) : null,
      ),
      h(
        "span",
        { class: "exchange-status" },
        one.error ? one.error : one.status >= 200 && one.status < 300 ? "ok" : one.status || "…",
      ),
      h("span", { class: "exchange-ms" }, `${Math.round(one.ms)} ms`),
      h("span", { class: "exchange-at" }, clockTime(one.at, zone(), true)),
    ),
    one.messages.length
      ? h(
          "ul",
          { class: "reasons" },
          one.messages.map((words) => h("li", null, words)),
        )
      : null,
    one.error && one.reason && one.reason !== one.error ? h("p", { class: "reasons" }, one.reason) : null,
    open
      ? h(
          "div",
          { class: "exchange-more" },
          json(one.request, call ? "What the app sent" : "What Slack sent"),
          json(one.response ?? null, call ? "What Slack answered" : "What the app answered"),
        )
      : null,
  );
}

export function traffic() {
  if (!app.traffic.open) return null;
  const { entries, rejected } = app.traffic;
  const shown = (rejected ? entries.filter((one) => one.error) : entries).slice(-200).reverse();
  return h(
    "aside",
    { class: "side traffic", key: "traffic", "aria-label": "Traffic", "data-testid": "traffic" },
    h(
      "header",
      { class: "head" },
      h(
        "button",
        {
          type: "button",
          class: "button-plain back",
          "aria-label": "Back to the conversation",
          onclick: toggleTraffic,
        },
        icon("back"),
      ),
      h(
        "div",
        { class: "head-words" },
        h("h2", null, "Traffic"),
        h("div", { class: "quiet" }, "Between the app and this workspace, newest first"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "button-plain side-close",
          "aria-label": "Close the traffic",
          "data-testid": "traffic-close",
          onclick: toggleTraffic,
        },
        icon("x"),
      ),
    ),
    h(
      "label",
      { class: "traffic-filter choice" },
      h("input", {
        type: "checkbox",
        checked: rejected,
        "data-testid": "traffic-rejected",
        onchange: (event) => {
          const { checked } = event.currentTarget;
          change(() => {
            app.traffic.rejected = checked;
          });
        },
      }),
      h("span", { class: "choice-mark", "aria-hidden": "true" }),
      "Rejected only",
      h("span", { class: "quiet" }, `${entries.filter((one) => one.error).length} of ${entries.length}`),
    ),
    h(
      "ul",
      { class: "exchanges" },
      shown.length
        ? shown.map(entry)
        : h(
            "li",
            { class: "empty", key: "none" },
            rejected ? "Nothing was rejected." : "Nothing yet. Send a command and watch.",
          ),
    ),
  );
}
