// What the wallboard knows: a snapshot, and what has changed since, folded to one position.

import { agent, agentStatistics, call, callKey, event, queue, queueStatistics } from "../page/rows.js";

/** How many of the latest events are kept. */
const EVENTS_KEPT = 2000;

/** @typedef {{epoch: number, number: number}} Position */

/** @param {any} json @returns {Position} */
const position = json => ({ epoch: json?.epoch ?? 0, number: json?.number ?? 0 });

/** All rows as of one position. */
export class Picture {
  /** @type {Position} */
  position = { epoch: 0, number: 0 };
  /** By name, in the order of the configuration. @type {Map<string, import("../page/rows.js").Queue>} */
  queues = new Map();
  /** By id, in the order of the configuration. @type {Map<string, import("../page/rows.js").Agent>} */
  agents = new Map();
  /** By adapter and id, in the order of arrival. @type {Map<string, import("../page/rows.js").Call>} */
  calls = new Map();
  /** The latest, oldest first. @type {import("../page/rows.js").Event[]} */
  events = [];
  /** @type {Map<string, import("../page/rows.js").QueueStatistics>} */
  queueStatistics = new Map();
  /** @type {Map<string, import("../page/rows.js").AgentStatistics>} */
  agentStatistics = new Map();

  /** Takes in everything anew. @param {any} snapshot */
  replace(snapshot) {
    const missed = this.position.epoch > 0;
    this.position = position(snapshot.position);
    for (const rows of [this.queues, this.agents, this.calls, this.queueStatistics, this.agentStatistics]) rows.clear();
    this.#put(snapshot);
    if (missed) this.#tell(event({ at: snapshot.at, kind: "events_missed", position: snapshot.position }));
  }

  /**
   * Takes in what has changed.
   * @param {any} delta
   * @returns {boolean} whether it goes on where this ends; if not, nothing has changed
   */
  apply(delta) {
    const after = position(delta.after);
    if (after.epoch !== this.position.epoch || after.number !== this.position.number) return false;
    this.position = position(delta.position);
    this.#put(delta);
    for (const json of delta.events ?? []) this.#tell(event(json));
    return true;
  }

  /** @param {any} rows of a snapshot or a delta */
  #put(rows) {
    for (const json of rows.queues ?? []) this.queues.set(json.queue, queue(json));
    for (const json of rows.agents ?? []) this.agents.set(json.agent, agent(json));
    for (const json of rows.queue_statistics ?? []) this.queueStatistics.set(json.queue, queueStatistics(json));
    for (const json of rows.agent_statistics ?? []) this.agentStatistics.set(json.agent, agentStatistics(json));
    for (const json of rows.calls ?? []) {
      const row = call(json);
      const key = callKey(row.call);
      if (row.state === "ended") this.calls.delete(key);
      else this.calls.set(key, row);
    }
  }

  /** @param {import("../page/rows.js").Event} event */
  #tell(event) {
    this.events.push(event);
    // Now and then, not each time.
    if (this.events.length > 1.25 * EVENTS_KEPT) this.events.splice(0, this.events.length - EVENTS_KEPT);
  }
}
