// The elements of Block Kit that are not selects: buttons, menus, dates, boxes, text fields, files.

import { classes, h, icon } from "./dom.js";
import { app, change, notice, zone } from "./store.js";
import { plain, textObject } from "./inline.js";
import { fromWall, isoMinute } from "./dates.js";
import { isSelect, select } from "./select.js";
import { richTextInput } from "./editor.js";
import { openMenu } from "./overlay.js";
import { uploadFile } from "./api.js";
import { conversationOf } from "./mrkdwn.js";
import { openConversation } from "./places.js";

/** Do `act` now, or after the person has agreed to the element's confirm dialog. */
function afterConfirm(element, act) {
  if (!element.confirm) return act();
  const from = document.activeElement;
  return change(() => {
    app.confirm = { confirm: element.confirm, act, from };
  });
}

function button(block, element, context) {
  const busy = context.busy(block.block_id, element.action_id);
  const words = plain(element.text);
  const shared = {
    class: classes("button", element.style && `button-${element.style}`, busy && "is-busy"),
    "data-testid": `button-${element.action_id}`,
    "aria-label": element.accessibility_label ?? null,
  };
  const press = () =>
    afterConfirm(element, () =>
      context.send(block.block_id, element, { value: element.value ?? null, text: element.text }),
    );
  if (element.url) {
    const inside = conversationOf(element.url);
    const safe = /^(https?:|mailto:|tel:)/i.test(element.url);
    // Slack opens the address and tells the app as well.
    return h(
      "a",
      {
        ...shared,
        href: inside || !safe ? `#${inside ?? ""}` : element.url,
        target: inside || !safe ? null : "_blank",
        rel: "noopener noreferrer",
        onclick: (event) => {
          if (inside || !safe) event.preventDefault();
          if (inside) openConversation(inside);
          press();
        },
      },
      words,
      inside ? null : icon("external"),
    );
  }
  return h(
    "button",
    { ...shared, type: "button", disabled: busy, "aria-busy": busy ? "true" : null, onclick: press },
    words,
  );
}

function overflow(block, element, context) {
  return h(
    "button",
    {
      type: "button",
      class: classes("button button-icon", context.busy(block.block_id, element.action_id) && "is-busy"),
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "data-testid": `button-${element.action_id}`,
      onclick: (event) =>
        openMenu(
          event.currentTarget,
          "More options",
          element.options.map((option) => ({
            words: plain(option.text),
            description: option.description ? plain(option.description) : null,
            testid: `option-${option.value}`,
            url: option.url,
            act: () => afterConfirm(element, () => context.send(block.block_id, element, { selected_option: option })),
          })),
        ),
    },
    icon("dots"),
  );
}

function native(type, holds, { toInput = (v) => v ?? "", fromInput = (v) => v || null } = {}) {
  return (block, element, context, labelId) => {
    const state = context.state(block.block_id, element);
    return h("input", {
      type,
      class: "field field-date",
      "aria-labelledby": labelId,
      "aria-label": labelId ? null : element.placeholder ? plain(element.placeholder) : "Choose",
      "data-testid": `field-${element.action_id}`,
      value: toInput(state[holds]),
      onchange: (event) =>
        context.put(block.block_id, element, { ...state, [holds]: fromInput(event.currentTarget.value) }),
    });
  };
}

function choices(type, many) {
  return (block, element, context, labelId) => {
    const state = context.state(block.block_id, element);
    const chosen = new Set(
      (many ? state.selected_options : [state.selected_option]).filter(Boolean).map((option) => option.value),
    );
    const name = context.key(block.block_id, element.action_id);
    return h(
      "div",
      {
        class: "choices",
        role: many ? "group" : "radiogroup",
        "aria-labelledby": labelId,
        "data-testid": `field-${element.action_id}`,
      },
      element.options.map((option) =>
        h(
          "label",
          { class: "choice", key: option.value },
          h("input", {
            type,
            name,
            "data-testid": `option-${option.value}`,
            checked: chosen.has(option.value),
            onchange: (event) =>
              afterConfirm(element, () => {
                const next = many
                  ? {
                      ...state,
                      selected_options: element.options.filter((one) =>
                        one.value === option.value ? event.target.checked : chosen.has(one.value),
                      ),
                    }
                  : { ...state, selected_option: option };
                context.put(block.block_id, element, next);
              }),
          }),
          h("span", { class: "choice-mark", "aria-hidden": "true" }),
          h(
            "span",
            { class: "choice-words" },
            textObject(option.text),
            option.description ? h("small", null, textObject(option.description)) : null,
          ),
        ),
      ),
    );
  };
}

const INPUT_TYPES = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "text",
};

const timers = new Map();

