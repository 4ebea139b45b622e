// Single keys: j k move, Enter opens, t range, g then a letter goes, ? lists. Off inside fields and when switched off.
const OFF = "sightline-keys-off";

export const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether the reader has switched single keys off. */
export function switchedOff(): boolean {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function rows(): HTMLAnchorElement[] {
  return [
    ...document.querySelectorAll<HTMLAnchorElement>(
      "[data-rows] td.nm a, [data-tree] .wfr, [data-turns] .no",
    ),
  ];
}

function move(step: 1 | -1, wanted: (row: HTMLAnchorElement) => boolean = () => true): void {
  const all = rows();
  const focused = all.indexOf(document.activeElement as HTMLAnchorElement);
  const start = focused >= 0 ? focused : all.findIndex((row) => row.getAttribute("aria-selected") === "true");
  for (let at = start + step; at >= 0 && at < all.length; at += step) {
    const row = all[at];
    if (row && wanted(row)) {
      row.focus();
      row.scrollIntoView({ block: "nearest" });
      return;
    }
  }
}

function tab(step: 1 | -1): void {
  const tabs = [...document.querySelectorAll<HTMLAnchorElement>("[data-tabs] a")];
  const at = tabs.findIndex((link) => link.hasAttribute("aria-current"));
  tabs[at + step]?.click();
}

// A row that can be folded says so; the link beside it does it.
function fold(expanded: boolean): boolean {
  const row = document.activeElement?.closest<HTMLElement>("[data-tree] .wfr") ?? chosen();
  if (!row) return false;
  if (row.getAttribute("aria-expanded") === String(!expanded)) {
    row.parentElement?.querySelector<HTMLElement>(".tw")?.click();
    if (row.hasAttribute("data-opens")) row.click();
    return true;
  }
  return row.matches(":focus");
}

function chosen(): HTMLElement | null {
  return document.querySelector<HTMLElement>('[data-tree] .wfr[aria-selected="true"]');
}

// Keys that are links of the page, and those of a tree; false when this page has none of them.
function onPage(key: string): boolean {
  const link = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  // What a button does is done at once: only where it can be seen.
  if (link && (!link.matches("button, summary") || link.checkVisibility())) {
    link.click();
    return true;
  }
  if (key === "e" && document.querySelector("[data-turns]")) {
    move(1, (row) => row.hasAttribute("data-error"));
    return true;
  }
  if (!document.querySelector("[data-tree]")) return false;
  if (key === "ArrowDown" || key === "ArrowUp") move(key === "ArrowDown" ? 1 : -1);
  else if (key === "ArrowLeft" || key === "ArrowRight") return fold(key === "ArrowRight");
  else if (key === "/") document.querySelector<HTMLElement>("#find")?.focus();
  else if (key === "Escape") {
    const close = document.querySelector<HTMLElement>("#inspector [data-close]");
    if (!close) return false;
    close.click();
  } else return false;
  return true;
}

function showKeys(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#keys");
  if (!dialog || dialog.open) return;
  const off = dialog.querySelector<HTMLInputElement>("[data-keys-off]");
  if (off) {
    off.checked = switchedOff();
    off.onchange = () => localStorage.setItem(OFF, off.checked ? "1" : "0");
  }
  dialog.showModal();
}

export function listenForKeys(): void {
  let going = 0;
  const actions: Record<string, () => void> = {
    j: () => move(1),
    k: () => move(-1),
    "[": () => tab(-1),
    "]": () => tab(1),
    t: () => document.querySelector<HTMLElement>("#range > summary")?.click(),
    g: () => (going = Date.now()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") return showKeys();
    if (switchedOff()) return;
    const went = Date.now() - going < 1000;
    going = 0;
    const place = went ? document.querySelector<HTMLElement>(`[data-go="${CSS.escape(event.key)}"]`) : null;
    const action = place ? () => place.click() : actions[event.key];
    if (action ? (action(), true) : onPage(event.key)) event.preventDefault();
  });
}
