// A button that copies `data-copy`; it appears only where copying works.
export class CopyButton extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    if (!button || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", () => void this.copy(button));
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
    const label = button.querySelector("span");
    button.classList.add("done");
    if (label) label.textContent = "Copied";
    setTimeout(() => {
      button.classList.remove("done");
      if (label) label.textContent = "Copy";
    }, 1500);
  }
}
