// Two quiet tones, only where somebody has switched them on, and once the browser lets the page be heard.

import { make, say } from "./dom.js";
import { recall, remember } from "./theme.js";

/** Within so long a browser has decided whether a page may be heard. */
const DECIDED_AFTER_MS = 500;

export class Sound {
  /** @type {AudioContext | null} */ #audio = null;
  /** Whether it was blocked until the present press. */
  #wasBlocked = false;
  /** Whether the browser has had the time to let it be heard. */
  #decided = false;

  /** @param {HTMLButtonElement} button Switches it. @param {string} name What the tones stand for. */
  constructor(button, name) {
    this.on = recall("sound") === "on";
    this.button = button;
    this.name = name;
    this.note = make("span", { class: "blocked", role: "status" });
    button.before(this.note);
    // Browsers keep a page silent until somebody has clicked there or pressed a key.
    for (const kind of ["pointerdown", "keydown"]) {
      addEventListener(
        kind,
        () => {
          this.#wasBlocked = this.#blocked;
          this.#wake();
        },
        true,
      );
    }
    button.addEventListener("click", () => {
      // Whoever presses it because it is blocked does not want it off.
      if (!this.#wasBlocked && !this.#blocked) {
        this.on = !this.on;
        remember("sound", this.on ? "on" : "off");
      }
      this.#wasBlocked = false;
      this.#show();
      void this.#wake()?.then(() => this.play());
    });
    this.#show();
    this.#wake();
  }

  play() {
    if (!this.on || this.#audio?.state !== "running") return;
    const audio = this.#audio;
    [660, 880].forEach((pitch, place) => {
      const start = audio.currentTime + place * 0.18;
      const tone = new OscillatorNode(audio, { frequency: pitch });
      const loud = new GainNode(audio, { gain: 0 });
      loud.gain.setTargetAtTime(0.12, start, 0.01);
      loud.gain.setTargetAtTime(0, start + 0.14, 0.04);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.4);
    });
  }

  get #blocked() {
    return this.on && this.#audio !== null && this.#audio.state !== "running";
  }

  /** Done once it is heard, which may be never. */
  #wake() {
    if (!this.on) return undefined;
    if (!this.#audio) {
      this.#audio = new AudioContext();
      this.#audio.addEventListener("statechange", () => this.#show());
      setTimeout(() => {
        this.#decided = true;
        this.#show();
      }, DECIDED_AFTER_MS);
    }
    return this.#audio.resume();
  }

  #show() {
    const blocked = this.#blocked;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.title = `${this.name}: ${!this.on ? "off" : blocked ? "blocked until you click" : "on"}`;
    say(this.note, blocked && this.#decided ? "No sound until you click" : "");
  }
}
