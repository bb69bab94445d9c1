// Slack's rich_text to and from the elements of an editor. Elements are made with createElement only, never from HTML.

const STYLE_OF = {
  B: "bold",
  STRONG: "bold",
  I: "italic",
  EM: "italic",
  S: "strike",
  STRIKE: "strike",
  DEL: "strike",
  CODE: "code",
};
const TAG_OF = { bold: "b", italic: "i", strike: "s", code: "code" };
const LINES = new Set(["DIV", "P", "BLOCKQUOTE"]);

/** The rich_text block that an editor's elements stand for; null where nothing is written. */
export function fromEditor(root) {
  const elements = [];
  let section = null;

  const into = () => {
    if (!section) {
      section = [];
      elements.push({ type: "rich_text_section", elements: section });
    }
    return section;
  };

  const add = (list, piece) => {
    const last = list[list.length - 1];
    if (last?.type === "text" && piece.type === "text" && JSON.stringify(last.style) === JSON.stringify(piece.style))
      last.text += piece.text;
    else list.push(piece);
  };

  const newline = (list) => {
    if (list.length) add(list, { type: "text", text: "\n" });
  };

  const walk = (node, style, list) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.replace(/\u00a0/g, " ").replace(/\u200b/g, "");
      if (text) add(list(), { type: "text", text, ...(Object.keys(style).length ? { style } : {}) });
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const { tagName } = node;
    if (tagName === "BR") {
      // The <br> with which a browser keeps an empty line open says nothing.
      if (node.nextSibling) add(list(), { type: "text", text: "\n" });
    } else if (tagName === "UL" || tagName === "OL") {
      section = null;
      elements.push({
        type: "rich_text_list",
        style: tagName === "OL" ? "ordered" : "bullet",
        indent: 0,
        elements: [...node.children].map((item) => {
          const inner = [];
          for (const child of item.childNodes) walk(child, {}, () => inner);
          return { type: "rich_text_section", elements: inner };
        }),
      });
    } else if (tagName === "A" && node.getAttribute("href")) {
      add(list(), {
        type: "link",
        url: node.getAttribute("href"),
        text: node.textContent,
        ...(Object.keys(style).length ? { style } : {}),
      });
    } else {
      const block = LINES.has(tagName);
      if (block && node.previousSibling && section) newline(list());
      const more = STYLE_OF[tagName] ? { ...style, [STYLE_OF[tagName]]: true } : style;
      for (const child of node.childNodes) walk(child, more, list);
    }
  };

  for (const child of root.childNodes) walk(child, {}, into);
  const filled = elements.filter(
    (element) =>
      element.elements.length &&
      (element.type === "rich_text_list" ||
        element.elements.some((piece) => piece.type !== "text" || piece.text.trim())),
  );
  return filled.length ? { type: "rich_text", elements: filled } : null;
}

function piece(one) {
  if (one.type === "link") {
    const made = document.createElement("a");
    made.setAttribute("href", one.url);
    made.textContent = one.text ?? one.url;
    return made;
  }
  const words = one.type === "text" ? one.text : (one.name ?? one.user_id ?? one.channel_id ?? "");
  const made = document.createDocumentFragment();
  words.split("\n").forEach((line, index) => {
    if (index) made.append(document.createElement("br"));
    made.append(line);
  });
  return Object.keys(one.style ?? {})
    .filter((style) => TAG_OF[style])
    .reduce((inner, style) => {
      const wrapped = document.createElement(TAG_OF[style]);
      wrapped.append(inner);
      return wrapped;
    }, made);
}

/** Fill an editor with a rich_text block. */
export function toEditor(root, block) {
  root.replaceChildren();
  for (const element of block?.elements ?? []) {
    if (element.type === "rich_text_list") {
      const list = document.createElement(element.style === "ordered" ? "ol" : "ul");
      for (const item of element.elements) {
        const row = document.createElement("li");
        row.append(...item.elements.map(piece));
        list.append(row);
      }
      root.append(list);
    } else {
      const line = document.createElement("div");
      line.append(...(element.elements ?? []).map(piece));
      root.append(line);
    }
  }
}
