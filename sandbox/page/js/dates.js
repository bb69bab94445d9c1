// Dates as people read them: in the zone of the person who is looking, in American English.

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
    } catch {
      made = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options });
    }
    formats.set(key, made);
  }
  return made;
}

function parts(seconds, zone) {
  const all = format(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(seconds * 1000));
  return Object.fromEntries(all.map((part) => [part.type, part.value]));
}

/** "2027-04-01" of an instant (seconds) in a zone. */
export function isoDate(seconds, zone) {
  const at = parts(seconds, zone);
  return `${at.year}-${at.month}-${at.day}`;
}

/** "2027-04-01T17:00" of an instant (seconds) in a zone, as <input type="datetime-local"> wants it. */
export function isoMinute(seconds, zone) {
  const at = parts(seconds, zone);
  return `${at.year}-${at.month}-${at.day}T${at.hour}:${at.minute}`;
}

/** Seconds since 1970 of a wall time "2027-04-01T17:00" in a zone; a gap moves forward. */
export function fromWall(wall, zone) {
  const wanted = Date.parse(`${wall}:00Z`) / 1000;
  let guess = wanted;
  for (let round = 0; round < 3; round += 1) {
    const shown = Date.parse(`${isoMinute(guess, zone)}:00Z`) / 1000;
    if (shown === wanted) break;
    guess += wanted - shown;
  }
  return guess;
}

export function clockTime(seconds, zone, withSeconds = false) {
  const options = { hour: "numeric", minute: "2-digit" };
  if (withSeconds) options.second = "2-digit";
  return format(zone, options)
    .format(new Date(seconds * 1000))
    .replace(/\u202f/g, " ");
}

/** "EDT" and the like. */
export function zoneName(seconds, zone) {
  const all = format(zone, { timeZoneName: "short", hour: "numeric" }).formatToParts(new Date(seconds * 1000));
  return all.find((part) => part.type === "timeZoneName")?.value ?? "";
}

function ordinal(day) {
  const tens = day % 100;
  if (tens > 10 && tens < 14) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

function daysApart(seconds, now, zone) {
  return Math.round((Date.parse(isoDate(seconds, zone)) - Date.parse(isoDate(now, zone))) / 86400000);
}

function longDate(seconds, zone, { weekday = false, month = "long", year = true } = {}) {
  const date = new Date(seconds * 1000);
  const day = Number(parts(seconds, zone).day);
  const name = format(zone, { month }).format(date);
  const dayText = month === "short" ? String(day) : ordinal(day);
  const front = weekday ? `${format(zone, { weekday: "long" }).format(date)}, ` : "";
  return `${front}${name} ${dayText}${year ? `, ${parts(seconds, zone).year}` : ""}`;
}

function relative(seconds, now, zone, capital = true) {
  const word = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[daysApart(seconds, now, zone)];
  if (!word) return null;
  return capital ? word[0].toUpperCase() + word.slice(1) : word;
}

export function ago(seconds, now) {
  const gap = Math.abs(now - seconds);
  const steps = [
    [60, "second", 1],
    [3600, "minute", 60],
    [86400, "hour", 3600],
    [2592000, "day", 86400],
    [31536000, "month", 2592000],
    [Infinity, "year", 31536000],
  ];
  if (gap < 10) return "just now";
  const [, unit, size] = steps.find(([below]) => gap < below);
  const count = Math.floor(gap / size);
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > now ? `in ${text}` : `${text} ago`;
}

/** The heading between messages of different days. */
export function dayHeading(seconds, now, zone) {
  const sameYear = parts(seconds, zone).year === parts(now, zone).year;
  return relative(seconds, now, zone) ?? longDate(seconds, zone, { weekday: true, year: !sameYear });
}

export function fullTime(seconds, zone) {
  return `${longDate(seconds, zone, { weekday: true })} at ${clockTime(seconds, zone, true)}`;
}

export function clockDate(seconds, zone) {
  return format(zone, { weekday: "short", month: "short", day: "numeric", year: "numeric" }).format(
    new Date(seconds * 1000),
  );
}

/**
 * Slack's <!date^…> format string, filled in for a reader's zone.
 * Source of the tokens: docs.slack.dev/messaging/formatting-message-text; the year is left out within six months.
 */
export function dateTokens(seconds, template, zone, now) {
  const year = Math.abs(seconds - now) > 182 * 86400;
  const tokens = {
    date_num: () => isoDate(seconds, zone),
    date: () => longDate(seconds, zone, { year }),
    date_slash: () => isoDate(seconds, zone).replace(/(\d+)-(\d+)-(\d+)/, "$2/$3/$1"),
    date_short: () => longDate(seconds, zone, { month: "short", year }),
    date_long: () => longDate(seconds, zone, { weekday: true, year }),
    date_pretty: () => relative(seconds, now, zone, false) ?? longDate(seconds, zone, { year }),
    date_short_pretty: () => relative(seconds, now, zone, false) ?? longDate(seconds, zone, { month: "short", year }),
    date_long_pretty: () => relative(seconds, now, zone, false) ?? longDate(seconds, zone, { weekday: true, year }),
    time: () => clockTime(seconds, zone),
    time_secs: () => clockTime(seconds, zone, true),
    ago: () => ago(seconds, now),
  };
  return template.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(tokens, name) ? tokens[name]() : whole));
}
