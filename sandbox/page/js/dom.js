// A very small virtual DOM: h() describes elements, patch() makes a parent show them while keeping focus,
// selection and scroll of whatever stays.

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked", "disabled", "indeterminate", "selected"]);

/** Describe an element. Children may be strings, numbers, nested arrays, null/false (left out). */
export function h(tag, props, ...children) {
  return { tag, props: props || {}, children: flat(children), key: props?.key };
}

/** An icon of the sprite in icons.svg, hidden from assistive technology. */
export function icon(name, extra = "") {
  return h(
    "svg",
    { class: `icon ${extra}`, "aria-hidden": "true", focusable: "false" },
    h("use", { href: `#i-${name}` }),
  );
}

function flat(children, into = []) {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, into);
    else if (child === null || child === undefined || child === false || child === true) continue;
    else into.push(typeof child === "object" ? child : { text: String(child) });
  }
  return into;
}

function create(node, svg) {
  if (node.text !== undefined) {
    const made = document.createTextNode(node.text);
    made.vnode = node;
    return made;
  }
  const inSvg = svg || node.tag === "svg";
  const element = inSvg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  element.vnode = { tag: node.tag, props: {}, children: [], key: node.key };
  children(element, node, inSvg);
  properties(element, {}, node.props);
  element.vnode = node;
  node.props.created?.(element);
  return element;
}

function same(element, node) {
  const old = element.vnode;
  return old && old.tag === node.tag && old.key === node.key && (old.text === undefined) === (node.text === undefined);
}

function update(element, node, svg) {
  const old = element.vnode;
  if (old === node) return;
  if (node.text !== undefined) {
    if (old.text !== node.text) element.data = node.text;
    element.vnode = node;
    return;
  }
  // An element with `own` fills itself (an editor, for example): its children are never touched.
  if (!node.props.own) children(element, node, svg || node.tag === "svg");
  properties(element, old.props, node.props);
  element.vnode = node;
  node.props.updated?.(element);
}

function properties(element, before, after) {
  for (const name in before) if (!(name in after)) setProperty(element, name, undefined, before[name]);
  for (const name in after) {
    const value = after[name];
    if (AS_PROPERTY.has(name) || before[name] !== value) setProperty(element, name, value, before[name]);
  }
}

function setProperty(element, name, value) {
  if (["key", "created", "updated", "removed", "own"].includes(name)) return;
  if (name.startsWith("on")) {
    const event = name.slice(2);
    element.listening ??= {};
    if (!(event in element.listening)) {
      element.addEventListener(event, (happened) => element.listening[event]?.(happened));
    }
    element.listening[event] = value;
  } else if (AS_PROPERTY.has(name)) {
    const wanted = name === "value" ? (value ?? "") : Boolean(value);
    if (element[name] !== wanted) element[name] = wanted;
  } else if (value === undefined || value === null || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function removed(element) {
  element.vnode?.props?.removed?.(element);
  for (const child of element.childNodes) removed(child);
}

function children(parent, node, svg) {
  if (node.props.own) return;
  const keyed = new Map();
  const loose = [];
  for (const child of parent.childNodes) {
    const key = child.vnode?.key;
    if (key !== undefined) keyed.set(key, child);
    else loose.push(child);
  }
  let nextLoose = 0;
  const kept = new Set();
  const wanted = node.children.map((child) => {
    let found;
    if (child.key !== undefined) {
      found = keyed.get(child.key);
    } else {
      // Unkeyed children are matched in order; one of another kind is skipped only when a later one fits.
      for (let ahead = nextLoose; ahead < loose.length; ahead += 1) {
        if (same(loose[ahead], child)) {
          found = loose[ahead];
          nextLoose = ahead + 1;
          break;
        }
      }
    }
    if (found && same(found, child) && !kept.has(found)) {
      kept.add(found);
      return { child, element: found };
    }
    return { child };
  });
  for (const old of [...parent.childNodes]) {
    if (!kept.has(old)) {
      removed(old);
      old.remove();
    }
  }
  let cursor = parent.firstChild;
  for (const { child, element } of wanted) {
    if (element) {
      if (element === cursor) cursor = cursor.nextSibling;
      else parent.insertBefore(element, cursor);
      update(element, child, svg);
    } else {
      parent.insertBefore(create(child, svg), cursor);
    }
  }
}

/** Make `parent` hold exactly what `nodes` describe. */
export function patch(parent, ...nodes) {
  children(parent, { props: {}, children: flat(nodes) }, false);
}

/** Join class names, leaving out what is falsy. */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
