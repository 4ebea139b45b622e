// A filter's text in coloured pieces. Only for the eye: what it means is read by the server.
export interface Piece {
  text: string;
  /** The class of its colour; empty for spaces and what has none. */
  look: string;
}

const WORDS = /^(and|or|not|under|above|child|parent|of|any|all|none)$/i;
const NEXT =
  /(?<space>\s+)|(?<text>"(?:[^"\\]|\\.)*"?)|(?<mark>[(),])|(?<operator><=|>=|!=|[:<>=])|(?<word>(?:attr|resource)\."[^"]*"?[^\s():<>=,!]*|[^\s"():<>=,!]+|!)/gu;

/** Cut a filter into pieces; joined they are the text again. */
export function pieces(filter: string): Piece[] {
  const found: Piece[] = [];
  // A value follows an operator, and within its parenthesis a comma.
  let value = false;
  for (const match of filter.matchAll(NEXT)) {
    const text = match[0];
    const { space, operator, word, mark } = match.groups ?? {};
    if (space !== undefined) {
      value = value && /[,(]\s*$/.test(filter.slice(0, match.index));
      found.push({ text, look: "" });
    } else if (operator !== undefined) {
      found.push({ text, look: "q-op" });
      value = true;
    } else if (mark !== undefined) {
      found.push({ text, look: "q-op" });
      value = value && text !== ")";
    } else if (word === undefined) {
      found.push({ text, look: value ? "q-val" : "q-text" });
      value = false;
    } else {
      found.push(...named(text, value, filter.slice((match.index ?? 0) + text.length)));
      value = false;
    }
  }
  return found;
}

function named(word: string, value: boolean, after: string): Piece[] {
  if (value) return [{ text: word, look: /^[$-]?\d/.test(word) ? "q-num" : "q-val" }];
  const minus = /^-+/.exec(word)?.[0] ?? "";
  const rest = word.slice(minus.length);
  const before: Piece[] = minus ? [{ text: minus, look: "q-not" }] : [];
  if (!rest) return before;
  if (/^(<=|>=|!=|[:<>=])/.test(after)) return [...before, { text: rest, look: "q-field" }];
  if (/^not$/i.test(rest)) return [...before, { text: rest, look: "q-not" }];
  return [...before, { text: rest, look: WORDS.test(rest) ? "q-op" : "q-val" }];
}
