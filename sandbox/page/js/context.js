// Where blocks stand: a message, a modal or a Home tab, and how what happens there reaches the app.

import { app, change, fieldState, formValues, setField } from "./store.js";
import { actWaiting } from "./api.js";
import { actionOf, firstState } from "./fields.js";

const TYPED = new Set(["plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"]);

function make(surface, target, blocks, kept, errors = {}) {
  const byId = new Map((blocks ?? []).map((block) => [block.block_id, block]));
  const key = (block, action) => `${surface}/${block}/${action}`;
  const send = (block, element, action) =>
    actWaiting(key(block, element.action_id), "press", {
      ...target,
      block,
      action: element.action_id,
      type: element.type,
      chosen: action,
      values: formValues(surface, blocks),
    });
  return {
    surface,
    target,
    blocks,
    errors,
    key,
    send,
    busy: (block, action) => app.waiting.has(key(block, action)),
    state: (block, element) =>
      fieldState(surface, block, element.action_id, () => kept?.[block]?.[element.action_id] ?? firstState(element)),
    /** Keep a new state; the app hears of it at once unless the element stands in an input block. */
    put(block, element, state, entered = false) {
      setField(surface, block, element.action_id, state);
      const holder = byId.get(block);
      if (holder && errors[block]) delete errors[block];
      change();
      const inInput = holder?.type === "input";
      const tells = inInput
        ? holder.dispatch_action && (!TYPED.has(element.type) || entered)
        : !TYPED.has(element.type) || entered;
      if (tells) send(block, element, actionOf(state));
    },
  };
}

const contexts = new Map();

/** The context of a view (modal or Home tab). */
export function viewContext(view) {
  if (!app.errors.has(view.id)) app.errors.set(view.id, {});
  return make(`view:${view.id}`, { view: view.id }, view.blocks, view.values, app.errors.get(view.id));
}

/** The context of a message, the same object for the same version of the message. */
export function messageContext(message) {
  const surface = `message:${app.me}:${message.channel}:${message.ts}`;
  const known = contexts.get(surface);
  if (known?.blocks === message.blocks) return known;
  const made = make(surface, { channel: message.channel, ts: message.ts }, message.blocks, null);
  contexts.set(surface, made);
  return made;
}
