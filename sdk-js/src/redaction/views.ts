// A text as it will be read: escapes of JSON undone, at any depth, with the way back to the text as it is.
//
// Content is often JSON text, or JSON in a string of JSON: `\u0040` is an @ there, `\/` a slash, and a number
// may go on behind `\n`. Patterns look at the view; what they find is replaced in the text itself.

const DROPPED = "\u00ad\u200b\u200c\u200d\u2060\ufeff";
const UNIT = new RegExp(String.raw`\\+(?:u([0-9a-fA-F]{4})|([nrtbf"/]))?|[${DROPPED}]+`, "g");
const PLAIN: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\n",
  t: " ",
  b: " ",
  f: " ",
  '"': '"',
  "/": "/",
};
const ELSEWHERE = /[^\0-\x7f]/;
const DIGIT = /\p{Nd}/u;
const WIDE = /[\uff01-\uff5e\u2010-\u2013]/g;

/** `text` is read; `place` says where in the original something read stands. */
export class View {
  constructor(
    readonly text: string,
    private readonly marks: readonly number[] = [],
    private readonly removed: readonly number[] = [0],
  ) {}

  /** The span of the original from which a span of the view was read. */
  place(start: number, end: number): [number, number] {
    return [this.at(start), end + this.gone(end)];
  }

  /** Where in the original a character of the view begins. */
  at(index: number): number {
    return index + this.gone(index);
  }

  /** How many characters were taken out before it. */
  private gone(index: number): number {
    let [low, high] = [0, this.marks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.marks[middle] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return this.removed[low] ?? 0;
  }
}

/** The view of a text. */
export function view(text: string): View {
  const plain = !ELSEWHERE.test(text);
  if (!text.includes("\\") && (plain || !Array.from(DROPPED).some((sign) => text.includes(sign))))
    return new View(plain ? text : plainSigns(text));
  const pieces: string[] = [];
  const marks: number[] = [];
  const removed = [0];
  let [last, length, gone] = [0, 0, 0];
  for (const unit of text.matchAll(UNIT)) {
    const [whole, code, letter] = unit;
    const start = unit.index;
    let read = whole.startsWith("\\") ? "\\" : "";
    if (code) {
      read = String.fromCharCode(parseInt(code, 16));
      read = DROPPED.includes(read) ? "" : read === "\r" ? "\n" : read;
    } else if (letter) read = PLAIN[letter] ?? letter;
    else if (whole.length === 1 && read) continue; // one that escapes nothing
    pieces.push(text.slice(last, start), read);
    length += start - last + read.length;
    gone += whole.length - read.length;
    marks.push(length - 1);
    removed.push(gone);
    last = start + whole.length;
  }
  pieces.push(text.slice(last));
  return new View(plainSigns(pieces.join("")), marks, removed);
}

/** Digits of other scripts and wide forms as ASCII, sign for sign. */
function plainSigns(text: string): string {
  if (!ELSEWHERE.test(text)) return text;
  const narrow = text.replace(WIDE, (sign) => {
    const unit = sign.charCodeAt(0);
    return unit < 0x2020 ? "-" : String.fromCharCode(unit - 0xfee0);
  });
  return narrow.replace(/[^\0-\x7f]/g, (sign) => (DIGIT.test(sign) ? String(valueOf(sign)) : sign));
}

/** The value of a decimal digit: ten of them stand in a row, from nought. */
function valueOf(sign: string): number {
  const unit = sign.charCodeAt(0);
  let before = 0;
  while (DIGIT.test(String.fromCharCode(unit - before - 1))) before++;
  return before % 10;
}
