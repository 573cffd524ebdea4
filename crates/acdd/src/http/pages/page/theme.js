// Light or dark: as the system has it, until somebody chooses; and what else this browser remembers.

/** The choices, in the order in which the button goes through them. */
const THEMES = ["system", "light", "dark"];

/**
 * What this browser remembers; nothing where it may not.
 * @param {string} key
 */
export function recall(key) {
  try {
    return localStorage.getItem(`acdd.${key}`) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(`acdd.${key}`, value);
  } catch {
    // Private windows may forbid it; then it holds until the page is closed.
  }
}

/**
 * A box that stays as somebody has left it; checked until then.
 * @param {HTMLInputElement} box
 * @param {string} key
 */
export function keptBox(box, key) {
  box.checked = recall(key) !== "off";
  box.addEventListener("change", () => remember(key, box.checked ? "on" : "off"));
}

/** @param {string} theme */
function wear(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/**
 * Makes a button go through the themes.
 * @param {HTMLButtonElement} button
 */
export function themeSwitch(button) {
  const remembered = recall("theme");
  let theme = THEMES.includes(remembered) ? remembered : "system";
  const show = () => {
    wear(theme);
    button.textContent = { system: "◐", light: "☀", dark: "☾" }[theme] ?? "";
    const label = `Theme: ${theme}`;
    button.title = label;
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("theme", theme);
    show();
  });
  show();
}
