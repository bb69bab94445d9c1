// Texts on the screen: mrkdwn, plain_text and rich_text become elements here.

import { h } from "./dom.js";
import { parse, link as linkNode } from "./mrkdwn.js";
import { withEmoji, EMOJI } from "./emoji.js";
import { dateTokens, fullTime } from "./dates.js";
import { app, conversation, nameOf, now, person, zone } from "./store.js";
import { openConversation, openPerson } from "./places.js";

/** A text object ({type, text}) of a block. */
export function textObject(object) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return plain(object);
}

/** plain_text is shown as it is; only :emoji: may be turned into pictures. */
export function plain(object) {
  if (!object) return "";
  return object.emoji === false ? object.text : withEmoji(object.text);
}

export function mrkdwn(text, options) {
  return nodes(parse(text ?? "", options));
}

function nodes(tree) {
  return tree.map((node) => (typeof node === "string" ? node : show[node.kind](node)));
}

function mention(id, label, prefix = "@") {
  const known = person(id);
  const mine = id === app.me;
  return h(
    "button",
    {
      type: "button",
      class: `mention${mine ? " mention-me" : ""}`,
      onclick: () => known && openPerson(id),
    },
    prefix,
    known ? nameOf(id) : (label ?? id),
  );
}

function channelLink(id, label) {
  const place = conversation(id) ?? app.world?.places?.[id];
  if (!place && !label) return h("span", { class: "mention" }, "#private-channel");
  return h(
    "button",
    { type: "button", class: "mention", onclick: () => openConversation(id) },
    "#",
    place?.name ?? label,
  );
}

function linkElement(node) {
  if (node.conversation) {
    return h(
      "a",
      {
        href: `#${node.conversation}`,
        onclick: (event) => {
          event.preventDefault();
          openConversation(node.conversation);
        },
      },
      withEmoji(node.words),
    );
  }
  return h(
    "a",
    { href: node.href, target: "_blank", rel: "noopener noreferrer", title: node.href },
    withEmoji(node.words),
  );
}

function date(node) {
  let words = dateTokens(node.at, node.format, zone(), now());
  if (node.atStart) words = words[0].toUpperCase() + words.slice(1);
  const shown = h(
    "time",
    { class: "date-token", datetime: new Date(node.at * 1000).toISOString(), title: fullTime(node.at, zone()) },
    words,
  );
  return node.href ? h("a", { href: node.href, target: "_blank", rel: "noopener noreferrer" }, shown) : shown;
}

const show = {
  bold: (node) => h("strong", null, nodes(node.children)),
  italic: (node) => h("em", null, nodes(node.children)),
  strike: (node) => h("s", null, nodes(node.children)),
  code: (node) => h("code", null, nodes(node.children)),
  pre: (node) => h("pre", null, nodes(node.children)),
  quote: (node) => h("blockquote", null, nodes(node.children)),
  break: () => h("br"),
  link: linkElement,
  user: (node) => mention(node.id, node.label),
  channel: (node) => channelLink(node.id, node.label),
  group: (node) => h("span", { class: "mention" }, "@", (node.label ?? node.id).replace(/^@/, "")),
  mass: (node) => h("span", { class: "mention mention-mass", title: "This notifies everybody here" }, "@", node.name),
  date,
};

/** Link, or words where the address may not be opened. */
export function safeLink(url, label) {
  const node = linkNode(url, label);
  return typeof node === "string" ? node : linkElement(node);
}

// ---- rich_text -----------------------------------------------------------------------------------

function styled(style, content) {
  let made = content;
  if (style?.code) made = h("code", null, made);
  if (style?.bold) made = h("strong", null, made);
  if (style?.italic) made = h("em", null, made);
  if (style?.strike) made = h("s", null, made);
  if (style?.underline) made = h("u", null, made);
  return made;
}

function withBreaks(text) {
  return text.split("\n").flatMap((row, index) => (index ? [h("br"), row] : [row]));
}

function emoji(element) {
  if (element.unicode)
    return element.unicode
      .split("-")
      .map((code) => String.fromCodePoint(parseInt(code, 16)))
      .join("");
  return EMOJI[element.name] ?? `:${element.name}:`;
}

const PIECES = {
  text: (piece) => styled(piece.style, withBreaks(piece.text)),
  link: (piece) => styled(piece.style, safeLink(piece.url, piece.text)),
  user: (piece) => mention(piece.user_id),
  channel: (piece) => channelLink(piece.channel_id),
  usergroup: (piece) => h("span", { class: "mention" }, "@", piece.usergroup_id),
  emoji,
  broadcast: (piece) => show.mass({ name: piece.range }),
  color: (piece) =>
    h(
      "span",
      { class: "color-piece" },
      h("i", { style: `background:${/^#[0-9a-f]{3,8}$/i.test(piece.value) ? piece.value : "transparent"}` }),
      piece.value,
    ),
  date: (piece) => date({ at: piece.timestamp, format: piece.format, href: null }),
};

function pieces(elements) {
  return (elements ?? []).map((piece) => PIECES[piece.type]?.(piece) ?? null);
}

// Adjacent lists of one rich_text nest by their `indent`.
function list(element) {
  const tag = element.style === "ordered" ? "ol" : "ul";
  return h(
    tag,
    {
      class: `rich-list indent-${Math.min(element.indent ?? 0, 6)}`,
      start: element.offset ? element.offset + 1 : null,
    },
    element.elements.map((item) => h("li", null, pieces(item.elements))),
  );
}

/** The elements of a rich_text block. */
export function richText(block) {
  return (block?.elements ?? []).map((element) => {
    if (element.type === "rich_text_list") return list(element);
    if (element.type === "rich_text_preformatted") return h("pre", null, pieces(element.elements));
    if (element.type === "rich_text_quote") return h("blockquote", null, pieces(element.elements));
    return h("div", { class: "rich-section" }, pieces(element.elements));
  });
}
