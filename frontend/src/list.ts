// The list: a cursor over the cells of a line, conditions from cells, selected lines, facets that are excluded.
import htmx from "htmx.org";
import { switchedOff, typing } from "./keys";

const line = (): HTMLTableRowElement | null =>
  document.activeElement?.closest<HTMLTableRowElement>("tr[data-row]") ?? null;

const selected = (): string[] =>
  (new URL(location.href).searchParams.get("sel") ?? "").split(",").filter(Boolean);

export const selecting = (): boolean => selected().length > 0;

/** Go to an address as a click on a link of the page would. */
export function visit(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.hidden = true;
  (document.querySelector("main") ?? document.body).append(link);
  htmx.process(link);
  link.click();
}

// Cells.

function cells(row: HTMLTableRowElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>("[data-cell]")].filter((cell) => cell.offsetParent !== null);
}

function moveCell(step: 1 | -1): boolean {
  const row = line();
  if (!row) return false;
  const all = cells(row);
  const at = all.findIndex((cell) => cell.classList.contains("cellcur"));
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  document.querySelector(".cellcur")?.classList.remove("cellcur");
  next?.classList.add("cellcur");
  return next !== undefined;
}

/** A filter with one more condition. Alternatives are kept together, so that the condition holds for all. */
export function narrowed(filter: string, condition: string): string {
  const before = filter.trim();
  if (!before) return condition;
  return /\bor\b/i.test(before) ? `(${before}) ${condition}` : `${before} ${condition}`;
}

function filterByCell(exclude: boolean): void {
  const row = line();
  if (!row) return;
  const all = cells(row);
  const condition = (all.find((cell) => cell.classList.contains("cellcur")) ?? all[0])?.dataset["cell"];
  if (!condition) return;
  const address = new URL(location.href);
  const q = address.searchParams.get("q") ?? "";
  address.searchParams.set("q", narrowed(q, exclude ? `-${condition}` : condition));
  for (const place of ["cursor", "sel"]) address.searchParams.delete(place);
  visit(address.href);
}

// Selected lines. The address holds them, so that a reload and a colleague see the same.

let lastOne: string | null = null;

function choose(ids: string[], on: boolean): void {
  const all = new Set(selected());
  for (const id of ids) {
    if (on) all.add(id);
    else all.delete(id);
  }
  const address = new URL(location.href);
  if (all.size) address.searchParams.set("sel", [...all].join(","));
  else address.searchParams.delete("sel");
  history.replaceState(history.state, "", address);
  showSelected();
}

export function showSelected(): void {
  const bar = document.querySelector<HTMLElement>("[data-bulk]");
  if (!bar) return;
  const ids = selected();
  for (const row of document.querySelectorAll<HTMLElement>("tr[data-row]")) {
    const on = ids.includes(row.dataset["row"] ?? "");
    row.classList.toggle("sel", on);
    row.querySelector("[data-select]")?.setAttribute("aria-checked", String(on));
  }
  bar.hidden = ids.length === 0;
  const count = bar.querySelector("[data-count]");
  if (count) count.textContent = String(ids.length);
  // What forms over the selection send along: the rows, and where to come back to.
  for (const field of bar.querySelectorAll<HTMLInputElement>("[data-sel]")) field.value = ids.join(",");
  for (const field of bar.querySelectorAll<HTMLInputElement>("[data-here]"))
    field.value = location.pathname + location.search;
  const compare = bar.querySelector<HTMLAnchorElement>("[data-compare]");
  const [a, b] = ids.map((id) => id.split("/")[0] ?? "");
  if (compare) {
    compare.hidden = ids.length !== 2;
    const to = new URL(location.href);
    to.pathname = to.pathname.replace(/\/traces$/, "/compare");
    for (const name of [...to.searchParams.keys()])
      if (!["range", "env", "vs"].includes(name)) to.searchParams.delete(name);
    to.searchParams.set("a", a ?? "");
    to.searchParams.set("b", b ?? "");
    compare.href = to.href;
  }
  const copy = bar.querySelector<HTMLButtonElement>("[data-copy-ids]");
  if (copy) copy.hidden = !navigator.clipboard;
}

function toggle(row: HTMLElement, range: boolean): void {
  const id = row.dataset["row"] ?? "";
  const on = !selected().includes(id);
  const all = [...document.querySelectorAll<HTMLElement>("tr[data-row]")].map(
    (one) => one.dataset["row"] ?? "",
  );
  const from = lastOne === null ? -1 : all.indexOf(lastOne);
  const at = all.indexOf(id);
  const some = range && from >= 0 ? all.slice(Math.min(from, at), Math.max(from, at) + 1) : [id];
  choose(some, range ? true : on);
  lastOne = id;
}

export function listenForList(): void {
  document.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey) return;
      const box = event.target.closest<HTMLElement>("[data-select]");
      const row = box?.closest<HTMLElement>("tr[data-row]");
      if (row) {
        event.preventDefault();
        event.stopPropagation();
        return toggle(row, event.shiftKey);
      }
      if (event.target.closest("[data-clear]")) {
        event.preventDefault();
        event.stopPropagation();
        return choose(selected(), false);
      }
      const copy = event.target.closest<HTMLButtonElement>("[data-copy-ids]");
      if (copy)
        void navigator.clipboard.writeText(selected().join("\n")).then(() => copy.classList.add("done"));
      const facet = event.target.closest<HTMLElement>("[data-exclude]");
      if (facet?.dataset["exclude"] && event.shiftKey) {
        event.preventDefault();
        event.stopPropagation();
        visit(facet.dataset["exclude"]);
      }
    },
    true,
  );
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || switchedOff()) return;
    if (document.querySelector("dialog[open]") || !document.querySelector("[data-bulk]")) return;
    const row = line();
    const key = event.key.toLowerCase();
    if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && row) {
      if (moveCell(event.key === "ArrowRight" ? 1 : -1)) event.preventDefault();
    } else if (key === "x" && row) {
      event.preventDefault();
      toggle(row, event.shiftKey);
    } else if (key === "f" && row) {
      event.preventDefault();
      filterByCell(event.shiftKey);
    } else if (event.key === "l") {
      event.preventDefault();
      document.querySelector<HTMLElement>("[data-live]")?.click();
    }
  });
  document.addEventListener("htmx:load", () => showSelected());
  showSelected();
}
