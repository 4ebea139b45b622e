// Menus are <details>; here one closes when another opens, on a click elsewhere, and on Escape.
export function closeMenus(): void {
  const others = (kept: Element | null): void => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
      if (menu !== kept) menu.open = false;
  };
  document.addEventListener("click", (event) => {
    others(event.target instanceof Element ? event.target.closest("details.menu") : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    others(null);
    open?.querySelector("summary")?.focus();
  });
}
