// Selects: one text field with a list below it, for static, external, user, channel and conversation selects,
// single and multiple. Only one list is open at a time; it lives in the page's overlay, so nothing clips it.

import { classes, h, icon } from "./dom.js";
import { app, change, nameOf } from "./store.js";
import { act } from "./api.js";
import { plain } from "./inline.js";
import { avatar } from "./faces.js";

const KINDS = {
  static_select: { holds: "selected_option" },
  external_select: { holds: "selected_option", external: true },
  users_select: { holds: "selected_user", people: true },
  channels_select: { holds: "selected_channel", places: ["channel"] },
  conversations_select: { holds: "selected_conversation", places: ["channel", "private", "group", "dm", "app"] },
  multi_static_select: { holds: "selected_options", many: true },
  multi_external_select: { holds: "selected_options", many: true, external: true },
  multi_users_select: { holds: "selected_users", many: true, people: true },
  multi_channels_select: { holds: "selected_channels", many: true, places: ["channel"] },
  multi_conversations_select: {
    holds: "selected_conversations",
    many: true,
    places: ["channel", "private", "group", "dm", "app"],
  },
};

const FILTERS = { public: "channel", private: "private", mpim: "group", im: "dm" };

export function isSelect(type) {
  return Object.hasOwn(KINDS, type);
}

// An item is {id, label, group?, description?, user?, held}: `held` is what the state keeps.
function ofOption(option, group) {
  return {
    id: option.value,
    label: plain(option.text),
    description: option.description ? plain(option.description) : null,
    group,
    held: option,
  };
}

function ofPerson(id) {
  return { id, label: nameOf(id), user: id, held: id };
}

function ofPlace(id) {
  const place = app.world.conversations.find((one) => one.id === id) ?? app.world.places[id];
  const sign = place && ["channel", "private"].includes(place.kind ?? "channel") ? "#" : "";
  return { id, label: `${sign}${place?.name ?? id}`, held: id };
}

function item(kind, held) {
  if (kind.people) return ofPerson(held);
  if (kind.places) return ofPlace(held);
  return ofOption(held);
}

function listed(element, kind) {
  if (kind.people) return app.world.people.filter((one) => !one.deleted).map((one) => ofPerson(one.id));
  if (kind.places) {
    const include = element.filter?.include?.map((name) => FILTERS[name]);
    return app.world.conversations
      .filter(
        (place) =>
          kind.places.includes(place.kind) && (!include || include.includes(place.kind === "app" ? "dm" : place.kind)),
      )
      .map((place) => ofPlace(place.id));
  }
  if (element.options) return element.options.map((option) => ofOption(option));
  return (element.option_groups ?? []).flatMap((group) =>
    group.options.map((option) => ofOption(option, plain(group.label))),
  );
}

function matches(combo) {
  if (combo.kind.external) return combo.found ?? [];
  const query = combo.query.trim().toLocaleLowerCase();
  const all = listed(combo.element, combo.kind);
  return query ? all.filter((one) => one.label.toLocaleLowerCase().includes(query)) : all;
}

let asking = 0;

function search(combo) {
  if (!combo.kind.external) return;
  const least = combo.element.min_query_length ?? 3;
  clearTimeout(combo.timer);
  if (combo.query.length < least) {
    combo.found = null;
    combo.hint = `Type at least ${least} character${least === 1 ? "" : "s"} to search`;
    return;
  }
  combo.loading = true;
  combo.hint = null;
  asking += 1;
  const mine = asking;
  combo.timer = setTimeout(async () => {
    let found = [];
    let failed = null;
    try {
      const answer = await act(
        "suggest",
        { ...combo.context.target, block: combo.block, action: combo.element.action_id, query: combo.query },
        { quiet: true },
      );
      found = answer.option_groups
        ? answer.option_groups.flatMap((group) => group.options.map((option) => ofOption(option, plain(group.label))))
        : (answer.options ?? []).map((option) => ofOption(option));
    } catch (error) {
      failed = error.words;
    }
    if (mine !== asking || app.combo !== combo) return;
    change(() => Object.assign(combo, { loading: false, found, hint: failed, active: found.length ? 0 : -1 }));
  }, 200);
}

