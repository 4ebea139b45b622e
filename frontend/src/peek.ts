// A trace in brief beside the list: `o` opens it, moving along the list renews it, Esc closes it.
import htmx from "htmx.org";
import { switchedOff, typing } from "./keys";
import { localiseTimes } from "./times";

const WAIT = 150;
let timer = 0;
let asking: AbortController | null = null;

const pane = (): HTMLElement | null => document.getElementById("preview");
const line = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>("tr[data-row]") ?? null;
const traceOf = (row: HTMLElement): string => row.dataset["row"]?.split("/")[0] ?? "";

function remember(trace: string): URL {
  const address = new URL(location.href);
  if (trace) address.searchParams.set("peek", trace);
  else address.searchParams.delete("peek");
  return address;
}

function close(): void {
  clearTimeout(timer);
  asking?.abort();
  const open = pane();
  if (!open) return;
  open.hidden = true;
  open.dataset["peek"] = "";
  history.replaceState(history.state, "", remember(""));
}

async function open(trace: string): Promise<void> {
  if (!trace || pane()?.dataset["peek"] === trace) return;
  asking?.abort();
  const mine = (asking = new AbortController());
  const address = remember(trace);
  try {
    const headers = { "HX-Request": "true", "HX-Target": "preview" };
    const answer = await fetch(address, { headers, signal: mine.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const fresh = holder.content.querySelector("#preview");
    const old = pane();
    if (!fresh || !old || mine.signal.aborted) return;
    old.replaceWith(fresh);
    localiseTimes(fresh);
    htmx.process(fresh);
    history.replaceState(history.state, "", address);
    line()?.scrollIntoView({ block: "nearest" });
  } catch {
    // What it says is on the page itself.
    if (!mine.signal.aborted) location.assign(address);
  }
}

export function listenForPeek(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || switchedOff()) return;
    if (document.querySelector("dialog[open]") || !pane()) return;
    const row = line();
    if (event.key === "o" && row) {
      event.preventDefault();
      if (pane()?.dataset["peek"] === traceOf(row)) close();
      else void open(traceOf(row));
    } else if (event.key === "Escape" && !pane()?.hidden) close();
  });
  document.addEventListener("focusin", () => {
    const row = line();
    if (!row || pane()?.hidden !== false) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void open(traceOf(row)), WAIT);
  });
  document.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element) || !event.target.closest("[data-close-peek]")) return;
      event.preventDefault();
      event.stopPropagation();
      close();
    },
    true,
  );
}
