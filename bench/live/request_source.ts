/**
 * Where a request may come from. The server knows no users: whatever reaches it is served. A web page
 * reaches loopback too, by a name of its own that leads there, or by a request that a browser sends
 * without asking; both are refused.
 */

/** Why a request is not answered. */
export interface ForeignRequest {
  /** HTTP status. */
  readonly status: 403 | 415;
  /** What is foreign, and what would be answered. */
  readonly message: string;
}

const LOOPBACK_AUTHORITY = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Checks that a request was sent by a program of this machine, or by a page that it served itself.
 *
 * @returns 403 for a foreign `Host`, `Origin` or site, 415 for a body that a page could send without
 *   asking, which is any but JSON; null where it may be answered.
 */
export function refuseForeign(
  { headers, method }: Pick<Request, "headers" | "method">,
): ForeignRequest | null {
  const host = headers.get("host") ?? "";
  if (!LOOPBACK_AUTHORITY.test(host)) return foreign("Host", host);
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) return foreign("Origin", origin);
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    return foreign("Sec-Fetch-Site", site);
  }
  const type = (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (method === "POST" && type !== "application/json") {
    const message = `The body is '${shown(type)}': send it with 'Content-Type: application/json'`;
    return { status: 415, message };
  }
  return null;
}

function foreign(header: string, value: string): ForeignRequest {
  return {
    status: 403,
    message:
      `'${header}: ${
        shown(value)
      }' is not this machine's: ask 127.0.0.1 or localhost, or serve with ` +
      "--allow-remote",
  };
}

function shown(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
