// Tree and waterfall of a trace: rows are fetched before they come into view, a span is chosen and a row is
// folded without leaving the page. Without this file all of it are links.
import htmx from "htmx.org";

const AHEAD = 4;
const KEPT = 16;

export class TraceTree extends HTMLElement {
  private row = 28;
  private places: (Element | null)[] = [];
  private asked = new Set<number>();
  private waiting = 0;

  private get size(): number {
    return Number(this.dataset["size"]);
  }

  private get tree(): Element | null {
    return this.querySelector("[data-tree]");
  }

  connectedCallback(): void {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("dblclick", (event) => this.doubled(event));
    const total = Number(this.dataset["total"]);
    const tree = this.tree;
    if (!tree) return;
    const first = this.querySelector<HTMLElement>(".wfl");
    if (first?.offsetHeight) this.row = first.offsetHeight;
    const pieces = Math.ceil(total / this.size);
    const there = new Map<number, Element>();
    for (const chunk of tree.querySelectorAll(".chunk"))
      there.set(Number(chunk.getAttribute("data-piece")), chunk);
    if (pieces > there.size) this.fill(tree, there, pieces, total);
    this.show();
  }

  // A spacer for each piece that is not there, so that the scrollbar is right.
  private fill(tree: Element, there: Map<number, Element>, pieces: number, total: number): void {
    for (const link of this.querySelectorAll(".wfm")) link.remove();
    this.places = [];
    for (let piece = 0; piece < pieces; piece++) {
      const chunk = there.get(piece) ?? this.spacer(Math.min(this.size, total - piece * this.size));
      tree.append(chunk);
      this.places.push(chunk);
    }
    const scroller = this.scroller();
    scroller.addEventListener("scroll", () => this.look(), { passive: true });
    const from = Math.floor(Number(this.dataset["first"]) / this.size);
    if (from) this.scrollTo(0, from * this.size * this.row);
    // What is in sight, and what comes next, is on the page; what is ahead of it waits for the first movement.
    this.look(0);
  }

  private scroller(): EventTarget {
    return getComputedStyle(this).overflowY === "visible" ? document : this;
  }

  private spacer(rows: number): Element {
    const pad = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    pad.setAttribute("class", "pad");
    pad.setAttribute("height", String(rows * this.row));
    pad.setAttribute("data-rows", String(rows));
    return pad;
  }

  private look(ahead = AHEAD): void {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const own = this.scroller() === this;
      const top = own ? this.scrollTop : Math.max(0, -this.getBoundingClientRect().top);
      const height = own ? this.clientHeight : innerHeight;
      const piece = this.size * this.row;
      const first = Math.floor(top / piece);
      const last = Math.floor((top + height) / piece);
      for (let at = first; at <= last; at++) void this.fetch(at);
      for (let step = 1; step <= ahead; step++) {
        void this.fetch(last + step);
        void this.fetch(first - step);
      }
      this.drop(first - KEPT, last + KEPT);
    });
  }

  // What is far away becomes a spacer again: the page stays small however far one scrolls.
  private drop(before: number, after: number): void {
    this.places.forEach((place, at) => {
      if ((at < before || at > after) && place?.classList.contains("chunk")) {
        const pad = this.spacer(place.querySelectorAll(".wfl, .wfg").length);
        place.replaceWith(pad);
        this.places[at] = pad;
      }
    });
  }

  private async fetch(at: number): Promise<void> {
    const place = this.places[at];
    if (!place?.classList.contains("pad") || this.asked.has(at)) return;
    this.asked.add(at);
    try {
      const address = new URL(this.dataset["href"] ?? "", location.href);
      address.searchParams.set("from", String(at * this.size));
      const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "more-rows" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const holder = document.createElement("template");
      holder.innerHTML = await answer.text();
      const chunk = holder.content.querySelector(".chunk");
      if (chunk && this.places[at] === place) {
        place.replaceWith(chunk);
        this.places[at] = chunk;
        this.mark();
      }
    } catch {
      // Asked for again with the next movement.
    } finally {
      this.asked.delete(at);
    }
  }

  // The row of the chosen span, brought into view and marked.
  private show(): void {
    const chosen = this.querySelector<HTMLElement>('.wfr[aria-selected="true"]');
    const asked = new URLSearchParams(location.search).get("span");
    if (chosen && asked) chosen.scrollIntoView({ block: "nearest" });
  }

  mark(): void {
    const span = new URLSearchParams(location.search).get("span");
    if (!span) return;
    for (const row of this.querySelectorAll<HTMLElement>(".wfr"))
      row.setAttribute("aria-selected", String(row.dataset["id"] === span && !("opens" in row.dataset)));
  }

  private clicked(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a") : null;
    if (!link || !this.contains(link)) return;
    event.preventDefault();
    if (link.matches(".wfr:not([data-opens])")) choose(link);
    else turn(link.href, link);
  }

  private doubled(event: MouseEvent): void {
    const row = event.target instanceof Element ? event.target.closest(".wfr:not([data-opens])") : null;
    if (!row) return;
    event.preventDefault();
    const zoom = (): void => document.querySelector<HTMLAnchorElement>("#inspector [data-zoom]")?.click();
    if (document.querySelector("#inspector.htmx-request, #inspector.htmx-swapping"))
      document.addEventListener("htmx:afterSettle", zoom, { once: true });
    else zoom();
  }
}

