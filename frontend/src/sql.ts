// The SQL editor: Ctrl and Enter run, Escape or Cancel end the query (also on the server, which notices that
// nobody waits), a name in the schema goes to where the cursor stands.

const formOf = (target: EventTarget | null): HTMLFormElement | null =>
  target instanceof Element ? target.closest<HTMLFormElement>("form[data-sql]") : null;

function cancel(form: HTMLFormElement): void {
  form.dispatchEvent(new CustomEvent("htmx:abort", { bubbles: true }));
  running(form, false);
}

function running(form: HTMLFormElement, now: boolean): void {
  const button = form.querySelector<HTMLElement>("[data-cancel]");
  if (button) button.hidden = !now;
  form.classList.toggle("running", now);
}

function insert(name: string): void {
  const field = document.querySelector<HTMLTextAreaElement>("form[data-sql] textarea");
  if (!field) return;
  const before = field.value.slice(0, field.selectionStart);
  const gap = before && !/[\s(,.]$/.test(before) ? " " : "";
  field.setRangeText(gap + name, field.selectionStart, field.selectionEnd, "end");
  field.focus();
}

export function listenForSql(): void {
  document.addEventListener("keydown", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && form.classList.contains("running")) cancel(form);
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const name = event.target.closest<HTMLElement>("[data-insert]")?.dataset["insert"];
    if (name) insert(name);
    const form = event.target.closest("[data-cancel]") ? formOf(event.target) : null;
    if (form) cancel(form);
  });
  for (const [name, now] of [
    ["htmx:beforeRequest", true],
    ["htmx:afterRequest", false],
  ] as const)
    document.addEventListener(name, (event) => {
      const form = formOf(event.target);
      if (form) running(form, now);
    });
}