function open(key, block, element, context, state, field) {
  const kind = KINDS[element.type];
  if (app.combo?.key === key) return;
  const combo = {
    key,
    block: block.block_id,
    element,
    kind,
    context,
    field,
    query: "",
    active: -1,
    found: null,
    hint: null,
    loading: false,
  };
  search(combo);
  change(() => {
    app.combo = combo;
    const chosen = kind.many ? null : state[kind.holds];
    combo.active = chosen ? matches(combo).findIndex((one) => one.id === (chosen.value ?? chosen)) : -1;
  });
}

function closeCombo() {
  if (app.combo)
    change(() => {
      app.combo = null;
    });
}

function choose(combo, chosen) {
  const { kind, element, context } = combo;
  const state = context.state(combo.block, element);
  if (!kind.many) {
    closeCombo();
    context.put(combo.block, element, { type: element.type, [kind.holds]: chosen.held });
    return;
  }
  const held = state[kind.holds];
  const known = held.some((one) => item(kind, one).id === chosen.id);
  if (!known && element.max_selected_items && held.length >= element.max_selected_items) {
    change(() => {
      combo.hint = `Choose at most ${element.max_selected_items}.`;
    });
    return;
  }
  const next = known ? held.filter((one) => item(kind, one).id !== chosen.id) : [...held, chosen.held];
  change(() => {
    combo.query = "";
    combo.hint = null;
  });
  search(combo);
  context.put(combo.block, element, { type: element.type, [kind.holds]: next });
}

