// Slack's mrkdwn as a tree of plain values. Nothing here makes HTML: what a person typed can only ever become
// text, and a link only opens http(s), mailto, tel or a conversation of this workspace.
//
// Nodes: string | {kind: "bold"|"italic"|"strike"|"code"|"pre"|"quote"|"link"|"user"|"channel"|"group"|"mass"|"date"|"break", …}

import { withEmoji } from "./emoji.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const MARKS = { "*": "bold", _: "italic", "~": "strike" };
// An address in running text ends before a closing mark of punctuation, and before an escaped < or >.
const BARE_URL = /^https?:\/\/(?:(?!&[lg]t;)[^\s<>|*`])+(?<![.,;:!?'")\]}_~])/;

/** Undo Slack's three escapes, once. */
export function decode(text) {
  return text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/** Parse mrkdwn. `verbatim` leaves bare addresses alone, as Slack does. */
export function parse(text, { verbatim = false } = {}) {
  const out = [];
  const pieces = text.split(/```/);
  // A fence that is never closed is ordinary text.
  if (pieces.length % 2 === 0) {
    const open = pieces.pop();
    pieces[pieces.length - 1] += `\`\`\`${open}`;
  }
  pieces.forEach((piece, index) => {
    if (index % 2 === 1) {
      const inner = piece.replace(/^\n/, "").replace(/\n$/, "");
      out.push({ kind: "pre", children: codeText(inner) });
    } else {
      // The line breaks that touch a fence belong to the fence.
      let part = piece;
      if (index > 0) part = part.replace(/^\n/, "");
      if (index < pieces.length - 1) part = part.replace(/\n$/, "");
      if (part) out.push(...lines(part, verbatim));
    }
  });
  return out;
}

function lines(text, verbatim) {
  const out = [];
  let quote = null;
  let needsBreak = false;
  const rows = text.split("\n");
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(row);
    const wholeRest = /^(?:&gt;|>){3} ?(.*)$/.exec(row);
    if (wholeRest) {
      const rest = [wholeRest[1], ...rows.slice(index + 1)].join("\n");
      out.push({ kind: "quote", children: inlineLines(rest, verbatim) });
      return out;
    }
    if (quoted) {
      if (quote) quote.children.push({ kind: "break" }, ...inline(quoted[1], verbatim));
      else {
        quote = { kind: "quote", children: inline(quoted[1], verbatim) };
        out.push(quote);
      }
      needsBreak = false;
    } else {
      if (needsBreak) out.push({ kind: "break" });
      out.push(...inline(row, verbatim));
      quote = null;
      needsBreak = true;
    }
  }
  return out;
}

function inlineLines(text, verbatim) {
  return text
    .split("\n")
    .flatMap((row, index) => (index ? [{ kind: "break" }, ...inline(row, verbatim)] : inline(row, verbatim)));
}

function codeText(text) {
  // Inside code only <…> keeps a meaning: an address is shown as its label.
  return text
    .split(/(<[^<>\n]*>)/)
    .filter(Boolean)
    .map((piece) => (piece.startsWith("<") && piece.endsWith(">") ? angle(piece.slice(1, -1)) : decode(piece)));
}

const WORD = /[\p{L}\p{N}]/u;

function closing(text, from, mark) {
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === "<") {
      const end = text.indexOf(">", at);
      if (end > 0) at = end;
    } else if (char === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > 0) at = end;
    } else if (char === mark && at > from && !/\s/.test(text[at - 1]) && text[at - 1] !== mark) {
      const next = text[at + 1];
      if (next === undefined || (!WORD.test(next) && next !== mark)) return at;
    }
  }
  return -1;
}

function inline(text, verbatim) {
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(withEmoji(decode(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const before = text[at - 1];
    if (char === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > at + 1) {
        flush();
        out.push({ kind: "code", children: codeText(text.slice(at + 1, end)) });
        at = end;
        continue;
      }
    } else if (char === "<") {
      const token = /^<([^<>\n]+)>/.exec(text.slice(at));
      if (token) {
        flush();
        out.push(angle(token[1], plain === "" && out.length === 0));
        at += token[0].length - 1;
        continue;
      }
    } else if (Object.hasOwn(MARKS, char) && (before === undefined || !WORD.test(before)) && before !== char) {
      const next = text[at + 1];
      const end = next === undefined || /\s/.test(next) || next === char ? -1 : closing(text, at + 1, char);
      if (end > 0) {
        flush();
        out.push({ kind: MARKS[char], children: inline(text.slice(at + 1, end), verbatim) });
        at = end;
        continue;
      }
    } else if (char === "h" && !verbatim && (before === undefined || !WORD.test(before))) {
      const url = BARE_URL.exec(text.slice(at));
      if (url) {
        flush();
        out.push(link(decode(url[0]), decode(url[0])));
        at += url[0].length - 1;
        continue;
      }
    }
    plain += char;
  }
  flush();
  return out;
}

function split(body) {
  const bar = body.indexOf("|");
  return bar < 0 ? [body, null] : [body.slice(0, bar), decode(body.slice(bar + 1))];
}

function angle(body, atStart = false) {
  const [target, label] = split(body);
  if (/^@[UWB][A-Z0-9]+$/.test(target)) return { kind: "user", id: target.slice(1), label };
  if (/^#[CGD][A-Z0-9]+$/.test(target)) return { kind: "channel", id: target.slice(1), label };
  const mass = /^!(channel|here|everyone)$/.exec(target);
  if (mass) return { kind: "mass", name: mass[1] };
  const group = /^!subteam\^(S[A-Z0-9]+)$/.exec(target);
  if (group) return { kind: "group", id: group[1], label };
  const date = /^!date\^(-?\d+)\^([^^]+)(?:\^(.+))?$/.exec(target);
  if (date) {
    const safe = date[3] ? link(decode(date[3]), "") : null;
    return {
      kind: "date",
      at: Number(date[1]),
      format: decode(date[2]),
      fallback: label ?? "",
      href: safe?.href ?? null,
      atStart,
    };
  }
  return link(decode(target), label);
}

/** A link node, or only its words where the address may not be opened. */
export function link(url, label) {
  const words = label || url.replace(/^mailto:/, "");
  const inside = conversationOf(url);
  if (inside) return { kind: "link", href: null, conversation: inside, words };
  if (/^(https?:\/\/|mailto:|tel:)/i.test(url)) return { kind: "link", href: url, words };
  return words;
}

/** The conversation id that a Slack address opens (app_redirect, archives or slack://channel), or null. */
export function conversationOf(url) {
  const found =
    /^https:\/\/(?:[\w-]+\.)?slack\.com\/app_redirect\?(?:[^#]*&)?channel=([A-Z0-9]+)/.exec(url) ??
    /^https:\/\/(?:[\w-]+\.)?slack\.com\/archives\/([A-Z0-9]+)/.exec(url) ??
    /^https:\/\/app\.slack\.com\/client\/[A-Z0-9]+\/([A-Z0-9]+)/.exec(url) ??
    /^slack:\/\/(?:channel|user)\?(?:[^#]*&)?id=([A-Z0-9]+)/.exec(url);
  return found ? found[1] : null;
}

/** All words of a parsed tree, without marks: for labels and previews. `names` turns ids into names. */
export function words(nodes, names = (node) => node.label ?? node.id) {
  return nodes
    .map((node) => {
      if (typeof node === "string") return node;
      if (node.kind === "break") return " ";
      if (node.kind === "link") return node.words;
      if (node.kind === "date") return node.fallback;
      if (node.kind === "mass") return `@${node.name}`;
      if (node.children) return words(node.children, names);
      return names(node);
    })
    .join("");
}
