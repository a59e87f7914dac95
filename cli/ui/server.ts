import { listenFault, refuseForeign, requireLoopback } from "../../bench/mod.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  // The page's own policy is in its head; what frames it can only be said here.
  "content-security-policy": "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/**
 * Serves one page and nothing else; on loopback, as the API, only to this machine's own programs.
 *
 * @param o Address; one that is not loopback must be allowed, and port 0 takes a free one.
 * @returns Address of the page, and what stops the server.
 * @throws {BenchError} When the address is not loopback and not allowed, or cannot be listened on.
 */
export function servePage(
  page: string,
  o: { readonly hostname: string; readonly port: number; readonly allowRemote: boolean },
): { readonly url: string; readonly close: () => Promise<void> } {
  const { hostname, port } = o;
  requireLoopback(o);
  const answer = (request: Request): Response => {
    const refusal = o.allowRemote ? null : refuseForeign(request);
    if (refusal !== null) {
      return new Response(`${refusal.message}\n`, { status: refusal.status });
    }
    const { pathname } = new URL(request.url);
    if (pathname !== "/" && pathname !== "/index.html") {
      return new Response("There is only '/'\n", { status: 404 });
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Use GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    return new Response(request.method === "HEAD" ? null : page, { headers: HEADERS });
  };
  const server = listen({ hostname, port }, answer);
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { url: `http://${host}:${server.addr.port}/`, close: () => server.shutdown() };
}

function listen(
  o: { readonly hostname: string; readonly port: number },
  answer: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...o, onListen: () => {} }, answer);
  } catch (error) {
    throw listenFault(error, o);
  }
}
