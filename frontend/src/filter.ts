// The filter bar: colours behind the field, completion below it. The field stays an ordinary text field in a form.
import { pieces } from "./filter_words";
import { switchedOff, typing } from "./keys";

interface Suggestion {
  text: string;
  offset: number;
  length: number;
  says: string;
  count: number | null;
}

const WAIT = 120;
const LIST = "filter-list";

// The server counts code points, the field counts UTF-16 units.
const points = (text: string, at: number): number => [...text.slice(0, at)].length;
const units = (text: string, at: number): number => [...text].slice(0, at).join("").length;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  look: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (look) made.className = look;
  made.textContent = text;
  return made;
}

export class FilterBar extends HTMLElement {
  private input!: HTMLInputElement;
  private layer!: HTMLElement;
  private pop = element("div", "pop qlist");
  private list = element("ul", "");
  private head = element("p", "qhead");
  private live = element("p", "vh");
  private found: Suggestion[] = [];
  private at = 0;
  private chosen = false;
  private timer = 0;
  private asking: AbortController | null = null;
  private wrong: string | undefined;

  connectedCallback(): void {
    const input = this.querySelector<HTMLInputElement>("input[name=q]");
    const layer = this.querySelector<HTMLElement>(".qlayer");
    const form = this.querySelector("form");
    if (!input || !layer || !form || this.contains(this.pop)) return;
    this.input = input;
    this.layer = layer;
    this.wrong = this.dataset["wrong"];
    this.build(form);
    this.classList.add("lit");
    input.addEventListener("input", () => {
      this.wrong = undefined;
      this.draw();
      layer.scrollLeft = input.scrollLeft;
      this.later();
    });
    input.addEventListener("scroll", () => (layer.scrollLeft = input.scrollLeft));
    input.addEventListener("focus", () => this.later());
    input.addEventListener("click", () => this.later());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("submit", () => this.close());
    this.draw();
  }

  disconnectedCallback(): void {
    this.close();
  }

