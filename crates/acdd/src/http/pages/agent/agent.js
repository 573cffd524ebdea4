// The agent page: who works here, what he is doing, what is offered to him, and what he says to that.

import { Problem, ask, site } from "../page/api.js";
import { at, make, mark, say } from "../page/dom.js";
import { agent as agentRow } from "../page/rows.js";
import { Sound } from "../page/sound.js";
import { AGENT_STATES, nextWords, stateWords } from "../page/states.js";
import { Stream } from "../page/stream.js";
import { keptBox, recall, remember, themeSwitch } from "../page/theme.js";
import { DomainClock, age, instant } from "../page/time.js";
import { Hands } from "./hands.js";
import { Heartbeat } from "./heartbeat.js";
import { Messages } from "./messages.js";
import { Offers } from "./offers.js";

/** Times go on between updates. */
const TIMES_EVERY_MS = 250;
/** How long the button makes wrap-up. */
const EXTENDED_BY = "30s";
/** How often it rings, where sound is on. */
const RINGS_EVERY_MS = 2500;

const clock = new DomainClock();
const sound = new Sound(at("sound"), "Sound when it rings");
/** @type {Stream | null} */
let stream = null;
let me = "";
/** @type {ReturnType<typeof agentRow> | null} */
let row = null;
let position = { epoch: 0, number: 0 };
let rangAt = -Infinity;

const heartbeat = new Heartbeat();
const offers = new Offers(at("offers"), {
  accept: offer_number => act("AcceptOffer", { offer_number }),
  decline: offer_number => act("DeclineOffer", { offer_number }),
});
const hands = new Hands(at("hands"), {
  done: (call, disposition) => act("EndWrapUp", { call, disposition }),
  longer: () => act("ExtendWrapUp", { by: EXTENDED_BY }),
});

const messages = new Messages(at("messages"));

/** Asks for something in the agent's name; says what is wrong with it. @param {string} method @param {object} request */
async function act(method, request) {
  say(at("wrong"), "");
  try {
    await ask("agent", method, { agent: me, ...request });
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(at("wrong"), error.message);
    return false;
  }
}

/** Listens to what happens to this agent from now on. @param {string} agent */
function listen(agent) {
  stream?.close();
  me = agent;
  remember("agent", agent);
  messages.of(agent);
  stream = new Stream(`/agent/stream?agent=${encodeURIComponent(agent)}`, {
    heartbeat: beat => {
      clock.hear(beat);
      heartbeat.heard();
      ring();
      mark(at("health"), "data-health", beat.health);
      say(at("health"), beat.health === "serving" ? "Live" : beat.health_reason || beat.health);
    },
    hearing: hears => {
      at("stale").hidden = hears;
      document.body.dataset.stale = String(!hears);
    },
    events: { agent: takeIn },
  });
}

/** @param {any} update */
function takeIn(update) {
  position = update.position ?? position;
  row = agentRow(update.agent ?? { agent: me });
  offers.set((update.offers ?? []).map(read), row);
  hands.set(row.slots);
  messages.set(update.messages ?? []);
  const works = row.presence !== "logged_out";
  if (works) heartbeat.keep(me);
  else heartbeat.stop();
  show();
}

/** @param {any} json */
const read = json => ({
  offer_number: json.offer_number ?? 0,
  call: json.call ?? {},
  queue: json.queue ?? "",
  priority: json.priority ?? 0,
  ring_until: instant(json.ring_until),
  attributes: /** @type {Record<string, string>} */ (json.attributes ?? {}),
});

function show() {
  const works = row !== null && row.presence !== "logged_out";
  at("log-in").hidden = works;
  at("work").hidden = !works;
  document.title = offers.any() ? "▲ A call for you · acdd" : works && row ? `${stateWords(row)} · acdd` : "acdd · agent";
  if (!works || !row) return;
  const now = clock.now();
  const state = AGENT_STATES[/** @type {keyof typeof AGENT_STATES} */ (row.state)];
  say(at("name"), row.name);
  say(at("id"), row.agent === row.name ? "" : row.agent);
  say(at("state"), stateWords(row));
  say(at("state-glyph"), state?.glyph ?? "?");
  say(at("state-for"), age(row.state_since, now));
  mark(at("now"), "data-state", row.state);
  const next = nextWords(row);
  say(at("next"), next ? `Then: ${next}` : "");
  say(at("hint"), hint(row));
  const wanted = next ? row.pending : row.presence;
  mark(at("ready"), "aria-pressed", String(wanted === "ready"));
  mark(at("not-ready"), "aria-pressed", String(wanted === "not_ready"));
  offers.show(now);
  hands.show(now);
  ring();
}

