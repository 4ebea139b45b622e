// Who uses the page and what for: for the whole page, and for a piece of work.
import * as names from "../names.js";
import { addAttributes, type Attributes } from "../core/values.js";

/** Known words, and any attribute of your own; null takes one away. */
export interface Who {
  user?: string | number | null;
  session?: string | null;
  team?: string | null;
  feature?: string | null;
  version?: string | null;
  tags?: string[] | null;
  [attribute: string]: unknown;
}

const WORDS: Record<string, string> = {
  user: names.USER_ID,
  session: names.SESSION_ID,
  team: names.TEAM,
  feature: names.FEATURE,
  version: names.VERSION,
  tags: names.TAGS,
};

/** The attribute of a word. */
export const attributeName = (word: string): string => WORDS[word] ?? word;

/** `before` with what `who` says. */
export function withWho(before: Attributes, who: Who): Attributes {
  const all = { ...before };
  const said = addAttributes({}, who, 2000);
  for (const word of wordsIn(who)) {
    const name = attributeName(word);
    const value = said[word];
    if (value === undefined) delete all[name];
    else all[name] = name === names.TAGS ? [value].flat().map(String) : WORDS[word] ? String(value) : value;
  }
  return all;
}

function wordsIn(who: Who): string[] {
  try {
    return Object.keys(who);
  } catch {
    return [];
  }
}
