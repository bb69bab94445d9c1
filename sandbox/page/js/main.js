// The page starts here: what is on the screen, the keys that work everywhere, and the first fetch.

import { classes, h, patch } from "./dom.js";
import { app, change, conversation, isSomebodyElses, onChange } from "./store.js";
import { listen, onWorld, refresh } from "./api.js";
import { rail } from "./rail.js";
import { main, thread } from "./conversation.js";
import { topbar } from "./topbar.js";
import { traffic, updateTraffic } from "./traffic.js";
import { afterWorld, closeModal, modal } from "./modal.js";
import { closeMenu, confirmDialog, menu, notices } from "./overlay.js";
import { comboList } from "./select.js";
import { rememberTour } from "./tour.js";
import { closeThread, openHome, readAddress, readHere, settle } from "./places.js";

const root = document.getElementById("page");

function draw() {
  if (!app.world) {
    patch(
      root,
      h(
        "div",
        { class: "starting", key: "starting" },
        h("span", { class: "spinner" }),
        h("p", null, app.offline ? "The sandbox does not answer. Trying again…" : "Opening the workspace…"),
      ),
    );
    return;
  }
  const top = modal();
  const sure = confirmDialog();
  // A modal belongs to one person and covers what they look at; the list of people and the traffic stay in reach.
  const covered = Boolean(top || sure);
  // A press on what the last person saw would be theirs, made in the name of the next.
  const under = covered || isSomebodyElses();
  patch(
    root,
    h(
      "div",
      { key: "frame", class: classes("frame", `shows-${app.column}`, covered && "has-modal") },
      topbar(),
      h(
        "div",
        { class: "columns", key: "columns" },
        rail(),
        h(
          "div",
          { class: "stage", key: "stage" },
          h("div", { class: "under", key: "under", inert: under }, main(), thread()),
          top && h("div", { key: "top", inert: Boolean(sure), class: "layer" }, top),
          sure,
        ),
        traffic(),
      ),
    ),
    menu(),
    comboList(),
    notices(),
  );
  document.title = `${conversation(app.at)?.name ?? "Sandbox"} | ${app.world.team.name}`;
}

onChange(draw);

onWorld(afterWorld);
let looked = "";
onWorld((world) => {
  const place = world.conversations.find((one) => one.id === world.at?.id);
  const looking = `${world.me}/${world.at?.id}/${app.tab}`;
  // The line above what is new is drawn on coming here; what arrives under a reader's eyes needs none.
  if (looking !== looked || document.visibilityState !== "visible") {
    app.line = place?.unread ? { channel: place.id, me: world.me, after: world.at.last_read } : null;
  }
  looked = looking;
  settle();
  readHere();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (app.menu) closeMenu();
  else if (app.confirm)
    change(() => {
      app.confirm = null;
    });
  else if (closeModal()) event.preventDefault();
  else if (app.switcher)
    change(() => {
      app.switcher = null;
    });
  else if (app.thread) closeThread();
});

document.addEventListener("mousedown", (event) => {
  if (app.menu && !event.target.closest(".menu") && !app.menu.anchor.contains(event.target)) closeMenu(false);
  if (app.switcher && !event.target.closest(".rail-me"))
    change(() => {
      app.switcher = null;
    });
});

window.addEventListener("resize", () => change());
window.addEventListener("popstate", () => {
  readAddress();
  refresh();
});
document.addEventListener("visibilitychange", () => app.world && readHere());
setInterval(() => change(), 15000);

let opened = false;
onWorld(() => {
  // Arriving on a Home tab by its address opens it like a press on the tab does.
  if (!opened && app.tab === "home") queueMicrotask(openHome);
  opened = true;
});

rememberTour();
readAddress();
draw();
listen(updateTraffic);
