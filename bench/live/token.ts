/** Bearer tokens: what one may be, and its removal from whatever is said or stored. */

/** What stands where a token was. */
export const REDACTED = "[token]";

/** Shorter ones may be words of any text, such as `EMPTY`: they are removed from foreign text alone. */
const LEAST_SECRET_CHARACTERS = 8;

/** The start of a token, at the end of a text that was cut, that is long enough to be one. */
const LEAST_START_CHARACTERS = 4;

/**
 * Says whether a text can be a bearer token: visible ASCII, as a header may have it. A line break
 * would end the header, and the client's error would quote it.
 *
 * @param text Text, such as of an environment variable.
 */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/**
 * Removes tokens from a text that somebody else wrote: as they are, as JSON or an address writes
 * them, and their start where the text was shortened with `…`.
 *
 * @param tokens Tokens; null for none.
 * @returns The text with `[token]` in their place.
 */
export function redactTokens(text: string, tokens: readonly (string | null)[]): string {
  let clean = text;
  for (const form of formsOf(tokens)) {
    clean = clean.replaceAll(form, REDACTED);
    if (clean.includes("…")) {
      clean = clean.split("…").map((part, i, parts) =>
        i === parts.length - 1 ? part : withoutStart(part, form)
      ).join("…");
    }
  }
  return clean;
}

/**
 * Removes tokens from every text of a document. Tokens that are too short to be secret are left.
 *
 * @param tokens Tokens; null for none.
 * @returns A copy without them, or the value itself where there are none.
 */
export function redactDocument<T>(value: T, tokens: readonly (string | null)[]): T {
  const secrets = tokens.filter(isSecret);
  return secrets.length === 0 ? value : redactValue(value, secrets) as T;
}

/** Whether a token is long enough to be found by its text alone. */
export function isSecret(token: string | null): token is string {
  return token !== null && token.length >= LEAST_SECRET_CHARACTERS;
}

function redactValue(value: unknown, tokens: readonly string[]): unknown {
  if (typeof value === "string") return redactTokens(value, tokens);
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, tokens));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, redactValue(entry, tokens)]),
  );
}

/** Each way to write a token, the longest first, so that none leaves the rest of another. */
function formsOf(tokens: readonly (string | null)[]): string[] {
  const forms = tokens.flatMap((token) =>
    token === null || token === ""
      ? []
      : [token, JSON.stringify(token).slice(1, -1), encodeURIComponent(token), encodeURI(token)]
  );
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function withoutStart(part: string, form: string): string {
  for (let length = Math.min(form.length - 1, part.length); length > 0; length--) {
    if (length < LEAST_START_CHARACTERS && length < form.length - 1) break;
    if (part.endsWith(form.slice(0, length))) return part.slice(0, -length) + REDACTED;
  }
  return part;
}
