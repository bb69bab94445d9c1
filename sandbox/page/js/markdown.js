// The `markdown` block: the common part of Markdown as elements, made of text nodes only.

import { h } from "./dom.js";
import { safeLink } from "./inline.js";
import { withEmoji } from "./emoji.js";

const INLINE =
  /(`[^`\n]+`)|(!?\[([^\]]*)\]\(([^)\s]+)\))|(\*\*|__)(?=\S)([\s\S]*?\S)\5|(~~)(?=\S)([\s\S]*?\S)~~|([*_])(?=\S)([\s\S]*?\S)\9(?![\p{L}\p{N}])|(https?:\/\/[^\s<>)]+)/u;

function inline(text) {
  const out = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) out.push(withEmoji(rest.slice(0, found.index)));
    if (found[1]) out.push(h("code", null, found[1].slice(1, -1)));
    else if (found[2]) out.push(safeLink(found[4], found[3] || found[4]));
    else if (found[5]) out.push(h("strong", null, inline(found[6])));
    else if (found[7]) out.push(h("s", null, inline(found[8])));
    else if (found[9]) out.push(h("em", null, inline(found[10])));
    else out.push(safeLink(found[11], found[11]));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) out.push(withEmoji(rest));
  return out;
}

function table(rows) {
  const cells = (row) =>
    row
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => inline(cell.trim()));
  return h(
    "table",
    null,
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        cells(rows[0]).map((cell) => h("th", null, cell)),
      ),
    ),
    h(
      "tbody",
      null,
      rows.slice(2).map((row) =>
        h(
          "tr",
          null,
          cells(row).map((cell) => h("td", null, cell)),
        ),
      ),
    ),
  );
}

/** Elements of a Markdown text. */
export function markdown(text) {
  const rows = text.replace(/\r/g, "").split("\n");
  const out = [];
  const run = (test) => {
    const taken = [];
    while (rows.length && test(rows[0])) taken.push(rows.shift());
    return taken;
  };
  while (rows.length) {
    const row = rows[0];
    const heading = /^(#{1,6})\s+(.*)$/.exec(row);
    if (/^```/.test(row)) {
      rows.shift();
      const code = run((line) => !/^```/.test(line));
      rows.shift();
      out.push(h("pre", null, code.join("\n")));
    } else if (heading) {
      rows.shift();
      out.push(h(`h${Math.min(heading[1].length + 2, 6)}`, null, inline(heading[2])));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) {
      rows.shift();
      out.push(h("hr"));
    } else if (/^>/.test(row)) {
      out.push(
        h(
          "blockquote",
          null,
          markdown(
            run((line) => /^>/.test(line))
              .map((line) => line.replace(/^> ?/, ""))
              .join("\n"),
          ),
        ),
      );
    } else if (/^\s*[-*+]\s+/.test(row)) {
      out.push(
        h(
          "ul",
          { class: "rich-list" },
          run((line) => /^\s*[-*+]\s+/.test(line)).map((line) =>
            h("li", null, inline(line.replace(/^\s*[-*+]\s+/, ""))),
          ),
        ),
      );
    } else if (/^\s*\d+[.)]\s+/.test(row)) {
      out.push(
        h(
          "ol",
          { class: "rich-list" },
          run((line) => /^\s*\d+[.)]\s+/.test(line)).map((line) =>
            h("li", null, inline(line.replace(/^\s*\d+[.)]\s+/, ""))),
          ),
        ),
      );
    } else if (/^\s*\|.*\|\s*$/.test(row) && /^\s*\|[\s:|-]+\|\s*$/.test(rows[1] ?? "")) {
      out.push(table(run((line) => /^\s*\|.*\|\s*$/.test(line))));
    } else if (!row.trim()) {
      rows.shift();
    } else {
      const paragraph = [
        rows.shift(),
        ...run((line) => line.trim() && !/^(#{1,6}\s|```|>|\s*[-*+]\s|\s*\d+[.)]\s)/.test(line)),
      ];
      out.push(
        h(
          "p",
          null,
          paragraph.flatMap((line, index) => (index ? [h("br"), ...inline(line)] : inline(line))),
        ),
      );
    }
  }
  return out;
}
