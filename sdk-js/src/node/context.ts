// Who and what for: attributes that every span below gets, also in other services by W3C baggage.
import {
  type Baggage,
  type Context,
  context as active,
  createContextKey,
  propagation,
} from "@opentelemetry/api";
import * as names from "../names.js";
import { addAttributes, type Attributes } from "../core/values.js";
import { warnOnce } from "../core/warnings.js";
import { attributeName, isWord, type Who } from "../core/who.js";
import { current } from "./state.js";

const KEY = createContextKey("sightline.context");
const LONGEST = 2_000;
// What goes to other services is short.
const CARRIED = 256;

/**
 * Runs `fn` so that every span below carries these attributes, across awaits and timers.
 *
 *     await context({ user: "alice", session: "s-1", feature: "search" }, () => answer(question));
 */
export function context<T>(who: Who, fn: () => T): T {
  return active.with(withWho(active.active(), who), fn);
}

/** A context of OpenTelemetry with these attributes added; null takes one away, tags are added up. */
export function withWho(parent: Context, who: Who): Context {
  const whole: Attributes = { ...(parent.getValue(KEY) as Attributes | undefined) };
  const said = attributesOf(who);
  const before = whole[names.TAGS];
  Object.assign(whole, said);
  const tags = said[names.TAGS];
  if (before && tags) whole[names.TAGS] = [...new Set([before, tags].flat().map(String))];
  const removed = removals(who);
  for (const name of removed) delete whole[name];
  const next = parent.setValue(KEY, whole);
  const baggage = travelling(propagation.getBaggage(parent), whole, [...Object.keys(said), ...removed]);
  return baggage ? propagation.setBaggage(next, baggage) : next;
}

/** The baggage with what changed and may leave; undefined where nothing does. */
function travelling(before: Baggage | undefined, all: Attributes, changed: string[]): Baggage | undefined {
  const allowed = (current()?.config.propagate ?? []).map(attributeName);
  let baggage: Baggage | undefined;
  for (const name of changed) {
    if (!allowed.includes(name)) continue;
    baggage ??= before ?? propagation.createBaggage();
    const value = all[name];
    const text = Array.isArray(value)
      ? value.map((tag) => String(tag).replaceAll(",", "%2C")).join(",")
      : value;
    if (text === undefined) baggage = baggage.removeEntry(name);
    else if (String(text).length <= CARRIED) baggage = baggage.setEntry(name, { value: String(text) });
    else
      warnOnce("baggage", `context(): ${name} has more than ${CARRIED} characters and stays in this process`);
  }
  return baggage;
}

/** What a span that begins in this context gets: of this process, and what came with a request. */
export function contextAttributes(found: Context, allowed: readonly string[]): Attributes | undefined {
  const own = found.getValue(KEY) as Attributes | undefined;
  const baggage = allowed.length ? propagation.getBaggage(found) : undefined;
  if (!baggage) return own;
  const all: Attributes = {};
  for (const word of allowed) {
    const name = attributeName(word);
    const value = baggage.getEntry(name)?.value;
    if (!value || value.length > CARRIED) continue;
    all[name] = name === names.TAGS ? value.split(",").map((tag) => tag.replaceAll("%2C", ",")) : value;
  }
  return Object.assign(all, own);
}

/** Who and what for as attributes. */
export function attributesOf(who: Who): Attributes {
  const raw = addAttributes({}, who, LONGEST);
  const out: Attributes = {};
  for (const key in raw) {
    const value = raw[key];
    if (value === undefined) continue;
    if (key === "tags") out[names.TAGS] = [value].flat().map(String);
    else if (isWord(key)) out[attributeName(key)] = String(value);
    else out[key] = value;
  }
  return out;
}

function removals(who: Who): string[] {
  try {
    return Object.keys(who)
      .filter((key) => who[key] === null)
      .map(attributeName);
  } catch {
    return [];
  }
}
