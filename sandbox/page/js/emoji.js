// The emoji names that the page knows; an unknown :name: stays as it was typed.

export const EMOJI = {
  wave: "👋", tada: "🎉", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️",
  rotating_light: "🚨", eyes: "👀", raised_hands: "🙌", pray: "🙏", "+1": "👍", thumbsup: "👍",
  "-1": "👎", thumbsdown: "👎", clap: "👏", fire: "🔥", star: "⭐", sparkles: "✨", heart: "❤️",
  blue_heart: "💙", smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", joy: "😂",
  thinking_face: "🤔", neutral_face: "😐", disappointed: "😞", sob: "😭", sunglasses: "😎",
  calendar: "📅", date: "📅", spiral_calendar_pad: "🗓️", alarm_clock: "⏰", hourglass_flowing_sand: "⏳",
  hourglass: "⌛", bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", speech_balloon: "💬",
  left_speech_bubble: "🗨️", email: "✉️", envelope: "✉️", incoming_envelope: "📨", telephone_receiver: "📞",
  memo: "📝", pencil: "📝", pencil2: "✏️", clipboard: "📋", books: "📚", book: "📖", bookmark: "🔖",
  bulb: "💡", mag: "🔍", link: "🔗", paperclip: "📎", lock: "🔒", unlock: "🔓", key: "🔑", pushpin: "📌",
  round_pushpin: "📍", ballot_box_with_ballot: "🗳️", ballot_box_with_check: "☑️", classical_building: "🏛️",
  school: "🏫", house: "🏠", us: "🇺🇸", "flag-us": "🇺🇸", chart_with_upwards_trend: "📈", bar_chart: "📊",
  moneybag: "💰", dollar: "💵", handshake: "🤝", muscle: "💪", point_right: "👉", point_down: "👇",
  arrow_right: "➡️", arrow_left: "⬅️", repeat: "🔁", arrows_counterclockwise: "🔄", new: "🆕", soon: "🔜",
  question: "❓", grey_question: "❔", exclamation: "❗", information_source: "ℹ️", zzz: "💤", coffee: "☕",
  palm_tree: "🌴", rocket: "🚀", trophy: "🏆", medal: "🏅", seedling: "🌱", sunrise: "🌅", sun_with_face: "🌞",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", microphone: "🎤", headphones: "🎧",
  movie_camera: "🎥", one: "1️⃣", two: "2️⃣", three: "3️⃣", "100": "💯", robot_face: "🤖", shield: "🛡️",
};

/** Replace :names: of known emoji in a text. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => (Object.hasOwn(EMOJI, name) ? EMOJI[name] : whole));
}
