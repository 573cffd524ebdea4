// What supervisors tell the agent: the latest first, until he has read it.

import { arrange, make } from "../page/dom.js";
import { instant, timeOfDay } from "../page/time.js";

export class Messages {
  /** @type {Map<number, HTMLElement>} */ #cards = new Map();
  /** The latest that he has put away. */
  #read = 0;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
  }

  /** All since he logged in. @param {{number?: number, at?: string, from?: string, text?: string}[]} messages */
  set(messages) {
    const unread = messages.filter(({ number = 0 }) => number > this.#read);
    const cards = unread.map(message => {
      const { number = 0 } = message;
      const card = this.#cards.get(number) ?? this.#card(number, message);
      this.#cards.set(number, card);
      return card;
    });
    arrange(this.host, cards.reverse());
  }

  /** @param {number} number @param {{at?: string, from?: string, text?: string}} message */
  #card(number, { at, from = "", text = "" }) {
    const said = `${timeOfDay(instant(at)).slice(0, 5)} · ${from}`;
    const away = () => {
      this.#read = Math.max(this.#read, number);
      for (const [each, card] of this.#cards) if (each <= number) card.remove();
    };
    return make(
      "article",
      { class: "card message" },
      make("p", { text }),
      make("p", { class: "soft" }, said, " ", make("button", { type: "button", text: "Read", onclick: away })),
    );
  }
}
