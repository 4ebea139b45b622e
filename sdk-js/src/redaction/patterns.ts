// The built-in patterns: all detectors over a text, large texts in windows that overlap.
import { findEmails } from "./emails.js";
import type { Found } from "./found.js";
import { findNamedValues } from "./named_values.js";
import { findNumbers } from "./numbers.js";
import { findSecrets } from "./secrets.js";
import { view } from "./views.js";

/** Characters looked at together. */
const WINDOW = 256 * 1024;
/** How far a window reaches into the next one; a longer secret is taken up to its end all the same. */
const AROUND = 16 * 1024;
const LEAD = 512;
// The more telling kind wins where places overlap; a secret's value may look like anything.
const RANK = { secret: 0, card: 1, iban: 2, national_id: 3, email: 4, phone: 5 };

/** Places in the text, in order; what overlapped has become one, of the more telling kind. */
export function find(text: string): Found[] {
  if (text.length <= WINDOW + AROUND) return merged(inWindow(text), text.length);
  const found: Found[] = [];
  for (let begin = 0; begin < text.length; begin += WINDOW) {
    const from = begin - Math.min(LEAD, begin);
    const stop = Math.min(text.length, begin + WINDOW + AROUND);
    for (const place of inWindow(text.slice(from, stop))) {
      const start = place.start + from;
      if (start < begin || start >= begin + WINDOW) continue;
      const end = place.end + from;
      found.push({ ...place, start, end: end >= stop - 8 ? endOf(text, end) : end });
    }
  }
  return merged(found, text.length);
}

function inWindow(text: string): Found[] {
  const seen = view(text);
  const read = [...findSecrets(seen.text), ...findEmails(seen.text), ...findNumbers(seen.text)];
  const found = read.map(({ start, end, kind }) => {
    const [from, to] = seen.place(start, end);
    return { start: from, end: to, kind };
  });
  return [...findNamedValues(text, seen), ...found];
}

/** Where something that goes on beyond its window ends: at the next quote or space. */
function endOf(text: string, from: number): number {
  let end = from;
  while (end < text.length && !/["'\n ]/.test(text[end] ?? "")) end++;
  return end;
}

function merged(places: Found[], size: number): Found[] {
  const inside = places.filter(({ start, end }) => start >= 0 && start < end && end <= size);
  inside.sort((a, b) => a.start - b.start || b.end - a.end || RANK[a.kind] - RANK[b.kind]);
  const found: Found[] = [];
  for (const place of inside) {
    const last = found.at(-1);
    if (!last || place.start >= last.end) found.push(place);
    else {
      const { kind } = RANK[place.kind] < RANK[last.kind] ? place : last;
      found[found.length - 1] = { start: last.start, end: Math.max(last.end, place.end), kind };
    }
  }
  return found;
}
