// Who uses the page and what for: for the whole page, and for a piece of work.
import * as names from "../names.js";
import { addAttributes, type Attributes } from "../core/values.js";
import { attributeName, isWord, type Who } from "../core/who.js";

/** `before` with what `who` says. */
export function withWho(before: Attributes, who: Who): Attributes {
  const all = { ...before };
  const said = addAttributes({}, who, 2000);
  for (const word of wordsIn(who)) {
    const name = attributeName(word);
    const value = said[word];
    if (value === undefined) delete all[name];
    else all[name] = name === names.TAGS ? [value].flat().map(String) : isWord(word) ? String(value) : value;
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
