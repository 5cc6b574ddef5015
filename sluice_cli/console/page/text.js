// Numbers, times and untrusted text for people. Times are shown in the reader's time zone.

// Characters that show nothing, or change how others are read: controls but for tab and line feed, formats (of direction,
// zero width, tags), line and paragraph separators, halves of pairs, and letters without a form. Those that join are left
// where they join: in emoji, and in scripts that need them.
const HIDDEN =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0](?<!(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d)(?<![\p{Script=Arabic}\p{M}][\u200c\u200d])/gu;

/** Text with characters that nobody would see shown as escapes. */
export const visible = (text) =>
  text.replace(HIDDEN, (one) => {
    const code = one.codePointAt(0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });

export const cut = (text, longest) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

const numbers = new Intl.NumberFormat();
export const count = (number) => numbers.format(number);

/** `3 objects`, `1 object`. */
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

export const bytes = (size) => {
  if (size < 1000) return plural(size, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  while (value >= 999.5) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toPrecision(3).replace(/\.0+$/, "")} ${units[unit]}`;
};

/** A duration in seconds; a dash where it is not known. */
export const duration = (seconds) => {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.0995) return `${(seconds * 1000).toPrecision(2).replace(/\.0$/, "")} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
const clockOfSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const valid = (seconds) => Number.isFinite(seconds) && Math.abs(seconds) < 8.64e12;
const date = (seconds) => new Date(seconds * 1000);

/** The time of day, with the day where it is not today. */
export const timeText = (seconds, precise = false) => {
  if (!valid(seconds)) return "–";
  const at = date(seconds);
  const text = (precise ? clock : clockOfSeconds).format(at);
  return at.toDateString() === new Date().toDateString() ? text : `${day.format(at)}, ${text}`;
};

export const time = (seconds, precise = false) => {
  const made = document.createElement("time");
  made.textContent = timeText(seconds, precise);
  if (valid(seconds)) {
    made.dateTime = date(seconds).toISOString();
    made.title = whole.format(date(seconds));
  }
  return made;
};

/** JSON as people write it, if text is JSON; otherwise the text. */
export const pretty = (text) => {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
};

/** Of a text that is to be JSON. Throws what is wrong, in words. */
export const parsed = (text, what) => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not valid JSON: ${error.message}`);
  }
};
