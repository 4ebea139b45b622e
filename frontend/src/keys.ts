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
  return [...document.querySelectorAll<HTMLAnchorElement>("[data-rows] td.nm a, [data-tree] .wfr")];
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
    e: () => move(1, (row) => row.hasAttribute("data-error")),
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
    if (!action) return;
    event.preventDefault();
    action();
  });
}
