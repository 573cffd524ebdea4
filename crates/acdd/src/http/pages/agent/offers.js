// Calls that are offered to the agent: what is known of each, how long it still rings, yes or no.

import { arrange, make, say } from "../page/dom.js";
import { length } from "../page/time.js";

/** The attribute that holds a page about the caller. */
const SCREEN_POP = "screen_pop";

/**
 * @typedef {object} Offer
 * @property {number} offer_number
 * @property {{adapter?: string, call_id?: string}} call
 * @property {string} queue
 * @property {number} priority
 * @property {number | null} ring_until
 * @property {Record<string, string>} attributes
 */

export class Offers {
  /** @type {Map<number, {node: HTMLElement, fill: HTMLElement, left: HTMLElement, offer: Offer, since: number | null}>} */ #cards = new Map();

  /**
   * @param {HTMLElement} host
   * @param {{accept: (offer: number) => Promise<boolean>, decline: (offer: number) => Promise<boolean>}} answers
   */
  constructor(host, answers) {
    this.host = host;
    this.answers = answers;
  }

  /** Those that are out now. @param {Offer[]} offers @param {import("../page/rows.js").Agent} agent */
  set(offers, agent) {
    const there = new Set(offers.map(({ offer_number }) => offer_number));
    for (const number of this.#cards.keys()) if (!there.has(number)) this.#cards.delete(number);
    for (const offer of offers) {
      if (this.#cards.has(offer.offer_number)) continue;
      const slot = agent.slots.find(slot => slot.state === "reserved" && slot.call?.call_id === offer.call.call_id);
      this.#cards.set(offer.offer_number, { ...this.#card(offer), offer, since: slot?.since ?? null });
    }
    arrange(this.host, [...this.#cards.values()].map(({ node }) => node));
  }

  any() {
    return this.#cards.size > 0;
  }

  /** @param {number} now */
  show(now) {
    for (const { fill, left, offer, since } of this.#cards.values()) {
      if (offer.ring_until === null) continue;
      const rest = Math.max(0, offer.ring_until - now);
      const all = Math.max(1, offer.ring_until - (since ?? now));
      fill.style.setProperty("--part", `${Math.min(100, (100 * rest) / all).toFixed(1)}%`);
      say(left, length(rest));
    }
  }

  acceptFirst() {
    const [first] = this.#cards.keys();
    if (first !== undefined) void this.answers.accept(first);
  }

  declineFirst() {
    const [first] = this.#cards.keys();
    if (first !== undefined) void this.answers.decline(first);
  }

  /** @param {Offer} offer */
  #card(offer) {
    const { offer_number, queue, priority, attributes, call } = offer;
    const fill = make("i");
    const left = make("span", { class: "soft", "aria-hidden": "true" });
    const link = screenPop(attributes[SCREEN_POP]);
    const known = Object.entries(attributes).filter(([name]) => !(name === SCREEN_POP && link));
    const node = make(
      "article",
      { class: "card offer", "aria-label": `A call for ${queue}` },
      make("h2", {}, make("span", { text: queue }), left),
      priority === 9 && make("p", { class: "urgent", text: "▲ An emergency" }),
      priority !== 9 && priority > 5 && make("p", { text: `Priority ${priority}` }),
      make("div", { class: "left", "aria-hidden": "true" }, fill),
      link,
      make(
        "dl",
        { class: "attributes" },
        ...[["call", call.call_id ?? ""], ...known.sort()].map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }))),
      ),
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "button", class: "main", onclick: () => void this.answers.accept(offer_number) }, "Accept ", make("kbd", { text: "a" })),
        make("button", { type: "button", onclick: () => void this.answers.decline(offer_number) }, "Decline ", make("kbd", { text: "d" })),
      ),
    );
    return { node, fill, left };
  }
}

/**
 * A link to a page about the caller; none where the attribute is no address of the web: whoever calls may
 * have had a hand in it.
 * @param {string | undefined} address
 */
export function screenPop(address) {
  if (!address) return null;
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return make("a", { class: "pop", href: url.href, target: "_blank", rel: "noopener noreferrer", text: `Open ${url.host}` });
}
