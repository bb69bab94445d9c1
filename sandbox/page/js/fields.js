// What an element of Block Kit holds: its first state, what it sends when it is used, and the client-side rules.

const FIRST = {
  plain_text_input: (e) => ({ value: e.initial_value ?? null }),
  email_text_input: (e) => ({ value: e.initial_value ?? null }),
  url_text_input: (e) => ({ value: e.initial_value ?? null }),
  number_input: (e) => ({ value: e.initial_value ?? null }),
  rich_text_input: (e) => ({ rich_text_value: e.initial_value ?? null }),
  static_select: (e) => ({ selected_option: e.initial_option ?? null }),
  external_select: (e) => ({ selected_option: e.initial_option ?? null }),
  radio_buttons: (e) => ({ selected_option: e.initial_option ?? null }),
  multi_static_select: (e) => ({ selected_options: e.initial_options ?? [] }),
  multi_external_select: (e) => ({ selected_options: e.initial_options ?? [] }),
  checkboxes: (e) => ({ selected_options: e.initial_options ?? [] }),
  users_select: (e) => ({ selected_user: e.initial_user ?? null }),
  multi_users_select: (e) => ({ selected_users: e.initial_users ?? [] }),
  channels_select: (e) => ({ selected_channel: e.initial_channel ?? null }),
  multi_channels_select: (e) => ({ selected_channels: e.initial_channels ?? [] }),
  conversations_select: (e) => ({ selected_conversation: e.initial_conversation ?? null }),
  multi_conversations_select: (e) => ({ selected_conversations: e.initial_conversations ?? [] }),
  datepicker: (e) => ({ selected_date: e.initial_date ?? null }),
  timepicker: (e) => ({ selected_time: e.initial_time ?? null }),
  datetimepicker: (e) => ({ selected_date_time: e.initial_date_time ?? null }),
  file_input: () => ({ files: [] }),
};

/** Slack's state of an untouched element; null for those that hold nothing (buttons, overflow). */
export function firstState(element) {
  return FIRST[element.type] ? { type: element.type, ...FIRST[element.type](element) } : null;
}

/** What actions[0] carries besides its ids: the state without its type. */
export function actionOf(state) {
  const { type: _, ...rest } = state;
  return rest;
}

function isEmpty(state) {
  if (!state) return true;
  const [held] = Object.entries(state)
    .filter(([key]) => key !== "type")
    .map(([, value]) => value);
  if (held === null || held === undefined || held === "") return true;
  if (Array.isArray(held)) return held.length === 0;
  if (state.type === "rich_text_input") return !hasWords(held);
  return false;
}

function hasWords(block) {
  return (block.elements ?? []).some(
    (element) =>
      (element.type === "text" ? element.text.trim() : element.type !== undefined && !element.elements) ||
      (element.elements && hasWords(element)),
  );
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Why an input block may not be submitted as it is filled in, in words; null if it may. */
export function problem(block, state) {
  const element = block.element;
  if (isEmpty(state)) return block.optional ? null : "Please complete this required field.";
  const text = state.value;
  const length = typeof text === "string" ? [...text].length : 0;
  if (element.type === "plain_text_input") {
    if (element.min_length && length < element.min_length)
      return `Must be at least ${element.min_length} characters long. You have ${length}.`;
    if (length > (element.max_length ?? 3000))
      return `Must be at most ${element.max_length ?? 3000} characters long. You have ${length}.`;
  }
  if (element.type === "email_text_input" && !EMAIL.test(text)) return "Please enter a valid e-mail address.";
  if (element.type === "url_text_input" && !URL.canParse(text)) return "Please enter a valid URL.";
  if (element.type === "number_input") {
    const number = Number(text);
    if (text.trim() === "" || Number.isNaN(number)) return "Please enter a number.";
    if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
    if (element.min_value !== undefined && number < Number(element.min_value))
      return `Must be ${element.min_value} or more.`;
    if (element.max_value !== undefined && number > Number(element.max_value))
      return `Must be ${element.max_value} or less.`;
  }
  return null;
}
