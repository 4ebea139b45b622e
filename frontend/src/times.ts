// Times arrive in UTC; here they are rewritten to the reader's zone, in the formats the server uses.

const day = 86_400_000;
const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");
const part = (date: Date, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat("en-GB", options).format(date);
const clock = (date: Date): string => `${pad(date.getHours())}:${pad(date.getMinutes())}`;

export function zone(date: Date = new Date()): string {
  const offset = -date.getTimezoneOffset();
  if (offset === 0) return "UTC";
  const minutes = Math.abs(offset) % 60;
  const hours = Math.floor(Math.abs(offset) / 60);
  return `UTC${offset < 0 ? "−" : "+"}${hours}${minutes ? `:${pad(minutes)}` : ""}`;
}

export function full(date: Date): string {
  const name = part(date, { weekday: "short" });
  const month = part(date, { month: "short" });
  const time = `${clock(date)}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${name} ${date.getDate()} ${month} ${date.getFullYear()}, ${time} ${zone(date)}`;
}

export function short(date: Date, now: Date): string {
  const midnight = (d: Date): number => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(date)) / day);
  if (days === 0) return `${clock(date)}:${pad(date.getSeconds())}`;
  if (days > 0 && days < 7) return `${part(date, { weekday: "short" })} ${clock(date)}`;
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${part(date, { month: "short" })}${year}`;
}

// For lines that follow each other closely, as in logs.
export function precise(date: Date, now: Date): string {
  const text = short(date, now);
  if (/^\d+:\d+:/.test(text)) return text;
  return /:/.test(text)
    ? `${text}:${pad(date.getSeconds())}`
    : `${date.getDate()} ${part(date, { month: "short" })} ${clock(date)}`;
}

export function localiseTimes(root: ParentNode): void {
  const now = new Date();
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-style]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    element.title = full(date);
    const style = element.dataset["style"];
    element.textContent =
      style === "list" ? short(date, now) : style === "log" ? precise(date, now) : full(date);
  }
  const label = document.querySelector("[data-zone]");
  if (label) label.textContent = zone();
}
