// Alarms: the line that names them, the voice that tells a new one, and the sound, if it is wanted.

import { arrange, at, make, say } from "../page/dom.js";
import { Sound } from "../page/sound.js";
import { troubles } from "./figures.js";

/** An alarm that has just been told is not told again so soon. */
const TOLD_AGAIN_AFTER_MS = 60_000;
/** More are counted, not named. */
const NAMED_MAX = 6;

/** All that is wrong in the grade of an alarm. */
export class Alarms {
  /** @type {Map<string, number>} */ #told = new Map();
  /** @type {Map<string, HTMLElement>} */ #chips = new Map();
  /** @type {Set<string>} */ #present = new Set();

  /** @param {(queue: string) => void} open */
  constructor(open) {
    this.open = open;
    this.line = at("alarms");
    this.voice = new Voice(at("voice"));
    this.more = make("li", { class: "more" });
    this.sound = new Sound(at("sound"), "Sound at alarms");
  }

  /** @param {import("./picture.js").Picture} picture @param {number} now */
  show(picture, now) {
    /** @type {{key: string, queue: string, text: string}[]} */
    const found = [];
    for (const queue of picture.queues.values()) {
      const measured = { queue, statistics: picture.queueStatistics.get(queue.queue) };
      for (const { grade, kind, text } of troubles(measured, now)) {
        if (grade === "alarm") found.push({ key: `${queue.queue}\n${kind}`, queue: queue.queue, text });
      }
    }
    this.#name(found);
    this.#tell(found);
  }

  /** @param {{key: string, queue: string, text: string}[]} found */
  #name(found) {
    const chips = found.slice(0, NAMED_MAX).map(({ key, queue, text }) => {
      const chip = this.#chips.get(key) ?? make("li", {}, make("button", { type: "button", onclick: () => this.open(queue) }));
      this.#chips.set(key, chip);
      say(/** @type {Element} */ (chip.firstElementChild), `▲ ${queue}: ${text}`);
      return chip;
    });
    const left = found.length - chips.length;
    say(this.more, `and ${left} more`);
    arrange(this.line, left > 0 ? [...chips, this.more] : chips);
    const there = new Set(found.slice(0, NAMED_MAX).map(({ key }) => key));
    for (const key of this.#chips.keys()) if (!there.has(key)) this.#chips.delete(key);
    this.line.hidden = found.length === 0;
    const title = found.length ? `▲ ${found.length} · acdd` : "acdd";
    if (document.title !== title) document.title = title;
  }

  /** @param {{key: string, queue: string, text: string}[]} found */
  #tell(found) {
    const real = performance.now();
    const fresh = found.filter(({ key }) => !this.#present.has(key) && real - (this.#told.get(key) ?? -Infinity) > TOLD_AGAIN_AFTER_MS);
    this.#present = new Set(found.map(({ key }) => key));
    if (!fresh.length) return;
    for (const { key } of fresh) this.#told.set(key, real);
    this.voice.say(`Alarm. ${fresh.map(({ queue, text }) => `${queue}: ${text}`).join(". ")}.`);
    this.sound.play();
  }
}

/** What a screen reader says by itself. */
export class Voice {
  /** @param {HTMLElement} region */
  constructor(region) {
    this.region = region;
    new MutationObserver(() => this.#follow()).observe(document.body, { subtree: true, attributeFilter: ["open"] });
  }

  /** @param {string} text */
  say(text) {
    this.#follow();
    this.region.textContent = text;
  }

  /** While a dialog is open, nothing outside of it is heard. */
  #follow() {
    const place = document.querySelector("dialog[open]") ?? document.body;
    if (this.region.parentElement !== place) place.append(this.region);
  }
}