function keys(event, key, block, element, context, state) {
  const combo = app.combo?.key === key ? app.combo : null;
  const field = event.currentTarget.closest(".combo");
  if (!combo) {
    if (["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) {
      event.preventDefault();
      open(key, block, element, context, state, field);
    } else if (event.key === "Backspace" && KINDS[element.type].many && state[KINDS[element.type].holds].length) {
      context.put(block.block_id, element, {
        ...state,
        [KINDS[element.type].holds]: state[KINDS[element.type].holds].slice(0, -1),
      });
    }
    return;
  }
  const items = matches(combo);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    change(() => {
      combo.active = items.length ? (combo.active + step + items.length) % items.length : -1;
    });
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (items[combo.active]) choose(combo, items[combo.active]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closeCombo();
  } else if (event.key === "Tab") {
    closeCombo();
  } else if (event.key === "Backspace" && !combo.query && combo.kind.many && state[combo.kind.holds].length) {
    context.put(block.block_id, element, { ...state, [combo.kind.holds]: state[combo.kind.holds].slice(0, -1) });
  }
}

/** A select with its chips, as the field of `block`. `context`: see blocks.js. */
export function select(block, element, context, labelId) {
  const kind = KINDS[element.type];
  const state = context.state(block.block_id, element);
  const key = context.key(block.block_id, element.action_id);
  const combo = app.combo?.key === key ? app.combo : null;
  const held = kind.many ? state[kind.holds] : state[kind.holds] ? [state[kind.holds]] : [];
  const items = held.map((one) => item(kind, one));
  const shown = combo ? combo.query : kind.many ? "" : (items[0]?.label ?? "");
  const many =
    kind.many &&
    items.map((one) =>
      h(
        "span",
        { class: "chip", key: one.id },
        one.label,
        h(
          "button",
          {
            type: "button",
            class: "chip-remove",
            "aria-label": `Remove ${one.label}`,
            onclick: () =>
              context.put(block.block_id, element, {
                ...state,
                [kind.holds]: held.filter((other) => item(kind, other).id !== one.id),
              }),
          },
          icon("x"),
        ),
      ),
    );
  const placeholder = element.placeholder ? plain(element.placeholder) : "Select an option";
  const begin = (event) => open(key, block, element, context, state, event.currentTarget.closest(".combo"));
  return h(
    "div",
    {
      class: classes("combo", combo && "combo-open", context.busy(block.block_id, element.action_id) && "is-busy"),
      "data-testid": `select-${element.action_id}`,
    },
    many,
    h("input", {
      type: "text",
      key: "input",
      role: "combobox",
      class: "combo-input",
      autocomplete: "off",
      spellcheck: "false",
      "aria-expanded": combo ? "true" : "false",
      "aria-autocomplete": "list",
      "aria-controls": combo ? "combo-list" : null,
      "aria-activedescendant": combo && combo.active >= 0 ? `combo-item-${combo.active}` : null,
      "aria-labelledby": labelId,
      "aria-label": labelId ? null : placeholder,
      "data-testid": `field-${element.action_id}`,
      placeholder: (combo && !kind.many && items[0]?.label) || (kind.many && items.length ? "" : placeholder),
      value: shown,
      onclick: begin,
      oninput: (event) => {
        const typed = event.currentTarget.value;
        begin(event);
        change(() => {
          app.combo.query = typed;
          app.combo.active = 0;
        });
        search(app.combo);
      },
      onkeydown: (event) => keys(event, key, block, element, context, state),
      onblur: () => app.combo?.key === key && closeCombo(),
    }),
    h("span", { class: "combo-chevron", key: "chevron" }, icon("chevron-down")),
  );
}

/** The open list, placed at its field; drawn once, over everything else. */
export function comboList() {
  const combo = app.combo;
  if (!combo?.field?.isConnected) return null;
  const box = combo.field.getBoundingClientRect();
  const below = window.innerHeight - box.bottom;
  const up = below < 220 && box.top > below;
  const room = Math.min(300, (up ? box.top : below) - 12);
  const width = Math.min(Math.max(box.width, 220), window.innerWidth - 16);
  const left = Math.max(8, Math.min(box.left, window.innerWidth - width - 8));
  const items = matches(combo);
  const state = combo.context.state(combo.block, combo.element);
  const held = new Set(
    [state[combo.kind.holds]]
      .flat()
      .filter(Boolean)
      .map((one) => item(combo.kind, one).id),
  );
  let group;
  const rows = items.flatMap((one, index) => {
    const heading =
      one.group !== undefined && one.group !== group
        ? [h("li", { class: "combo-group", role: "presentation", key: `g-${one.group}` }, one.group)]
        : [];
    group = one.group;
    return [
      ...heading,
      h(
        "li",
        {
          id: `combo-item-${index}`,
          key: `${one.group ?? ""}/${one.id}`,
          role: "option",
          class: classes("combo-item", index === combo.active && "is-active", held.has(one.id) && "is-chosen"),
          "aria-selected": held.has(one.id) ? "true" : "false",
          "data-testid": `option-${one.id}`,
          onmousedown: (event) => {
            event.preventDefault();
            choose(combo, one);
          },
          updated: (row) => index === combo.active && row.scrollIntoView({ block: "nearest" }),
        },
        one.user ? avatar(one.user, "small") : null,
        h("span", { class: "combo-label" }, one.label, one.description ? h("small", null, one.description) : null),
        held.has(one.id) ? icon("check") : null,
      ),
    ];
  });
  const empty = combo.loading ? "Searching…" : (combo.hint ?? "No results");
  return h(
    "ul",
    {
      id: "combo-list",
      key: combo.key,
      class: "combo-list popover",
      role: "listbox",
      "aria-multiselectable": combo.kind.many ? "true" : null,
      style: `left:${left}px;width:${width}px;max-height:${room}px;${up ? `bottom:${window.innerHeight - box.top + 4}px` : `top:${box.bottom + 4}px`}`,
      onmousedown: (event) => event.preventDefault(),
    },
    combo.hint && rows.length ? h("li", { class: "combo-empty", role: "presentation" }, combo.hint) : null,
    rows.length && !combo.loading
      ? rows
      : h("li", { class: "combo-empty", role: "presentation", "aria-live": "polite" }, empty),
  );
}
