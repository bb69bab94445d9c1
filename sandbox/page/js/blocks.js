// Blocks of messages, modals and Home tabs.

import { classes, h } from "./dom.js";
import { element, imageUrl } from "./elements.js";
import { mrkdwn, plain, richText, safeLink, textObject } from "./inline.js";
import { markdown } from "./markdown.js";
import { app, change } from "./store.js";

function visible(one) {
  return !one.visible_to_user_ids || one.visible_to_user_ids.includes(app.me);
}

function section(block, context) {
  const accessory = block.accessory;
  return h(
    "div",
    { class: classes("block-section", accessory && "with-accessory", accessory?.type === "image" && "with-image") },
    h(
      "div",
      { class: "section-body" },
      block.text ? long(block, context) : null,
      block.fields
        ? h(
            "div",
            { class: "fields" },
            block.fields.map((field) => h("div", { class: "field-cell words" }, textObject(field))),
          )
        : null,
    ),
    accessory && visible(accessory) ? h("div", { class: "accessory" }, element(block, accessory, context)) : null,
  );
}

const OPENED = new Set();
const LONG = 700;

// Slack folds long sections of messages behind "See more" unless they ask to be expanded.
function long(block, context) {
  const words = h("div", { class: "words" }, textObject(block.text));
  const key = `${context.surface}/${block.block_id}`;
  if (block.expand || !context.surface.startsWith("message:") || block.text.text.length <= LONG || OPENED.has(key))
    return words;
  return h(
    "div",
    { class: "folded" },
    words,
    h(
      "button",
      {
        type: "button",
        class: "link-button",
        onclick: () => change(() => OPENED.add(key)),
      },
      "See more",
    ),
  );
}

function input(block, context) {
  const labelId = `label-${context.surface}-${block.block_id}`.replace(/[^\w-]/g, "_");
  const problem = context.errors[block.block_id];
  return h(
    "div",
    { class: classes("block-input", problem && "has-error") },
    h(
      "label",
      { id: labelId, class: "label" },
      plain(block.label),
      block.optional
        ? h("span", { class: "optional" }, "(optional)")
        : h(
            "span",
            { class: "required", title: "Required" },
            h("span", { "aria-hidden": "true" }, "*"),
            h("span", { class: "visually-hidden" }, "required"),
          ),
    ),
    element(block, block.element, context, labelId),
    h(
      "div",
      { id: `${labelId}-more` },
      h("div", { class: "error", role: "alert", "data-testid": `error-${block.block_id}` }, problem ?? null),
      block.hint ? h("div", { class: "hint" }, plain(block.hint)) : null,
    ),
  );
}

function context_(block) {
  return h(
    "div",
    { class: "block-context" },
    block.elements.map((one) =>
      one.type === "image"
        ? h("img", { class: "context-image", src: imageUrl(one), alt: one.alt_text, title: one.alt_text })
        : h("span", { class: "words" }, textObject(one)),
    ),
  );
}

function image(block) {
  return h(
    "figure",
    { class: "block-image" },
    block.title ? h("figcaption", null, plain(block.title)) : null,
    h("img", { src: imageUrl(block), alt: block.alt_text, loading: "lazy" }),
  );
}

function table(block) {
  const cell = (one) => {
    if (one.type === "rich_text") return richText(one);
    return String(one.text ?? one.number ?? one.value ?? "");
  };
  const align = (index) => {
    const wanted = block.column_settings?.[index]?.align;
    return ["left", "center", "right"].includes(wanted) ? `text-align:${wanted}` : null;
  };
  const [head, ...rows] = block.rows ?? [];
  return h(
    "div",
    { class: "block-table" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          (head ?? []).map((one, index) => h("th", { style: align(index), scope: "col" }, cell(one))),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row) =>
          h(
            "tr",
            null,
            row.map((one, index) => h("td", { style: align(index) }, cell(one))),
          ),
        ),
      ),
    ),
  );
}

const BLOCKS = {
  section,
  header: (block) => h("h3", { class: "block-header" }, plain(block.text)),
  divider: () => h("hr", { class: "block-divider" }),
  context: context_,
  actions: (block, context) =>
    h(
      "div",
      { class: "block-actions" },
      block.elements
        .filter(visible)
        .map((one) => h("div", { class: "action", key: one.action_id }, element(block, one, context))),
    ),
  context_actions: (block, context) =>
    h(
      "div",
      { class: "block-actions" },
      block.elements.filter((one) => one.type === "button").map((one) => element(block, one, context)),
    ),
  image,
  input,
  rich_text: (block) => h("div", { class: "words rich" }, richText(block)),
  markdown: (block) => h("div", { class: "words markdown" }, markdown(block.text)),
  table,
  alert: (block) =>
    h(
      "div",
      { class: `block-alert alert-${/^(info|warning|error|success)$/.test(block.level) ? block.level : "default"}` },
      textObject(block.text),
    ),
  video: (block) => h("div", { class: "words" }, safeLink(block.title_url ?? block.video_url, plain(block.title))),
  file: () => h("div", { class: "unknown" }, "A remote file"),
};

/** All blocks of a surface. `context`: see context.js. */
export function blocks(list, context) {
  return (list ?? []).map((block) =>
    h(
      "div",
      { class: `block block-of-${block.type}`, key: block.block_id, "data-testid": `block-${block.block_id}` },
      BLOCKS[block.type] ? BLOCKS[block.type](block, context) : h("span", { class: "unknown" }, `[${block.type}]`),
    ),
  );
}

/** Old-style attachments: a bar with text or blocks. */
export function attachments(list, context) {
  return (list ?? []).map((one) =>
    h(
      "div",
      {
        class: "attachment",
        style: /^#?[0-9a-f]{3,8}$/i.test(one.color ?? "") ? `border-color:#${one.color.replace("#", "")}` : null,
      },
      one.pretext ? h("div", { class: "words" }, mrkdwn(one.pretext)) : null,
      one.title
        ? h(
            "div",
            { class: "words" },
            h("strong", null, one.title_link ? safeLink(one.title_link, one.title) : one.title),
          )
        : null,
      one.blocks
        ? blocks(one.blocks, context)
        : (one.text ?? one.fallback)
          ? h("div", { class: "words" }, mrkdwn(one.text ?? one.fallback))
          : null,
    ),
  );
}