  private build(form: HTMLElement): void {
    this.list.id = LIST;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    const foot = element("p", "qfoot");
    for (const [keys, does] of [
      ["↑ ↓", "choose"],
      ["Tab", "complete"],
      ["↵", "search"],
    ] as const) {
      const one = element("span", "");
      for (const key of keys.split(" ")) one.append(element("kbd", "", key), " ");
      one.append(does);
      foot.append(one);
    }
    this.pop.hidden = true;
    this.pop.append(this.head, this.list, foot);
    this.live.setAttribute("role", "status");
    form.append(this.pop);
    this.append(this.live);
    // A press must not take the focus away before the click counts.
    this.pop.addEventListener("mousedown", (event) => event.preventDefault());
    this.pop.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.take([...this.list.children].indexOf(option));
    });
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-controls", LIST],
      ["aria-expanded", "false"],
    ] as const)
      this.input.setAttribute(name, value);
  }

  private draw(): void {
    const [offset, length] = (this.wrong ?? "").split(",").map(Number);
    const text = this.input.value;
    const from = this.wrong === undefined ? -1 : units(text, offset ?? 0);
    const until =
      this.wrong === undefined ? -1 : Math.max(units(text, (offset ?? 0) + (length ?? 0)), from + 1);
    const drawn: HTMLElement[] = [];
    let at = 0;
    for (const piece of pieces(text)) {
      // A piece is cut where what is wrong begins and ends.
      const cuts = [0, from - at, until - at, piece.text.length].filter(
        (n) => n >= 0 && n <= piece.text.length,
      );
      cuts.sort((a, b) => a - b);
      for (const [n, cut] of cuts.slice(0, -1).entries()) {
        const part = piece.text.slice(cut, cuts[n + 1]);
        const bad = at + cut >= from && at + cut < until;
        if (part) drawn.push(element("span", `${piece.look}${bad ? " q-bad" : ""}`, part));
      }
      at += piece.text.length;
    }
    if (from >= at && this.wrong !== undefined) drawn.push(element("span", "q-bad", "\u00a0"));
    this.layer.replaceChildren(...drawn);
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), WAIT);
  }

  private async ask(): Promise<void> {
    if (!this.dataset["suggest"]) return;
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const text = this.input.value;
    const address = new URL(this.dataset["suggest"], location.href);
    address.searchParams.set("q", text);
    address.searchParams.set("at", String(points(text, this.input.selectionStart ?? text.length)));
    try {
      const answer = await fetch(address, { signal: asking.signal, headers: { accept: "application/json" } });
      if (!answer.ok) return this.close();
      const body = (await answer.json()) as { suggestions: Suggestion[] };
      if (document.activeElement === this.input && this.input.value === text) this.show(body.suggestions);
    } catch {
      // Given up for a later question, or the server is away: the field works without.
    }
  }

  private show(found: Suggestion[]): void {
    const text = this.input.value;
    const typed = (one: Suggestion): string => [...text].slice(one.offset, one.offset + one.length).join("");
    // What stands there already is no news.
    this.found = found.filter((one) => one.text !== typed(one));
    this.at = 0;
    this.chosen = false;
    const first = this.found[0];
    if (!first) return this.close();
    const part = typed(first).replace(/:$/, "");
    const valued = /[:<>=][^\s]*$/.test([...text].slice(0, first.offset).join(""));
    const said = part
      ? `${valued ? "Values" : "Fields and words"} with “${part}”`
      : valued
        ? "Values"
        : "Fields and words";
    this.head.textContent = said;
    this.list.replaceChildren(...this.found.map((one, n) => this.option(one, n, part)));
    this.live.textContent = `${this.found.length} suggestions`;
    this.pop.hidden = false;
    this.place(first);
    this.input.setAttribute("aria-expanded", "true");
    this.mark();
  }

  private option(one: Suggestion, n: number, typed: string): HTMLElement {
    const row = element("li", "");
    row.id = `${LIST}-${n}`;
    row.setAttribute("role", "option");
    const name = element("span", "mono");
    const at = one.text.toLowerCase().indexOf(typed.toLowerCase());
    if (typed && at >= 0) {
      name.append(one.text.slice(0, at), element("b", "", one.text.slice(at, at + typed.length)));
      name.append(one.text.slice(at + typed.length));
    } else name.textContent = one.text;
    row.append(name, element("span", "says", one.says));
    row.append(element("span", "c", one.count === null ? "" : one.count.toLocaleString("en-US")));
    return row;
  }

  // Below the word that is typed, as far as the bar reaches.
  private place(first: Suggestion): void {
    const canvas = document.createElement("canvas").getContext("2d");
    if (!canvas) return;
    canvas.font = getComputedStyle(this.input).font;
    const before = [...this.input.value].slice(0, first.offset).join("");
    const field = this.input.getBoundingClientRect();
    const bar = this.pop.parentElement?.getBoundingClientRect();
    if (!bar) return;
    const left = field.left - bar.left + canvas.measureText(before).width - this.input.scrollLeft;
    const most = bar.width - this.pop.offsetWidth;
    this.pop.style.setProperty("left", `${Math.max(0, Math.min(left - 12, most))}px`);
  }

  private mark(): void {
    for (const [n, row] of [...this.list.children].entries()) {
      row.setAttribute("aria-selected", String(n === this.at));
      if (n === this.at) row.scrollIntoView({ block: "nearest" });
    }
    this.input.setAttribute("aria-activedescendant", `${LIST}-${this.at}`);
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const open = !this.pop.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return this.later();
      const count = this.found.length;
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
      this.chosen = true;
      this.mark();
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === "Enter" && open && this.chosen) {
      // Chosen with the arrows: it is taken, and the next Enter searches.
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open) this.close();
      else this.input.blur();
    } else if (/^(ArrowLeft|ArrowRight|Home|End)$/.test(event.key)) this.later();
  }

  private take(n: number): void {
    const one = this.found[n];
    if (!one) return;
    const text = this.input.value;
    const from = units(text, one.offset);
    const until = units(text, one.offset + one.length);
    // After a whole condition comes a space; after a field its value.
    const more = !/[:(> ]$/.test(one.text) && until === text.length ? " " : "";
    this.input.setRangeText(one.text + more, from, until, "end");
    this.close();
    this.input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    this.input.focus();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.pop.hidden = true;
    this.found = [];
    this.chosen = false;
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
  }
}

/** `/` goes to the filter of the page, where it has one. */
export function focusFilter(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || switchedOff() || document.querySelector("dialog[open]")) return;
    const input = document.querySelector<HTMLInputElement>("filter-bar input[name=q]");
    if (!input) return;
    event.preventDefault();
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  });
}
