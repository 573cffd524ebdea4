// The keyboard: one letter for each thing that is done often.

import { keptBox } from "../page/theme.js";

/**
 * @param {{views: string[], filter: HTMLInputElement, help: HTMLDialogElement, act: HTMLInputElement}} page
 */
export function keys({ views, filter, help, act }) {
  keptBox(act, "keys");
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && target === filter) {
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
      filter.blur();
      return;
    }
    // Whoever speaks to his computer, or leans on a key, means none of them.
    if (event.repeat || !act.checked) return;
    if (target.closest("input:not([type=checkbox]), select, textarea") || document.querySelector("dialog[open]")) return;
    const place = Number(event.key) - 1;
    const letter = event.key.toLowerCase();
    if (event.key === "?") help.showModal();
    else if (event.key === "/") filter.focus();
    else if (letter === "t") document.getElementById("theme")?.click();
    else if (letter === "f") void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.());
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
