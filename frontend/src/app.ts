// Entry of the islands. Every page works without this file; it adds htmx, the reader's time zone, keys, the palette and copying.
import "htmx.org";
import { listenForCharts, tellZone } from "./charts";
import { CopyButton } from "./copy";
import { FilterBar, focusFilter } from "./filter";
import { listenForKeys } from "./keys";
import { listenForList } from "./list";
import { listenForLogs } from "./logs";
import { closeMenus } from "./menus";
import { listenForPalette, namePalette } from "./palette";
import { listenForPeek } from "./peek";
import { followSelection } from "./selection";
import { followTail } from "./tail";
import { listenForSql } from "./sql";
import { localiseTimes } from "./times";
import { showWaiting } from "./waiting";
import { TraceTree, TraceZoom } from "./waterfall";

// First what changes texts, then what measures: the page is laid out once.
localiseTimes(document);
customElements.define("copy-button", CopyButton);
customElements.define("filter-bar", FilterBar);
customElements.define("trace-tree", TraceTree);
customElements.define("trace-zoom", TraceZoom);
listenForKeys();
focusFilter();
listenForList();
listenForPeek();
followTail();
showWaiting();
closeMenus();
listenForPalette();
followSelection();
listenForCharts();
listenForSql();
tellZone();
listenForLogs();

document.addEventListener("htmx:load", (event) => {
  if (event.target instanceof Element) localiseTimes(event.target);
  namePalette();
});
// A failed answer is a page of its own; the panel that renews itself just tries again.
document.addEventListener("htmx:responseError", (event) => {
  const detail = (event as CustomEvent<{ pathInfo: { finalRequestPath: string }; elt: Element }>).detail;
  if (!detail.elt.hasAttribute("hx-trigger")) location.assign(detail.pathInfo.finalRequestPath);
});
