// The palette: Ctrl K or ⌘ K, or the button of the top bar. The list comes from the server as one types;
// arrows choose, Enter goes. Without this file the button leads to a page with the same list.
const apple = /Mac|iPhone|iPad/.test(navigator.platform);

const dialog = (): HTMLDialogElement | null => document.querySelector("#palette");
const options = (): HTMLAnchorElement[] => [
  ...document.querySelectorAll<HTMLAnchorElement>("#places [role=option]"),
];

function choose(at: number): void {
  const all = options();
  const input = dialog()?.querySelector<HTMLInputElement>("[role=combobox]");
  const chosen = all.length ? all[(at + all.length) % all.length] : undefined;
  for (const option of all) option.setAttribute("aria-selected", String(option === chosen));
  if (chosen) input?.setAttribute("aria-activedescendant", chosen.id);
  else input?.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

const chosenAt = (): number =>
  options().findIndex((option) => option.getAttribute("aria-selected") === "true");

function open(): void {
  const found = dialog();
  if (!found || found.open || document.querySelector("dialog[open]")) return;
  found.showModal();
  const input = found.querySelector<HTMLInputElement>("[role=combobox]");
  input?.select();
  input?.dispatchEvent(new Event("places"));
}

function pressed(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step) {
    event.preventDefault();
    choose(chosenAt() + step);
  } else if (event.key === "Enter") {
    const option = options()[chosenAt()];
    if (!option) return; // the form leads to the page
    event.preventDefault();
    if (event.metaKey || event.ctrlKey) window.open(option.href, "_blank", "noopener");
    else option.click();
  }
}

export function namePalette(): void {
  if (apple) for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘ K";
}

export function listenForPalette(): void {
  namePalette();
  document.addEventListener("keydown", (event) => {
    const wanted = (apple ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
    if (wanted && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    } else if (event.target instanceof HTMLElement && event.target.closest("#palette [role=combobox]")) {
      pressed(event);
    }
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (plain && event.target.closest("[data-palette]")) {
      event.preventDefault();
      open();
    } else if (event.target === dialog()) {
      dialog()?.close(); // a click beside it
    } else if (event.target.closest("#places [role=option]")) {
      dialog()?.close();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!(event.target instanceof Element) || event.target.id !== "places") return;
    choose(0);
    const count = options().length;
    const said = document.querySelector("[data-places-count]");
    if (said) said.textContent = count === 1 ? "1 place" : `${count} places`;
  });
}
