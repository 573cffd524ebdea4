// What an agent is doing, in words and signs that are the same on every page.

/** The states of agents, most demanding first, with the words that stand for them. */
export const AGENT_STATES = /** @type {const} */ ({
  talking: { word: "talking", glyph: "●" },
  held: { word: "on hold", glyph: "◍" },
  connecting: { word: "connecting", glyph: "◐" },
  reserved: { word: "ringing", glyph: "◌" },
  wrap_up: { word: "wrap-up", glyph: "✎" },
  ready: { word: "ready", glyph: "○" },
  not_ready: { word: "not ready", glyph: "◇" },
  logged_out: { word: "logged out", glyph: "·" },
});

/** @param {import("./rows.js").Agent} agent */
export function stateWords({ state, reason, presence }) {
  const words = AGENT_STATES[/** @type {keyof typeof AGENT_STATES} */ (state)]?.word ?? state.replaceAll("_", " ");
  return state === "not_ready" && presence === "not_ready" && reason ? `${words}: ${reason.replaceAll("_", " ")}` : words;
}

/** What comes after the call that he has, if he has asked for something. @param {import("./rows.js").Agent} agent */
export function nextWords({ pending, pending_reason }) {
  if (!pending || pending === "unspecified") return "";
  return `${pending} ${pending_reason}`.trim().replaceAll("_", " ");
}
