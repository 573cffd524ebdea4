// The wall: one tile for each queue, as large as fits, those in trouble first.

import { arrange, at, make, mark, say } from "../page/dom.js";
import { AGENT_STATES } from "../page/states.js";
import { NOTHING, age, length, percent } from "../page/time.js";
import { byState, closing, gravity, recent, target, totals, troubles } from "./figures.js";

/** A tile is so many of its own letters wide and high. */
const TILE_WIDTH_EM = 19.5;
const TILE_HEIGHT_EM = 12;
/** The smallest and largest letters, in pixels; below the smallest the wall scrolls. */
const LETTER_MIN = 14;
const LETTER_MAX = 64;
/** How much smaller letters may be if no place is left empty. */
const HOLES_COST = 0.5;
/** On a narrow screen tiles stand in one column, with letters to be read in the hand. */
const NARROW = 560;
const LETTER_NARROW_MAX = 18;
/** Tiles change places no more often than this: an eye has to find them again. */
const ORDER_EVERY_MS = 3000;

/** The tiles. */
export class Wall {
  /** @type {Map<string, Tile>} */ #tiles = new Map();
  /** @type {string[]} */ #order = [];
  #orderedAt = -Infinity;
  #shape = "";

  /** @param {HTMLElement} host @param {(queue: string) => void} open */
  constructor(host, open) {
    this.host = host;
    this.open = open;
    new ResizeObserver(() => this.#fit()).observe(host);
    this.states = new StateBar(at("states"));
  }

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {import("../page/rows.js").Queue[]} queues Those to show.
   * @param {number} now
   */
  show(picture, queues, now) {
    this.states.show(picture);
    const graded = queues.map((queue, place) => {
      const measured = { queue, statistics: picture.queueStatistics.get(queue.queue) };
      const found = troubles(measured, now);
      return { queue, measured, found, place, gravity: gravity(found) };
    });
    for (const { queue, measured, found } of graded) {
      let tile = this.#tiles.get(queue.queue);
      if (!tile) {
        tile = new Tile(queue.queue, () => this.open(queue.queue));
        this.#tiles.set(queue.queue, tile);
      }
      tile.show(measured, found, now);
    }
    graded.sort((one, other) => other.gravity - one.gravity || one.place - other.place);
    this.#arrange(graded.map(({ queue }) => queue.queue));
  }

  /** The tiles in the page, as they are written there. */
  written() {
    return this.#order.map(key => ({ key, cells: this.#tiles.get(key)?.written() ?? {} }));
  }

  /** @param {string[]} order */
  #arrange(order) {
    const same = order.length === this.#order.length && order.every((key, place) => key === this.#order[place]);
    if (same) return;
    const others = new Set(order);
    const onlyPlaces = order.length === this.#order.length && this.#order.every(key => others.has(key));
    if (onlyPlaces && performance.now() - this.#orderedAt < ORDER_EVERY_MS) return;
    this.#orderedAt = performance.now();
    this.#order = order;
    arrange(this.host, order.map(key => /** @type {Tile} */ (this.#tiles.get(key)).node));
    for (const key of this.#tiles.keys()) if (!others.has(key)) this.#tiles.delete(key);
    this.#fit();
  }

  /** Chooses how many tiles stand side by side, so that all are in sight as large as can be. */
  #fit() {
    const many = this.#order.length;
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!many || !width) return;
    let best = { columns: 1, letter: 0, worth: 0 };
    for (let columns = 1; columns <= many; columns += 1) {
      const rows = Math.ceil(many / columns);
      const letter = Math.min(width / columns / TILE_WIDTH_EM, height / rows / TILE_HEIGHT_EM, LETTER_MAX);
      const worth = letter * (1 - HOLES_COST * (1 - many / (columns * rows)));
      if (worth > best.worth) best = { columns, letter, worth };
    }
    const fits = best.letter >= LETTER_MIN && width >= NARROW;
    if (!fits) {
      const columns = width < NARROW ? 1 : Math.max(1, Math.floor(width / (LETTER_MIN * TILE_WIDTH_EM)));
      best = { columns, letter: Math.min(width / columns / TILE_WIDTH_EM, LETTER_NARROW_MAX), worth: 0 };
    }
    const { letter } = best;
    const shape = `${best.columns} ${letter.toFixed(2)} ${fits}`;
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.host.style.setProperty("--columns", String(best.columns));
    this.host.style.setProperty("--letter", `${letter.toFixed(2)}px`);
    mark(this.host, "data-fits", String(fits));
  }
}

/** One queue. */
class Tile {
  /** @type {Record<string, HTMLElement>} */ #cells = {};

  /** @param {string} name @param {() => void} open */
  constructor(name, open) {
    const cell = /** @param {string} name @param {string} label */ (name, label) => {
      this.#cells[name] = make("dd", { text: NOTHING });
      return make("div", { class: `figure ${name}` }, this.#cells[name], make("dt", { text: label }));
    };
    const title = make("button", { type: "button", class: "name", text: name, title: name, onclick: open });
    this.badge = make("span", { class: "badge" });
    this.mark = make("i", { class: "target" });
    this.fill = make("i", { class: "fill" });
    this.bar = make("div", { class: "bar", "aria-hidden": "true" }, this.fill, this.mark);
    this.note = make("p", { class: "note" });
    this.node = make(
      "li",
      { class: "tile", title: "In time and gave up: last 30 minutes" },
      make("header", {}, make("h2", {}, title), this.badge),
      make("dl", { class: "large" }, cell("waiting", "waiting"), cell("longest", "longest wait"), cell("service_level", "in time")),
      this.bar,
      make("dl", { class: "small" }, cell("available", "available"), cell("working", "working"), cell("staffed", "staffed"), cell("estimated", "est. wait"), cell("abandoned", "gave up")),
      this.note,
    );
  }

  /**
   * @param {import("./figures.js").Measured} measured
   * @param {import("./figures.js").Trouble[]} found
   * @param {number} now
   */
  show(measured, found, now) {
    const { queue } = measured;
    const { service_level, abandonment } = recent(measured);
    const set = /** @param {string} name @param {string} text */ (name, text) => say(this.#cells[name], text);
    set("waiting", String(queue.waiting));
    set("longest", age(queue.oldest_since, now));
    set("service_level", percent(service_level));
    set("available", String(queue.agents_available));
    set("working", String(queue.agents_working));
    set("staffed", String(queue.agents_staffed));
    set("estimated", length(queue.estimated_wait));
    set("abandoned", percent(abandonment));
    mark(this.node, "data-grade", found[0]?.grade ?? null);
    mark(this.node, "data-quiet", queue.waiting === 0 ? "" : null);
    say(this.badge, found[0] ? (found[0].grade === "alarm" ? "▲ Alarm" : "△ Notice") : queue.closed ? "Closed" : "");
    const rule = queue.active_rules.length ? `Rule in force: ${queue.active_rules.join(", ")}` : `Target ${target(queue)}`;
    say(this.note, found[0] ? found.map(({ text }) => text).join(" · ") : closing(queue) || rule);
    this.fill.style.setProperty("--part", `${Math.round(service_level ?? 0)}%`);
    this.mark.style.setProperty("--part", `${queue.service_level_percent}%`);
    mark(this.bar, "data-met", service_level === null ? null : String(service_level >= queue.service_level_percent));
  }

  written() {
    const texts = Object.entries(this.#cells).map(([name, cell]) => [name, cell.textContent]);
    return { ...Object.fromEntries(texts), note: this.note.textContent };
  }
}

/** How many agents are in each state, as one bar and in words. */
class StateBar {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.parts = Object.entries(AGENT_STATES).map(([state, { word, glyph }]) => {
      const count = make("b", { text: "0" });
      const part = make("i", { class: `part ${state}` });
      const entry = make("li", { class: state }, make("span", { class: "glyph", "aria-hidden": "true", text: glyph }), count, ` ${word}`);
      return { state, part, count, entry };
    });
    const drawn = this.parts.filter(({ state }) => state !== "logged_out").map(({ part }) => part);
    host.replaceChildren(
      make("div", { class: "stack", "aria-hidden": "true" }, ...drawn),
      make("ul", {}, ...this.parts.map(({ entry }) => entry)),
    );
  }

  /** @param {import("./picture.js").Picture} picture */
  show(picture) {
    const counts = byState(picture);
    for (const { state, part, count } of this.parts) {
      say(count, String(counts[state]));
      part.style.flexGrow = String(counts[state]);
    }
  }
}

/** The line above the tiles: all queues together. */
export class Summary {
  /** @type {Record<string, HTMLElement>} */ #cells = {};

  /** @param {HTMLElement} host */
  constructor(host) {
    const figure = /** @param {string} name @param {string} label */ (name, label) => {
      this.#cells[name] = make("dd", { text: NOTHING });
      this.#cells[`${name}_more`] = make("dd", { class: "more" });
      return make("div", { class: "figure" }, make("dt", { text: label }), this.#cells[name], this.#cells[`${name}_more`]);
    };
    host.append(
      figure("waiting", "Waiting"),
      figure("longest", "Longest wait"),
      figure("service_level", "In time"),
      figure("connected", "In conversation"),
      figure("available", "Ready"),
    );
  }

  /** @param {import("./picture.js").Picture} picture @param {number} now */
  show(picture, now) {
    const all = totals(picture, now);
    const counts = byState(picture);
    const here = picture.agents.size - counts.logged_out;
    const set = /** @param {string} name @param {string} text @param {string} [more] */ (name, text, more = "") => {
      say(this.#cells[name], text);
      say(this.#cells[`${name}_more`], more);
    };
    set("waiting", String(all.waiting));
    set("longest", all.longest_text, all.longest_in);
    set("service_level", percent(all.service_level), `${all.answered} answered, ${all.abandoned} gave up`);
    set("connected", String(all.connected));
    set("available", String(counts.ready), `of ${here} logged in`);
  }

  written() {
    return Object.fromEntries(Object.entries(this.#cells).map(([name, cell]) => [name, cell.textContent]));
  }
}
