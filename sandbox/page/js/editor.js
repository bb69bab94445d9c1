// rich_text_input: a small editor whose result is Slack's rich_text.

import { classes, h, icon } from "./dom.js";
import { plain } from "./inline.js";
import { fromEditor, toEditor } from "./richtext.js";

// The browser's own editing commands are old but do exactly this, and keep undo working.
const TOOLS = [
  ["bold", "Bold", "bold", "b"],
  ["italic", "Italic", "italic", "i"],
  ["strikeThrough", "Strikethrough", "strike", null],
  ["code", "Code", "code", null],
  ["link", "Link", "link", "k"],
  ["insertUnorderedList", "Bulleted list", "list", null],
  ["insertOrderedList", "Numbered list", "list-numbers", null],
];

function exec(command, value) {
  document.execCommand("styleWithCSS", false, false);
  document.execCommand("defaultParagraphSeparator", false, "div");
  document.execCommand(command, false, value);
}

function toggleCode(editor) {
  const selection = window.getSelection();
  if (!selection.rangeCount || !editor.contains(selection.anchorNode)) return;
  const range = selection.getRangeAt(0);
  const inside = (
    range.startContainer.nodeType === Node.ELEMENT_NODE ? range.startContainer : range.startContainer.parentElement
  ).closest("code");
  if (inside && editor.contains(inside)) {
    inside.replaceWith(...inside.childNodes);
  } else if (!range.collapsed) {
    const code = document.createElement("code");
    code.append(document.createTextNode(range.toString()));
    range.deleteContents();
    range.insertNode(code);
    selection.selectAllChildren(code);
  }
}

function askLink(box, editor, done) {
  const selection = window.getSelection();
  const range = selection.rangeCount ? selection.getRangeAt(0).cloneRange() : null;
  const bar = box.querySelector(".editor-link");
  const input = bar.querySelector("input");
  bar.hidden = false;
  input.value = "https://";
  input.focus();
  bar.commit = () => {
    bar.hidden = true;
    editor.focus();
    if (!range || !/^(https?:\/\/.+|mailto:.+)/i.test(input.value)) return;
    selection.removeAllRanges();
    selection.addRange(range);
    const link = document.createElement("a");
    link.setAttribute("href", input.value);
    link.textContent = range.collapsed ? input.value : range.toString();
    range.deleteContents();
    range.insertNode(link);
    range.setStartAfter(link);
    range.collapse(true);
    done();
  };
}

/** The editor of a rich_text_input. */
export function richTextInput(block, element, context, labelId) {
  const state = context.state(block.block_id, element);
  const keep = (editor) => {
    const value = fromEditor(editor);
    editor.classList.toggle("is-empty", !editor.textContent && !editor.querySelector("li"));
    context.put(block.block_id, element, { type: element.type, rich_text_value: value });
  };
  const use = (command) => (event) => {
    event.preventDefault();
    const box = event.currentTarget.closest(".editor");
    const editor = box.querySelector("[contenteditable]");
    if (document.activeElement !== editor) editor.focus();
    if (command === "code") toggleCode(editor);
    else if (command === "link") {
      askLink(box, editor, () => keep(editor));
      return;
    } else exec(command);
    keep(editor);
  };
  return h(
    "div",
    { class: "editor", key: context.key(block.block_id, element.action_id) },
    h(
      "div",
      { class: "editor-tools", role: "toolbar", "aria-label": "Formatting" },
      TOOLS.map(([command, label, picture]) =>
        h(
          "button",
          {
            type: "button",
            class: "tool",
            "aria-label": label,
            title: label,
            "data-testid": `tool-${command}`,
            onmousedown: use(command),
            onkeydown: (event) => ["Enter", " "].includes(event.key) && use(command)(event),
          },
          icon(picture),
        ),
      ),
    ),
    h(
      "div",
      { class: "editor-link", hidden: true },
      h("input", {
        type: "url",
        class: "field",
        "aria-label": "Address of the link",
        onkeydown: (event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          const bar = event.currentTarget.closest(".editor-link");
          if (event.key === "Enter") bar.commit();
          else bar.hidden = true;
        },
      }),
      h(
        "button",
        { type: "button", class: "button", onclick: (event) => event.currentTarget.closest(".editor-link").commit() },
        "Add link",
      ),
    ),
    h("div", {
      own: true,
      class: classes("field editor-field words is-empty"),
      contenteditable: "true",
      role: "textbox",
      "aria-multiline": "true",
      "aria-labelledby": labelId,
      "data-testid": `field-${element.action_id}`,
      "data-placeholder": element.placeholder ? plain(element.placeholder) : "",
      created: (editor) => {
        toEditor(editor, state.rich_text_value);
        editor.classList.toggle("is-empty", !editor.textContent);
      },
      oninput: (event) => keep(event.currentTarget),
      onpaste: (event) => {
        event.preventDefault();
        exec("insertText", event.clipboardData.getData("text/plain"));
      },
      onkeydown: (event) => {
        const tool = TOOLS.find(([, , , letter]) => letter && letter === event.key.toLowerCase());
        if (tool && (event.metaKey || event.ctrlKey)) use(tool[0])(event);
      },
    }),
  );
}
