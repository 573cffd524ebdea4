// Calls in the agent's hands: conversations, and the notes after them with how they came out.

import { arrange, make, say } from "../page/dom.js";
import { age, length } from "../page/time.js";

/** @typedef {import("../page/rows.js").CallRef} CallRef */
/** @typedef {import("../page/rows.js").Agent["slots"][number]} Slot */
/** @typedef {{node: HTMLElement, slot: Slot, time: HTMLElement, fill: HTMLElement | null}} Card */

const TITLES = /** @type {Record<string, string>} */ ({ connecting: "Connecting", talking: "In conversation", held: "On hold", wrap_up: "Wrap-up" });

export class Hands {
  /** @type {Map<string, Card>} */ #cards = new Map();

  /**
   * @param {HTMLElement} host
   * @param {{done: (call: CallRef, disposition: string) => Promise<boolean>, longer: () => Promise<boolean>}} answers
   */
  constructor(host, answers) {
    this.host = host;
    this.answers = answers;
  }

  /** @param {Slot[]} slots */
  set(slots) {
    const busy = slots.map((slot, place) => ({ slot, place })).filter(({ slot }) => slot.state in TITLES && slot.call);
    const keys = busy.map(({ slot, place }) => `${place} ${slot.state} ${slot.call?.adapter} ${slot.call?.call_id} ${slot.since}`);
    for (const key of this.#cards.keys()) if (!keys.includes(key)) this.#cards.delete(key);
    busy.forEach(({ slot }, place) => {
      const card = this.#cards.get(keys[place]);
      if (card) card.slot = slot;
      else this.#cards.set(keys[place], this.#card(slot));
    });
    arrange(this.host, [...this.#cards.values()].map(({ node }) => node));
  }

  /** @param {number} now */
  show(now) {
    for (const { slot, time, fill } of this.#cards.values()) {
      if (fill && slot.until && slot.since) {
        const rest = Math.max(0, slot.until - now);
        say(time, `${length(rest)} left`);
        fill.style.setProperty("--part", `${Math.min(100, (100 * rest) / Math.max(1, slot.until - slot.since)).toFixed(1)}%`);
      } else say(time, age(slot.since, now));
    }
  }

  endFirst() {
    /** @type {HTMLElement | null} */ (this.host.querySelector(".done"))?.click();
  }

  extendFirst() {
    /** @type {HTMLElement | null} */ (this.host.querySelector(".longer"))?.click();
  }

  /** @param {Slot} slot @returns {Card} */
  #card(slot) {
    const call = /** @type {CallRef} */ (slot.call);
    const time = make("span", { class: "soft" });
    const title = make("h2", {}, make("span", { text: TITLES[slot.state] }), time);
    const named = make("p", { class: "soft", text: [call.call_id, slot.queue].filter(Boolean).join(" · ") });
    if (slot.state !== "wrap_up") {
      return { node: make("article", { class: "card hand" }, title, named), slot, time, fill: null };
    }
    const fill = make("i");
    const form = make(
      "form",
      { class: "card hand" },
      title,
      make("div", { class: "left", "aria-hidden": "true" }, fill),
      named,
      slot.dispositions.length > 0 &&
        make(
          "fieldset",
          {},
          make("legend", { text: "How did it come out?" }),
          ...slot.dispositions.map(word => make("label", { class: "choice" }, make("input", { type: "radio", name: "disposition", value: word }), word.replaceAll("_", " "))),
        ),
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "submit", class: "main done" }, "Done ", make("kbd", { text: "e" })),
        make("button", { type: "button", class: "longer", onclick: () => void this.answers.longer() }, "30 seconds more ", make("kbd", { text: "x" })),
      ),
    );
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.answers.done(call, String(new FormData(form).get("disposition") ?? ""));
    });
    return { node: form, slot, time, fill };
  }
}
