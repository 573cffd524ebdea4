// What supervisors tell the agent: the latest first, until he has read it.

import { arrange, make } from "../page/dom.js";
import { recall, remember } from "../page/theme.js";
import { instant, timeOfDay } from "../page/time.js";

export class Messages {
  #agent = "";
  /** Those that are unread, the first first. @type {Map<string, HTMLElement>} */
  #cards = new Map();
  /** Those that he has put away and that are told still. @type {Set<string>} */
  #read = new Set();

  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
  }

  /** Whose they are from now on. @param {string} agent */
  of(agent) {
    if (agent === this.#agent) return;
    this.#agent = agent;
    this.#cards.clear();
    this.#read = new Set(recall(`read.${agent}`).split(" ").filter(Boolean));
    this.#show();
  }

  /**
   * Those that are told now. One that is told no longer stays until it is read: acdd knows none from before
   * it was started, nor more than the latest.
   * @param {{number?: number, at?: string, from?: string, text?: string}[]} messages
   */
  set(messages) {
    // Numbers begin anew with acdd, times go on.
    const keyed = messages.map(message => ({ message, key: `${message.at}/${message.number}` }));
    for (const { key, message } of keyed) {
      if (!this.#cards.has(key) && !this.#read.has(key)) this.#cards.set(key, this.#card(key, message));
    }
    const told = new Set(keyed.map(({ key }) => key));
    for (const key of this.#read) if (!told.has(key)) this.#read.delete(key);
    this.#show();
  }

  #show() {
    arrange(this.host, [...this.#cards.values()].reverse());
  }

  /** @param {string} key */
  #putAway(key) {
    this.#cards.delete(key);
    this.#read.add(key);
    remember(`read.${this.#agent}`, [...this.#read].join(" "));
    this.#show();
    this.host.querySelector("button")?.focus();
  }

  /** @param {string} key @param {{at?: string, from?: string, text?: string}} message */
  #card(key, { at, from = "", text = "" }) {
    const said = `${timeOfDay(instant(at)).slice(0, 5)} · ${from}`;
    return make(
      "article",
      { class: "card message" },
      make("p", { text }),
      make("p", { class: "soft" }, said, " ", make("button", { type: "button", text: "Read", onclick: () => this.#putAway(key) })),
    );
  }
}
