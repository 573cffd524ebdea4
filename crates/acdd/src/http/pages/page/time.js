// Times: acdd's own clock, which may run faster than this one, and how lengths are written.

/** As little as this is the network's mood, and no reason to set the clock. */
const JITTER_MS = 150;

/** The domain's clock, carried on between heartbeats; it stands still while nothing is heard. */
export class DomainClock {
  #told = 0;
  #at = 0;
  #read = performance.now();
  #scale = 1;
  #runs = false;

  /** @param {{at_us: number, clock_scale: number}} beat */
  hear({ at_us, clock_scale }) {
    const told = at_us / 1000;
    this.#told = told;
    const off = Math.abs(told - this.now());
    if (!this.#runs || clock_scale !== this.#scale || off > JITTER_MS * clock_scale) {
      this.#at = told;
      this.#read = performance.now();
    }
    this.#scale = clock_scale;
    this.#runs = true;
  }

  /** It stands where it was heard last: what came since then was silence. */
  stop() {
    this.#at = this.#told;
    this.#runs = false;
  }

  /** Milliseconds since 1970, by the domain. */
  now() {
    return this.#runs ? this.#at + (performance.now() - this.#read) * this.#scale : this.#at;
  }

  get scale() {
    return this.#scale;
  }
}

/**
 * An instant of the wire.
 * @param {string | undefined} text RFC 3339
 * @returns {number | null} milliseconds since 1970
 */
export const instant = text => (text ? Date.parse(text) : null);

/**
 * A length of time of the wire, such as `12.5s`.
 * @param {string | undefined} text
 * @returns {number | null} milliseconds
 */
export const span = text => (text ? Math.round(parseFloat(text) * 1000) : null);

/** What stands where there is nothing to say. */
export const NOTHING = "–";

const two = /** @param {number} number */ number => String(number).padStart(2, "0");

/**
 * `0:07`, `12:41`, `1:02:33`, `2d 04h`.
 * @param {number | null | undefined} ms
 */
export function length(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  const s = Math.floor(Math.max(0, ms) / 1000);
  const [days, hours, minutes, seconds] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  if (days > 0) return `${days}d ${two(hours)}h`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`;
  return `${minutes}:${two(seconds)}`;
}

/**
 * The same as people say it: `20s`, `1m 30s`, `2h`.
 * @param {number} ms
 */
export function said(ms) {
  const s = Math.round(ms / 1000);
  const parts = [[Math.floor(s / 3600), "h"], [Math.floor(s / 60) % 60, "m"], [s % 60, "s"]];
  return parts.filter(([many]) => many).map(([many, unit]) => `${many}${unit}`).join(" ") || "0s";
}

/**
 * How long ago an instant was.
 * @param {number | null | undefined} since
 * @param {number} now
 */
export const age = (since, now) => (since ? length(now - since) : NOTHING);

/**
 * The time of day here.
 * @param {number | null} at
 */
export function timeOfDay(at) {
  if (at === null) return NOTHING;
  const day = new Date(at);
  return `${two(day.getHours())}:${two(day.getMinutes())}:${two(day.getSeconds())}`;
}

/**
 * @param {number | null | undefined} percent
 */
export const percent = percent => (percent === null || percent === undefined ? NOTHING : `${Math.round(percent)}%`);
