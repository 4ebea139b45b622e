// One crosshair over all charts of the page, and a brush that writes a range into the address. The numbers
// are those of each chart's own table, so that nothing is written twice.

const SVG = "http://www.w3.org/2000/svg";

interface Row {
  since: number;
  until: number;
  x: number;
  text: string;
  values: string[];
}

const charts = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-chart]")];

function rowsOf(chart: HTMLElement): Row[] {
  return [...chart.querySelectorAll<HTMLTableRowElement>("tr[data-since]")].map((row) => ({
    since: Number(row.dataset["since"]),
    until: Number(row.dataset["until"]),
    x: Number(row.dataset["x"]),
    text: row.querySelector("th")?.textContent.trim() ?? "",
    values: [...row.querySelectorAll("td")].map((cell) => cell.textContent.trim()),
  }));
}

function shape(chart: HTMLElement, name: "line" | "rect", className: string): SVGElement | null {
  const inside = chart.querySelector("[data-shapes] > svg");
  if (!inside) return null;
  const found = inside.querySelector<SVGElement>(`.${className}`);
  if (found) return found;
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  inside.append(made);
  return made;
}

function at(rows: Row[], moment: number): Row | undefined {
  return (
    rows.find((row) => moment >= row.since && moment < row.until) ??
    rows.at(moment < (rows[0]?.since ?? 0) ? 0 : -1)
  );
}

function read(chart: HTMLElement, row: Row | undefined): void {
  const readout = chart.querySelector<HTMLElement>("[data-readout]");
  const keys = [...chart.querySelectorAll<HTMLElement>("[data-value]")];
  if (readout) {
    readout.dataset["note"] ??= readout.textContent;
    const values = keys.length ? [] : (row?.values ?? []);
    readout.textContent = row ? [row.text, ...values].join(" · ") : readout.dataset["note"];
    readout.classList.toggle("on", row !== undefined);
  }
  keys.forEach((key, n) => (key.textContent = row?.values[n] ?? ""));
  const line = shape(chart, "line", "cross");
  if (!row) return line?.remove();
  for (const [name, value] of [
    ["x1", `${row.x}%`],
    ["x2", `${row.x}%`],
    ["y1", "0"],
    ["y2", "100%"],
  ] as const)
    line?.setAttribute(name, value);
}

function showAll(moment: number | null): void {
  for (const chart of charts()) read(chart, moment === null ? undefined : at(rowsOf(chart), moment));
}

// Where a pointer stands: as a moment, and as a share of the width.
function under(chart: HTMLElement, event: PointerEvent): { moment: number; share: number } {
  const box = chart.querySelector("[data-shapes]")?.getBoundingClientRect();
  const rows = rowsOf(chart);
  const [first, last] = [rows[0], rows.at(-1)];
  if (!box || !first || !last) return { moment: 0, share: 0 };
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  return { moment: first.since + share * (last.until - first.since), share };
}

const stamp = (ms: number): string => new Date(Math.round(ms)).toISOString();

// The address of a stretch: whole buckets, so that the chart that opens has the same edges.
export function zoomed(template: string, since: number, until: number): string {
  return template.replace(
    "range=%7Brange%7D",
    `range=${encodeURIComponent(`${stamp(since)}..${stamp(until)}`)}`,
  );
}

function go(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  (document.querySelector("main") ?? document.body).append(link);
  link.click();
  link.remove();
}

export function listenForCharts(): void {
  let from: { chart: HTMLElement; moment: number; share: number; x: number } | null = null;
  let brushed = false;
  const chartOf = (target: EventTarget | null): HTMLElement | null =>
    target instanceof Element && target.closest("[data-plot]")
      ? target.closest<HTMLElement>("[data-chart]")
      : null;
  const end = (): void => {
    if (from) shape(from.chart, "rect", "brush")?.remove();
    from = null;
  };

  document.addEventListener("pointerdown", (event) => {
    const chart = chartOf(event.target);
    brushed = false;
    if (!chart?.dataset["zoom"] || event.button !== 0 || event.pointerType === "touch") return;
    from = { chart, ...under(chart, event), x: event.clientX };
  });
  document.addEventListener("pointermove", (event) => {
    const chart = from?.chart ?? chartOf(event.target);
    if (!chart) {
      if (document.querySelector("[data-chart] .cross")) showAll(null);
      return;
    }
    const here = under(chart, event);
    showAll(here.moment);
    if (!from || (!brushed && Math.abs(event.clientX - from.x) < 5)) return;
    brushed = true;
    const rect = shape(from.chart, "rect", "brush");
    rect?.setAttribute("x", `${100 * Math.min(from.share, here.share)}%`);
    rect?.setAttribute("width", `${100 * Math.abs(from.share - here.share)}%`);
    rect?.setAttribute("height", "100%");
  });
  document.addEventListener("pointerup", (event) => {
    const start = from;
    end();
    if (!start || !brushed) return;
    const rows = rowsOf(start.chart);
    const moments = [start.moment, under(start.chart, event).moment].sort((a, b) => a - b);
    const [since, until] = [at(rows, moments[0] ?? 0)?.since, at(rows, moments[1] ?? 0)?.until];
    if (since !== undefined && until !== undefined)
      go(zoomed(start.chart.dataset["zoom"] ?? "", since, until));
  });
  document.addEventListener("pointercancel", end);
  // A drag that began on a mark is no click on it, and does not carry the link away.
  document.addEventListener(
    "click",
    (event) => {
      if (brushed && chartOf(event.target)) event.preventDefault();
      brushed = false;
    },
    true,
  );
  document.addEventListener("dragstart", (event) => {
    if (chartOf(event.target)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const chart = chartOf(event.target);
    if (event.key === "Escape" && from) return end();
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = rowsOf(chart);
    const shown = Number(chart.dataset["at"] ?? rows.length);
    const places: Record<string, number> = {
      ArrowLeft: shown - 1,
      ArrowRight: shown + 1,
      Home: 0,
      End: rows.length - 1,
    };
    const place = event.key === "Escape" ? null : places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    const row = place === null ? undefined : rows[Math.max(0, Math.min(rows.length - 1, place))];
    if (row) chart.dataset["at"] = String(rows.indexOf(row));
    else delete chart.dataset["at"];
    showAll(row ? (row.since + row.until) / 2 : null);
    announce(chart, row);
  });
  document.addEventListener("focusout", (event) => {
    if (chartOf(event.target)) showAll(null);
  });
}

// What the crosshair stands on, for screen readers.
function announce(chart: HTMLElement, row: Row | undefined): void {
  const names = [...chart.querySelectorAll("thead th")].slice(1).map((th) => th.textContent.trim());
  let place = document.querySelector<HTMLElement>("#chart-says");
  if (!place) {
    place = document.createElement("p");
    place.id = "chart-says";
    place.className = "vh";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  place.textContent = row
    ? [row.text, ...row.values.map((value, n) => `${names[n]} ${value}`)].join(", ")
    : "";
}

// Days of a chart begin at midnight of the reader's zone: the server learns it from a cookie.
export function tellZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone)
    document.cookie = `sightline_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
}
