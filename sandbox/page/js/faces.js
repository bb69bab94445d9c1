// Faces: initials on a colour that follows from the id, so that everybody looks the same everywhere.

import { classes, h, icon } from "./dom.js";
import { nameOf, person } from "./store.js";

function hue(id) {
  let sum = 7;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 3600;
  // Neighbouring sums land far apart on the circle.
  return Math.round(sum * 137.508) % 360;
}

function initials(name) {
  const parts = name
    .replace(/[^\p{L}\p{N}\s'-]/gu, "")
    .split(/\s+/)
    .filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return letters.map((part) => [...part][0].toLocaleUpperCase()).join("") || "?";
}

/** A person's or app's picture: "small", "medium" or "large". */
export function avatar(id, size = "medium") {
  const known = person(id);
  if (known?.is_bot) {
    return h("span", { class: `avatar avatar-${size} avatar-app`, "aria-hidden": "true" }, icon("ballot"));
  }
  return h(
    "span",
    {
      class: classes("avatar", `avatar-${size}`, known?.deleted && "avatar-gone"),
      style: `--hue:${hue(id)}`,
      "aria-hidden": "true",
    },
    initials(nameOf(id)),
  );
}

/** The picture of a group: two faces, one over the other. */
export function groupAvatar(ids) {
  return h(
    "span",
    { class: "avatar-group", "aria-hidden": "true" },
    ids.slice(0, 2).map((id) => avatar(id, "tiny")),
  );
}