/** As long as a call is offered; with the heartbeats too, since timers go slowly in a page that nobody sees. */
function ring() {
  if (!offers.any() || performance.now() - rangAt < RINGS_EVERY_MS) return;
  rangAt = performance.now();
  sound.play();
}

/** By the reasons that are the system's own. @type {Record<string, string>} */
const HINTS = {
  missed_offers: "You left calls unanswered, so none are offered to you. Say that you are ready when you are back.",
  forced: "A supervisor has set this. Say that you are ready when it is settled.",
  heartbeat_lost: "acdd did not hear this page for a while.",
};

/** What to do about a presence that the system has set. @param {ReturnType<typeof agentRow>} row */
function hint({ presence, reason, device }) {
  if (device === "down") return "Your telephone cannot be reached; you get calls again when it can.";
  if (presence !== "not_ready") return "";
  return HINTS[reason] ?? "";
}

async function offerReasons() {
  const { reasons } = await site().catch(() => ({ reasons: [] }));
  const button = /** @param {string} reason */ reason =>
    make("button", { type: "button", text: reason ? reason.replaceAll("_", " ") : "without a reason", onclick: () => void notReady(reason) });
  at("reasons").replaceChildren(...[...reasons, ""].map(button));
}

/** @param {string} reason */
async function notReady(reason) {
  if (await act("SetPresence", { presence: "PRESENCE_NOT_READY", reason })) openReasons(false);
}

/** @param {boolean} open */
function openReasons(open) {
  at("reasons").hidden = !open;
  mark(at("not-ready"), "aria-expanded", String(open));
  if (open) at("reasons").querySelector("button")?.focus();
  else at("not-ready").focus();
}

at("log-in").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const who = at("who").value.trim();
  say(at("log-in-wrong"), "");
  mark(at("who"), "aria-invalid", null);
  try {
    if (!who) throw new Problem("Say who you are: the id that the configuration has for you.", "agent");
    await ask("agent", "LogIn", { agent: who, ready: at("ready-at-once").checked });
    listen(who);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // He is at work already, on another page or since before this one was loaded.
    if (error.code === "wrong_state") return listen(who);
    say(at("log-in-wrong"), error.message);
    mark(at("who"), "aria-invalid", "true");
    at("who").focus();
  }
});
at("ready").addEventListener("click", () => void act("SetPresence", { presence: "PRESENCE_READY" }));
at("not-ready").addEventListener("click", () => openReasons(at("reasons").hidden));
at("log-out").addEventListener("click", () => void act("LogOut", {}));

/** One letter for each thing that is done often. @type {Record<string, () => void>} */
const KEYS = {
  a: () => offers.acceptFirst(),
  d: () => offers.declineFirst(),
  r: () => at("ready").click(),
  n: () => at("not-ready").click(),
  e: () => hands.endFirst(),
  x: () => hands.extendFirst(),
};
document.addEventListener("keydown", event => {
  const typing = /** @type {HTMLElement} */ (event.target).closest("input:not([type=radio], [type=checkbox]), select");
  // Whoever leans on a key, or speaks to his computer, answers no call with it.
  if (event.repeat || !at("keys-act").checked || typing || event.ctrlKey || event.metaKey || event.altKey || at("work").hidden) return;
  const doIt = KEYS[event.key.toLowerCase()];
  if (!doIt) return;
  event.preventDefault();
  doIt();
});

themeSwitch(at("theme"));
keptBox(at("keys-act"), "keys");
void offerReasons();
setInterval(show, TIMES_EVERY_MS);
at("who").value = recall("agent");
if (recall("agent")) listen(recall("agent"));
else {
  at("log-in").hidden = false;
  say(at("health"), "");
}

/** @type {any} */ (window).acdd = {
  position: () => ({ epoch: position.epoch ?? 0, number: position.number ?? 0 }),
  agent: () => row,
  hears: () => stream?.hears ?? false,
};
