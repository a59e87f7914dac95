import { isToken } from "../../../bench/mod.ts";
import { SettingError, TOKEN_VARIABLES } from "../../settings/mod.ts";

/** What there is of each server, or null. */
type Servers = Readonly<Record<"endpoint" | "against", string | null>>;

/**
 * Reads the tokens of both servers. A token goes to the host that was named with it: that of
 * `--endpoint` is sent to `--against` only where scheme, host and port are the same.
 *
 * @param environment Variables; an empty one counts as unset.
 * @returns A token for each, or null.
 * @throws {SettingError} When a token cannot be sent; the message does not quote it.
 */
export function readTokens(
  environment: Readonly<Partial<Record<string, string>>>,
  urls: Servers,
): Servers {
  const endpoint = readToken(environment, TOKEN_VARIABLES.endpoint);
  const own = readToken(environment, TOKEN_VARIABLES.against);
  return { endpoint, against: own ?? (isSameServer(urls) ? endpoint : null) };
}

function readToken(
  environment: Readonly<Partial<Record<string, string>>>,
  variable: string,
): string | null {
  const token = environment[variable];
  if (token === undefined || token === "") return null;
  if (isToken(token)) return token;
  throw new SettingError(
    "Cannot send this token: it has to be of visible ASCII characters, without blanks and line " +
      `breaks; a file often ends in one, which ${variable}="$(cat FILE)" leaves out`,
    { kind: "environment", text: variable },
  );
}

function isSameServer({ endpoint, against }: Servers): boolean {
  if (endpoint === null || against === null) return false;
  if (!URL.canParse(endpoint) || !URL.canParse(against)) return false;
  return new URL(endpoint).origin === new URL(against).origin;
}
