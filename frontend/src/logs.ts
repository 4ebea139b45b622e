// The list of logs: which record is open, and a tail that follows while its reader is at the top.

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function mark(): void {
  const pane = document.querySelector<HTMLElement>("#log-record");
  const split = pane?.closest(".lsplit");
  if (!pane || !split) return;
  split.classList.toggle("paned", !pane.hidden);
  const open = pane.hidden ? null : new URLSearchParams(location.search).get("rec");
  for (const row of split.querySelectorAll<HTMLElement>("tr[data-rec]"))
    if (row.dataset["rec"] === open) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
}

// New records are shown at once while nothing is read: the list is at its top and no record is open.
function follow(): void {
  const news = document.querySelector<HTMLAnchorElement>("[data-live-show]");
  if (!news || document.hidden) return;
  const list = document.querySelector("[data-log-scroll]");
  const open = document.querySelector<HTMLElement>("#log-record")?.hidden === false;
  const top = (list?.scrollTop ?? 0) < 8 && window.scrollY < 240;
  if (top && !open && !String(document.getSelection() ?? "")) news.click();
}

export function listenForLogs(): void {
  document.addEventListener("htmx:load", () => {
    mark();
    follow();
  });
  document.addEventListener("htmx:pushedIntoHistory", mark);
  document.addEventListener("keydown", (event) => {
    const close = document.querySelector<HTMLElement>("[data-log-close]");
    if (event.key !== "Escape" || typing(event.target) || document.querySelector("dialog[open]")) return;
    close?.click();
  });
}