function choose(row: HTMLAnchorElement): void {
  void htmx.ajax("get", row.href, { source: row, target: "#inspector", swap: "outerHTML show:none" });
}

// Another state of the same page: the part below the facts is renewed, and stays where it was scrolled to.
export function turn(href: string, source: Element): void {
  const tree = source.closest<HTMLElement>("trace-tree") ?? document.querySelector<HTMLElement>("trace-tree");
  const top = tree?.scrollTop ?? 0;
  const kept = (event: Event): void => {
    const fresh = document.querySelector<HTMLElement>("trace-tree");
    if (fresh && top && event.target instanceof Element && event.target.contains(fresh)) {
      fresh.scrollTop = top;
      fresh.querySelector('.wfr[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
    }
  };
  document.addEventListener("htmx:afterSwap", kept, { once: true });
  source.setAttribute("hx-push-url", "true");
  void htmx.ajax("get", href, {
    source,
    target: "#trace-body",
    select: "#trace-body",
    swap: "outerHTML show:none",
  });
}

// The strip above the waterfall: drag over it to zoom.
export class TraceZoom extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("pointerdown", (event) => this.drag(event));
  }

  private drag(down: PointerEvent): void {
    const strip = this.querySelector("svg");
    const brush = this.querySelector(".brush");
    if (!strip || !brush || down.button) return;
    down.preventDefault();
    this.setPointerCapture(down.pointerId);
    const box = strip.getBoundingClientRect();
    const share = (event: PointerEvent): number =>
      Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(box.width, 1)));
    const begin = share(down);
    const move = (event: PointerEvent): void => {
      const [first, last] = [Math.min(begin, share(event)), Math.max(begin, share(event))];
      brush.setAttribute("x", `${100 * first}%`);
      brush.setAttribute("width", `${100 * (last - first)}%`);
    };
    const up = (event: PointerEvent): void => {
      this.removeEventListener("pointermove", move);
      const [first, last] = [Math.min(begin, share(event)), Math.max(begin, share(event))];
      const address = new URL(this.dataset["href"] ?? "", location.href);
      if (last - first > 0.002) {
        const seconds = Number(this.dataset["duration"]) / 1e9;
        const said = (part: number): string => (part * seconds).toFixed(9).replace(/\.?0+$/, "") + "s";
        address.searchParams.set("zoom", `${said(first)}..${said(last)}`);
      }
      turn(address.href, this);
    };
    this.addEventListener("pointermove", move);
    this.addEventListener("pointerup", up, { once: true });
  }
}
