// Listening to acdd: one connection that notices when it hears nothing, and comes back by itself.

/** Heartbeats come each second. Nothing for so long, and what is shown is old. */
const SILENT_AFTER_MS = 3000;
/** How long it waits before it tries again, and again. */
const RETRY_AFTER_MS = [200, 500, 1000, 2000, 4000];

/**
 * @typedef {object} Beat
 * @property {number} at_us The domain's clock: microseconds since 1970.
 * @property {number} clock_scale
 * @property {string} domain
 * @property {string} health `serving`, `recovering`, `degraded` or `draining`.
 * @property {string} health_reason
 * @property {string} version
 *
 * @typedef {object} Listener
 * @property {(beat: Beat) => void} heartbeat Each second: how acdd is, and what time it is there.
 * @property {Record<string, (message: object) => boolean | void>} events
 *   By the name of the event; `false` says that it does not fit what was there, so all comes anew.
 * @property {(hears: boolean) => void} hearing It hears again, or hears nothing any more.
 */

/** A stream of server-sent events. */
export class Stream {
  /** @type {EventSource | null} */ #source = null;
  /** @type {string} */ #after = "";
  #heardAt = performance.now();
  #openedAt = performance.now();
  #hears = false;
  #failures = 0;
  /** @type {number | undefined} */ #retry;
  /** @type {number | undefined} */ #watch;

  /**
   * @param {string} path With or without a query.
   * @param {Listener} listener
   */
  constructor(path, listener) {
    this.path = path;
    this.listener = listener;
    this.#open();
    this.#watch = setInterval(() => this.#lookForSilence(), 250);
  }

  /** Whether what it told last is at most some seconds old. */
  get hears() {
    return this.#hears;
  }

  /** For how long it has heard nothing, in milliseconds of real time. */
  get silence() {
    return performance.now() - this.#heardAt;
  }

  close() {
    this.#source?.close();
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
  }

  #open() {
    const sign = this.path.includes("?") ? "&" : "?";
    const source = new EventSource(this.#after ? `${this.path}${sign}after=${this.#after}` : this.path);
    this.#source = source;
    this.#openedAt = performance.now();
    source.addEventListener("heartbeat", event => {
      this.#heard();
      this.listener.heartbeat(JSON.parse(event.data));
    });
    for (const [name, take] of Object.entries(this.listener.events)) {
      source.addEventListener(name, event => {
        this.#heard();
        if (take(JSON.parse(event.data)) === false) {
          this.#after = "";
          this.#again();
        } else {
          this.#after = event.lastEventId;
        }
      });
    }
    // It would come back by itself, but not with what it has heard last.
    source.addEventListener("error", () => {
      if (source === this.#source) this.#again();
    });
  }

  #heard() {
    this.#heardAt = performance.now();
    this.#failures = 0;
    this.#tell(true);
  }

  #lookForSilence() {
    const now = performance.now();
    if (now - this.#heardAt < SILENT_AFTER_MS) return;
    this.#tell(false);
    if (this.#source && now - this.#openedAt > SILENT_AFTER_MS) this.#again();
  }

  #again() {
    this.#source?.close();
    this.#source = null;
    const wait = RETRY_AFTER_MS[Math.min(this.#failures, RETRY_AFTER_MS.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#retry);
    // Not all pages of a site at the same instant.
    this.#retry = setTimeout(() => this.#open(), wait * (0.75 + Math.random() / 2));
  }

  /** @param {boolean} hears */
  #tell(hears) {
    if (hears === this.#hears) return;
    this.#hears = hears;
    this.listener.hearing(hears);
  }
}
