// Any value of a program as an attribute or as text: bounded, and never an exception.

/** What OpenTelemetry takes as an attribute. */
export type AttributeValue = string | number | boolean | string[] | number[] | boolean[];
export type Attributes = Record<string, AttributeValue>;

const DEPTH = 12;
const MEMBERS = 50_000;
// What a number takes, about.
const NUMBER = 8;
const UNREADABLE = "[unreadable]";

/** A text of at most `limit` characters; what was cut is said at its end, no character is cut in two. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = text.charCodeAt(limit - 1);
  const end = half >= 0xd800 && half <= 0xdbff ? limit - 1 : limit;
  return `${text.slice(0, end)}… [${text.length - end} more characters]`;
}

/** `value` as text: texts as they are, everything else as JSON, as far as it can be read within `limit`. */
export function textOf(value: unknown, limit: number): string {
  try {
    if (typeof value === "string") return cut(value, limit);
    const json = JSON.stringify(plain(value, limit));
    return json === undefined ? String(value) : cut(json, limit);
  } catch {
    return UNREADABLE;
  }
}

/** A copy of `value` that JSON can say: cycles, big integers, bytes and members that throw are named. */
export function plain(value: unknown, limit: number): unknown {
  const seen: unknown[] = [];
  let left = limit;
  let members = MEMBERS;

  const text = (found: string): string => {
    const kept = cut(found, Math.max(left, 0));
    left -= kept.length;
    return kept;
  };
  const walk = (item: unknown): unknown => {
    switch (typeof item) {
      case "string":
        return text(item);
      case "number":
        left -= NUMBER;
        return Number.isFinite(item) ? item : String(item);
      case "boolean":
        return item;
      case "bigint":
        return String(item);
      case "undefined":
        return undefined;
      case "object":
        return item === null ? null : object(item);
      case "function":
        return `[function ${item.name}]`;
      default:
        return String(item);
    }
  };
  const member = (read: () => unknown): unknown => {
    try {
      return walk(read());
    } catch {
      return UNREADABLE;
    }
  };
  const list = (items: Iterable<unknown>, size: number): unknown[] => {
    const out: unknown[] = [];
    for (const item of items) {
      if (members-- <= 0 || left <= 0) {
        out.push(`[${size - out.length} more]`);
        break;
      }
      out.push(member(() => item) ?? null);
    }
    return out;
  };
  const object = (item: object): unknown => {
    if (seen.includes(item)) return "[circular]";
    if (seen.length >= DEPTH) return "[too deep]";
    seen.push(item);
    try {
      return inside(item as Record<string, unknown>);
    } finally {
      seen.pop();
    }
  };
  const inside = (item: Record<string, unknown>): unknown => {
    if (Array.isArray(item)) return list(item, item.length);
    const bytes = ArrayBuffer.isView(item) || item instanceof ArrayBuffer;
    if (bytes) return `[${(item as unknown as ArrayBuffer).byteLength} bytes]`;
    if (item instanceof Error) {
      return { name: text(String(item.name)), message: text(String(item.message)) };
    }
    if (item instanceof Map) return { entries: list(item, item.size) };
    if (item instanceof Set) return list(item, item.size);
    if (item instanceof Promise) return "[promise]";
    if (typeof item.toJSON === "function") {
      const said: unknown = (item.toJSON as () => unknown)();
      if (said !== item) return walk(said);
    }
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(item)) {
      if (members-- <= 0 || left <= 0) {
        out["…"] = "[more]";
        break;
      }
      out[text(key)] = member(() => item[key]);
    }
    return out;
  };
  return member(() => value);
}

/** `value` as an attribute; undefined where there is nothing to say (null and undefined are unknown). */
export function attributeOf(value: unknown, limit: number): AttributeValue | undefined {
  switch (typeof value) {
    case "string":
      return cut(value, limit);
    case "number":
    case "boolean":
      return value;
    case "undefined":
      return undefined;
    default:
  }
  if (value === null) return undefined;
  try {
    if (Array.isArray(value) && value.length <= 1000) {
      const kind = typeof value[0];
      const same = value.every((item) => typeof item === kind);
      if (same && kind === "string") return value.map((item: string) => cut(item, limit));
      if (same && (kind === "number" || kind === "boolean")) return [...value] as number[];
      if (value.length === 0) return [];
    }
  } catch {
    return UNREADABLE;
  }
  return textOf(value, limit);
}

/** Adds `values` to `into` as attributes; those that say nothing are left out. */
export function addAttributes(into: Attributes, values: unknown, limit: number): Attributes {
  try {
    for (const key of Object.keys(values ?? {})) {
      const found = attributeOf(member(values as Record<string, unknown>, key), limit);
      if (found !== undefined && key) into[key] = found;
    }
  } catch {
    // An object that does not even say its keys has nothing to add.
  }
  return into;
}

function member(of: Record<string, unknown>, key: string): unknown {
  try {
    return of[key];
  } catch {
    return UNREADABLE;
  }
}
