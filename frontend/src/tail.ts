// Live tail: the first page again and again; lines that are new wait in a bar until someone wants them.
import { selecting, showSelected } from "./list";
import { localiseTimes } from "./times";

const EVERY = 2000;

let timer = 0;
let waiting: HTMLElement | null = null;

const tailed = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-tail]");
const known = (): Set<string> =>
  new Set(
    [...document.querySelectorAll<HTMLElement>("#rows tr[data-row]")].map((row) => row.dataset["row"] ?? ""),
  );

async function look(): Promise<void> {
  const list = tailed();
  if (!list) return stop();
  // What one looks at must not move: nobody is here, or a line is selected.
  if (document.hidden || selecting()) return;
  const answer = await fetch(list.dataset["tail"] ?? "", {
    headers: { "hx-request": "true", "hx-target": "rows" },
  });
  if (!answer.ok || tailed() !== list) return;
  const made = document.createElement("template");
  made.innerHTML = `<table>${await answer.text()}</table>`;
  waiting = made.content.querySelector("#rows");
  if (!waiting) return;
  const before = known();
  const fresh = [...waiting.querySelectorAll<HTMLElement>("tr[data-row]")].filter(
    (row) => !before.has(row.dataset["row"] ?? ""),
  ).length;
  const scroll = list.querySelector(".scroll");
  const top = !scroll || (scroll.scrollTop < 4 && !line());
  if (fresh === 0 || top) take();
  else tell(list, fresh);
}

const line = (): Element | null => document.activeElement?.closest("tr[data-row]") ?? null;

function tell(list: HTMLElement, fresh: number): void {
  const bar = list.querySelector<HTMLButtonElement>("[data-fresh]");
  if (!bar) return;
  bar.textContent = `${fresh} new ${fresh === 1 ? "line" : "lines"}`;
  bar.hidden = false;
}

// Lines that did not change stay the elements they are: the focus and a click under way are not lost.
function take(): void {
  const rows = document.querySelector("#rows");
  if (!rows || !waiting) return;
  const old = new Map(
    [...rows.querySelectorAll<HTMLElement>("tr[data-row]")].map((row) => [row.dataset["row"], row]),
  );
  const order = [...waiting.querySelectorAll<HTMLElement>("tr[data-row]")].map((row) => {
    localiseTimes(row);
    const same = old.get(row.dataset["row"]);
    return same && same.textContent === row.textContent ? same : row;
  });
  const same = order.length === rows.children.length && order.every((row, n) => rows.children[n] === row);
  if (!same) rows.replaceChildren(...order);
  waiting = null;
  const bar = document.querySelector<HTMLElement>("[data-fresh]");
  if (bar) bar.hidden = true;
  showSelected();
}

function stop(): void {
  clearInterval(timer);
  timer = 0;
}

export function followTail(): void {
  const begin = (): void => {
    if (tailed() && !timer) timer = window.setInterval(() => void look().catch(() => undefined), EVERY);
    if (!tailed()) stop();
  };
  document.addEventListener("htmx:load", begin);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-fresh]")) return;
    take();
    document.querySelector(".res .scroll")?.scrollTo({ top: 0 });
  });
  begin();
}
