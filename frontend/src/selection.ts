// The address says which span is selected; after the inspector changed, the tree follows it.
export function followSelection(): void {
  const mark = (): void => {
    const tree = document.querySelector("[data-tree]");
    const span = new URLSearchParams(location.search).get("span");
    if (!tree || !span) return;
    for (const row of tree.querySelectorAll<HTMLAnchorElement>(".wfr")) {
      const selected = new URL(row.href).searchParams.get("span") === span;
      row.setAttribute("aria-selected", String(selected));
    }
  };
  document.addEventListener("htmx:pushedIntoHistory", mark);
}
