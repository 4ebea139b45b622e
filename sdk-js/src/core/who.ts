// Who somebody is and what for, in the words of `context()`: the same in Node and in the browser.
import * as names from "../names.js";

/** Known words, and any attribute of your own; null takes one away. */
export interface Who {
  user?: string | number | null | undefined;
  session?: string | null | undefined;
  team?: string | null | undefined;
  feature?: string | null | undefined;
  version?: string | null | undefined;
  tags?: string[] | null | undefined;
  [attribute: string]: unknown;
}

const WORDS = new Map<string, string>([
  ["user", names.USER_ID],
  ["session", names.SESSION_ID],
  ["team", names.TEAM],
  ["feature", names.FEATURE],
  ["version", names.VERSION],
  ["tags", names.TAGS],
]);

/** Whether a word has an attribute of its own, whose values are texts. */
export const isWord = (word: string): boolean => WORDS.has(word);

/** The attribute of a word; any other is its own. */
export const attributeName = (word: string): string => WORDS.get(word) ?? word;
