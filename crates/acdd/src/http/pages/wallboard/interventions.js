// What a supervisor can do to a call, an agent or a queue: one entry each. `form.js` asks and sends.

/**
 * @typedef {object} Field
 * @property {string} name As in the request, so that what is wrong with it is shown beside it.
 * @property {string} label
 * @property {(picture: import("./picture.js").Picture) => [string, string][]} [choices] Values and their words; any text without.
 * @property {(picture: import("./picture.js").Picture) => string[]} [suggests] What may be typed, to pick from.
 * @property {string} [value] What stands there at first.
 * @property {string} [hint]
 * @property {boolean} [optional]
 * @property {number} [most] How many letters.
 */

/**
 * @template Subject
 * @typedef {object} Intervention
 * @property {string} title
 * @property {string} method Of the supervisors' service.
 * @property {Field[]} fields
 * @property {(subject: Subject, values: Record<string, string>) => object} request
 * @property {(subject: Subject) => boolean} [possible]
 * @property {boolean} [grave] It takes something from a caller.
 */

/** @param {import("./picture.js").Picture} picture @returns {[string, string][]} */
const queues = picture => [...picture.queues.keys()].map(name => [name, name]);

/** @param {...string} words @returns {[string, string][]} */
const listed = (...words) => words.map(word => [word, word.replaceAll("_", " ").toLowerCase()]);

const WAITS = new Set(["waiting", "offering"]);

/** As in `MessageAgentsRequest`. */
const MESSAGE_MAX = 512;

/** @type {Field} */
const MESSAGE = { name: "text", label: "Message", most: MESSAGE_MAX };

/** @param {import("./picture.js").Picture} picture Those who could take a call now come first. */
const agentsAtWork = picture => {
  const here = [...picture.agents.values()].filter(({ presence }) => presence !== "logged_out");
  return here.sort((one, other) => Number(other.state === "ready") - Number(one.state === "ready")).map(({ agent }) => agent);
};

/** @param {import("./picture.js").Picture} picture Those that some agent has, or that were taken from one. */
const skills = picture => [
  ...new Set([...picture.agents.values()].flatMap(agent => [...agent.skills, ...agent.skills_for_now]).map(({ skill }) => skill)),
];

/** What an agent is to have of a skill, as `SetAgentSkillRequest` has it. @param {string} wanted */
const wanted = wanted => ({ none: { without: true }, configured: { as_configured: true } })[wanted] ?? { level: Number(wanted) };

/** How long it stays so. @type {Field} */
const LASTING = {
  name: "lasting",
  label: "For",
  choices: () => [["", "as long as nobody says otherwise"], ["900s", "15 minutes"], ["1800s", "half an hour"], ["3600s", "an hour"], ["7200s", "2 hours"], ["14400s", "4 hours"]],
};

/** @param {Record<string, string>} values */
const lasting = ({ lasting }) => (lasting ? { lasting } : {});

/** @type {Intervention<import("../page/rows.js").Call>[]} */
export const OF_CALLS = [
  {
    title: "Move",
    method: "MoveCall",
    fields: [{ name: "queue", label: "To queue", choices: queues }],
    request: ({ call }, { queue }) => ({ call, queue }),
    possible: ({ state }) => WAITS.has(state),
  },
  {
    title: "Give to",
    method: "PickCall",
    fields: [{ name: "agent", label: "Agent", suggests: agentsAtWork, hint: "His id. He is offered it at once, whosever turn it is." }],
    request: ({ call }, { agent }) => ({ call, agent }),
    possible: ({ state }) => WAITS.has(state),
  },
  {
    title: "Priority",
    method: "SetCallPriority",
    fields: [
      {
        name: "priority",
        label: "Priority",
        choices: () => Array.from({ length: 10 }, (_, level) => [String(level), level === 9 ? "9, an emergency" : level === 5 ? "5, normal" : String(level)]),
        value: "7",
      },
    ],
    request: ({ call }, { priority }) => ({ call, priority: Number(priority) }),
    possible: ({ state }) => WAITS.has(state),
  },
  {
    title: "End",
    method: "EndCall",
    fields: [{ name: "treatment", label: "The caller gets", choices: () => [["HANG_UP", "nothing more"], ...listed("MESSAGE", "VOICEMAIL", "BUSY")] }],
    request: ({ call }, { treatment }) => ({ call, treatment: `TREATMENT_${treatment}` }),
    grave: true,
  },
];

/** @type {Intervention<import("../page/rows.js").Agent>[]} */
export const OF_AGENTS = [
  {
    title: "Set presence",
    method: "SetAgentPresence",
    fields: [{ name: "presence", label: "Presence", choices: () => listed("NOT_READY", "READY", "LOGGED_OUT") }],
    request: ({ agent }, { presence }) => ({ agent, presence: `PRESENCE_${presence}` }),
  },
  {
    title: "Skill",
    method: "SetAgentSkill",
    fields: [
      { name: "skill", label: "Skill", suggests: skills },
      {
        name: "level",
        label: "Is to have",
        choices: () => [
          ...Array.from({ length: 10 }, (_, at) => /** @type {[string, string]} */ ([String(10 - at), at === 0 ? "level 10, the best" : `level ${10 - at}`])),
          ["none", "nothing of it"],
          ["configured", "what the configuration says"],
        ],
        value: "5",
      },
      LASTING,
    ],
    request: ({ agent }, { skill, level, ...values }) => ({ agent, skill, ...wanted(level), ...lasting(values) }),
  },
  {
    title: "Message",
    method: "MessageAgents",
    fields: [MESSAGE],
    request: ({ agent }, { text }) => ({ agent, text }),
    possible: ({ presence }) => presence !== "logged_out",
  },
];

/** @type {Intervention<import("../page/rows.js").Queue>[]} */
export const OF_QUEUES = [
  {
    title: "Close",
    method: "SetQueueOpen",
    fields: [LASTING],
    request: ({ queue }, values) => ({ queue, open: false, ...lasting(values) }),
    possible: ({ closed }) => !closed,
    grave: true,
  },
  {
    title: "Open",
    method: "SetQueueOpen",
    fields: [LASTING],
    request: ({ queue }, values) => ({ queue, open: true, ...lasting(values) }),
    possible: ({ closed }) => closed,
  },
  {
    title: "Message its agents",
    method: "MessageAgents",
    fields: [MESSAGE],
    request: ({ queue }, { text }) => ({ queue, text }),
  },
];

/** @type {Intervention<"everybody">[]} */
export const OF_EVERYBODY = [
  {
    title: "Message",
    method: "MessageAgents",
    fields: [MESSAGE],
    request: (_, { text }) => ({ everybody: true, text }),
  },
];
