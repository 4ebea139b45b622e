// While a page takes its time the old one stays, dimmed, with a way to stop.
const AFTER = 300;

export function showWaiting(): void {
  let timer = 0;
  let asking: { elt: Element; xhr: XMLHttpRequest } | null = null;
  const bar = document.createElement("div");
  bar.className = "waitbar";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn sm";
  button.textContent = "Stop";
  button.addEventListener("click", () => asking?.xhr.abort());
  bar.append(button);
  const end = (): void => {
    clearTimeout(timer);
    asking = null;
    bar.remove();
    document.body.classList.remove("waiting");
  };
  document.addEventListener("htmx:beforeSend", (event) => {
    const detail = (event as CustomEvent<{ elt: Element; xhr: XMLHttpRequest; target: Element }>).detail;
    if (detail.target !== document.body) return;
    end();
    asking = detail;
    timer = window.setTimeout(() => {
      document.body.classList.add("waiting");
      document.body.append(bar);
    }, AFTER);
  });
  for (const name of ["htmx:afterRequest", "htmx:sendAbort", "htmx:sendError", "htmx:beforeSwap"])
    document.addEventListener(name, (event) => {
      const detail = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
      if (asking && detail.xhr === asking.xhr) end();
    });
}
