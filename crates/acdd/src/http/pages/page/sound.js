// Two quiet tones, only where somebody has switched them on.

import { recall, remember } from "./theme.js";

export class Sound {
  /** @type {AudioContext | null} */ #audio = null;

  /** @param {HTMLButtonElement} button Switches it. @param {string} name What the tones stand for. */
  constructor(button, name) {
    this.on = recall("sound") === "on";
    const show = () => {
      button.setAttribute("aria-pressed", String(this.on));
      button.title = `${name}: ${this.on ? "on" : "off"}`;
    };
    button.addEventListener("click", () => {
      this.on = !this.on;
      remember("sound", this.on ? "on" : "off");
      show();
      this.play();
    });
    show();
  }

  play() {
    if (!this.on) return;
    this.#audio ??= new AudioContext();
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
}
