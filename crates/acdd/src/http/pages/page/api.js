// Asking acdd to do something: the methods of its services, as JSON; what is wrong comes back as a Problem.

/** Why nothing was done. */
export class Problem extends Error {
  /**
   * @param {string} message What was wrong, and what is right.
   * @param {string} [field] The field of the request that is at fault, or empty.
   * @param {string} [code] Stable, for programs.
   */
  constructor(message, field = "", code = "unreachable") {
    super(message);
    this.field = field;
    this.code = code;
  }
}

/** How long an answer may take. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * @param {"supervisor" | "agent"} service
 * @param {string} method
 * @param {object} request
 * @returns {Promise<any>} the answer
 */
export async function ask(service, method, request) {
  return await answer(`/api/${service}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
}

/**
 * @param {string} path
 * @param {Record<string, string>} [parameters]
 * @returns {Promise<any>} the answer
 */
export async function read(path, parameters = {}) {
  return await answer(`${path}?${new URLSearchParams(parameters)}`, {});
}

/**
 * What there is to choose from.
 * @returns {Promise<{reasons: string[]}>}
 */
export const site = () => read("/api/site");

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch {
    throw new Problem("acdd does not answer; try again when the connection is back");
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    // A proxy, or an answer that was cut off.
  }
  if (response.ok && body) return body;
  throw new Problem(body?.message ?? `acdd answered with status ${response.status}`, body?.field, body?.code);
}