function textField(block, element, context, labelId) {
  const state = context.state(block.block_id, element);
  const value = state.value ?? "";
  const length = [...value].length;
  const most = element.max_length;
  const left = most ? most - length : null;
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const keep = (text, entered) =>
    context.put(block.block_id, element, { type: element.type, value: text || null }, entered);
  const shared = {
    key: "field",
    class: classes("field", element.multiline && "field-multiline"),
    "aria-labelledby": labelId,
    "aria-describedby": `${labelId}-more`,
    "aria-invalid": context.errors[block.block_id] ? "true" : null,
    "data-testid": `field-${element.action_id}`,
    placeholder: element.placeholder ? plain(element.placeholder) : null,
    autofocus: element.focus_on_load ? true : null,
    value,
    oninput: (event) => {
      const text = event.currentTarget.value;
      keep(text, false);
      if (triggers.includes("on_character_entered")) {
        const key = context.key(block.block_id, element.action_id);
        clearTimeout(timers.get(key));
        timers.set(
          key,
          setTimeout(() => keep(text, true), 300),
        );
      }
    },
    onkeydown: (event) => {
      if (
        event.key === "Enter" &&
        !element.multiline &&
        block.dispatch_action &&
        triggers.includes("on_enter_pressed")
      ) {
        event.preventDefault();
        event.stopPropagation();
        keep(event.currentTarget.value, true);
      }
    },
  };
  return h(
    "div",
    { class: "counted" },
    element.multiline
      ? h("textarea", { ...shared, rows: 4 })
      : h("input", {
          ...shared,
          type: INPUT_TYPES[element.type],
          inputmode: element.type === "number_input" ? "decimal" : null,
          autocomplete: "off",
        }),
    most && (left <= Math.max(20, most * 0.2) || element.multiline)
      ? h(
          "span",
          {
            class: classes("counter", left < 0 && "counter-over"),
            key: "counter",
            "data-testid": `counter-${element.action_id}`,
          },
          `${length.toLocaleString("en-US")} / ${most.toLocaleString("en-US")}`,
        )
      : null,
  );
}

function fileField(block, element, context, labelId) {
  const state = context.state(block.block_id, element);
  const most = element.max_files ?? 10;
  const types = element.filetypes?.map((type) => `.${type}`).join(",");
  const add = async (list) => {
    const room = most - state.files.length;
    if (list.length > room) notice(`Choose at most ${most} file${most === 1 ? "" : "s"}.`, "error");
    const made = await Promise.all([...list].slice(0, room).map((file) => uploadFile(file)));
    context.put(block.block_id, element, { ...state, files: [...state.files, ...made.map((answer) => answer.file)] });
  };
  return h(
    "div",
    { class: "files-field" },
    state.files.map((file) =>
      h(
        "span",
        { class: "chip", key: file.id },
        icon("file"),
        file.name,
        h(
          "button",
          {
            type: "button",
            class: "chip-remove",
            "aria-label": `Remove ${file.name}`,
            onclick: () =>
              context.put(block.block_id, element, {
                ...state,
                files: state.files.filter((one) => one.id !== file.id),
              }),
          },
          icon("x"),
        ),
      ),
    ),
    state.files.length < most
      ? h(
          "label",
          { class: "button", key: "add" },
          "Add files",
          h("input", {
            type: "file",
            class: "visually-hidden",
            multiple: most > 1,
            accept: types ?? null,
            "aria-labelledby": labelId,
            "data-testid": `field-${element.action_id}`,
            onchange: (event) => {
              add(event.currentTarget.files).catch((failed) => notice(failed.message, "error"));
              event.currentTarget.value = "";
            },
          }),
        )
      : null,
  );
}

function imageElement(element) {
  return h("img", {
    class: "image-element",
    src: imageUrl(element),
    alt: element.alt_text,
    loading: "lazy",
    title: element.alt_text,
  });
}

/** The address of an image block or element: its own, or that of a file of the workspace. */
export function imageUrl(thing) {
  if (thing.image_url) return /^(https?:|data:image\/)/i.test(thing.image_url) ? thing.image_url : "";
  return thing.slack_file?.id
    ? `sandbox/file/${encodeURIComponent(thing.slack_file.id)}`
    : (thing.slack_file?.url ?? "");
}

const ELEMENTS = {
  button,
  workflow_button: button,
  overflow,
  image: (_, element) => imageElement(element),
  datepicker: native("date", "selected_date"),
  timepicker: native("time", "selected_time"),
  datetimepicker: native("datetime-local", "selected_date_time", {
    toInput: (seconds) => (seconds ? isoMinute(seconds, zone()) : ""),
    fromInput: (wall) => (wall ? fromWall(wall, zone()) : null),
  }),
  checkboxes: choices("checkbox", true),
  radio_buttons: choices("radio", false),
  plain_text_input: textField,
  email_text_input: textField,
  url_text_input: textField,
  number_input: textField,
  rich_text_input: richTextInput,
  file_input: fileField,
};

/** One interactive element or image of `block`. */
export function element(block, one, context, labelId) {
  if (isSelect(one.type)) return select(block, one, context, labelId);
  const draw = ELEMENTS[one.type];
  return draw ? draw(block, one, context, labelId) : h("span", { class: "unknown" }, `[${one.type}]`);
}
