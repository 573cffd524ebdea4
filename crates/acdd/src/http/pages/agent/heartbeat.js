// Telling acdd that the desktop is there: an agent whose page is gone is offered nothing.

import { ask } from "../page/api.js";
import { span } from "../page/time.js";

/** Until acdd has said how often it wants to hear. */
const FIRST_AFTER_MS = 5000;
/** So many in the time within which one must come. */
const TIMES = 3;

/**
 * Beats as the stream does: browsers let the timers of a page that is not in sight go slowly, but not what
 * comes from the network.
 */
export class Heartbeat {
  #agent = "";
  #after = FIRST_AFTER_MS;
  #last = -Infinity;

  /** Beats for this agent from now on. @param {string} agent */
  keep(agent) {
    if (this.#agent === agent) return;
    this.#agent = agent;
    this.#last = -Infinity;
    this.heard();
  }

  stop() {
    this.#agent = "";
  }

  /** acdd was heard: it hears this, if it is time. */
  heard() {
    const now = performance.now();
    if (!this.#agent || now - this.#last < this.#after) return;
    this.#last = now;
    void this.#beat(this.#agent);
  }

  /** @param {string} agent */
  async #beat(agent) {
    try {
      const { within } = await ask("agent", "Heartbeat", { agent });
      this.#after = (span(within) ?? TIMES * FIRST_AFTER_MS) / TIMES;
    } catch {
      // The next one may come through; the stream says that the connection is gone.
    }
  }
}
