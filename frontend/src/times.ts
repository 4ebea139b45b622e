// Times arrive in UTC; here they are rewritten to the reader's zone, in the formats the server uses.

const day = 86_400_000;
const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");
// Names as the server writes them; a formatter of the browser's takes a slow machine a second for a list of times.
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const weekday = (date: Date): string => weekdays[date.getDay()] ?? "";
const month = (date: Date): string => months[date.getMonth()] ?? "";
const clock = (date: Date): string => `${pad(date.getHours())}:${pad(date.getMinutes())}`;

export function zone(date: Date = new Date()): string {
  const offset = -date.getTimezoneOffset();
  if (offset === 0) return "UTC";
  const minutes = Math.abs(offset) % 60;
  const hours = Math.floor(Math.abs(offset) / 60);
  return `UTC${offset < 0 ? "−" : "+"}${hours}${minutes ? `:${pad(minutes)}` : ""}`;
}

export function full(date: Date): string {
  const time = `${clock(date)}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${weekday(date)} ${date.getDate()} ${month(date)} ${date.getFullYear()}, ${time} ${zone(date)}`;
}

function daysBetween(date: Date, now: Date): number {
  const midnight = (d: Date): number => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  return Math.round((midnight(now) - midnight(date)) / day);
}

export function short(date: Date, now: Date): string {
  const days = daysBetween(date, now);
  if (days === 0) return `${clock(date)}:${pad(date.getSeconds())}`;
  if (days > 0 && days < 7) return `${weekday(date)} ${clock(date)}`;
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${month(date)}${year}`;
}

// For lines that follow each other closely, as in logs.
export function precise(date: Date, now: Date): string {
  const text = short(date, now);
  if (/^\d+:\d+:/.test(text)) return text;
  return /:/.test(text)
    ? `${text}:${pad(date.getSeconds())}`
    : `${date.getDate()} ${month(date)} ${clock(date)}`;
}

// An end of a range, never without its day.
export function edge(date: Date, now: Date): string {
  const days = daysBetween(date, now);
  const name = days >= 0 && days < 7 ? weekday(date) : `${date.getDate()} ${month(date)}`;
  return `${name} ${clock(date)}`;
}

// A column of moments: milliseconds only where there are some.
export function stamp(date: Date): string {
  const parts = date.getMilliseconds() ? `.${pad(date.getMilliseconds(), 3)}` : "";
  const time = `${clock(date)}:${pad(date.getSeconds())}${parts}`;
  return `${date.getDate()} ${month(date)} ${date.getFullYear()}, ${time}`;
}

const styles: Record<string, (date: Date, now: Date) => string> = { list: short, log: precise, edge, stamp };

export function localiseTimes(root: ParentNode): void {
  const now = new Date();
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-style]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    element.title = full(date);
    element.textContent = (styles[element.dataset["style"] ?? ""] ?? full)(date, now);
  }
  const label = document.querySelector("[data-zone]");
  if (label) label.textContent = zone();
}
