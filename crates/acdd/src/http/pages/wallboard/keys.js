// The keyboard: one letter for each thing that is done often.

/**
 * @param {{views: string[], filter: HTMLInputElement, help: HTMLDialogElement}} page
 */
export function keys({ views, filter, help }) {
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && target === filter) {
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
      filter.blur();
      return;
    }
    if (target.closest("input, select, textarea") || document.querySelector("dialog[open]")) return;
    const place = Number(event.key) - 1;
    if (event.key === "?") help.showModal();
    else if (event.key === "/") filter.focus();
    else if (event.key === "t") document.getElementById("theme")?.click();
    else if (event.key === "f") void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.());
    else if (views[place]) location.hash = views[place];
    else return;
    event.preventDefault();
  });
  document.getElementById("help-open")?.addEventListener("click", () => help.showModal());
  help.querySelector("button")?.addEventListener("click", () => help.close());
  help.addEventListener("click", event => {
    if (event.target === help) help.close();
  });
}
