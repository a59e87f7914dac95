import { optionError } from "../result/mod.ts";

/**
 * Says why an address cannot be listened on, and what to name in its place.
 *
 * @returns The error to throw: a `bench/option`, or the cause where it is no fault of the address.
 */
export function listenFault(
  cause: unknown,
  o: { readonly hostname: string; readonly port: number },
): unknown {
  const why = reasonOf(cause);
  if (why === null) return cause;
  const host = o.hostname.includes(":") ? `[${o.hostname}]` : o.hostname;
  return optionError(`Cannot listen on '${host}:${o.port}': ${why}`);
}

function reasonOf(cause: unknown): string | null {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "another program listens there; stop it, or name another port with --port, 0 for a free one";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address; name one of its own with --host";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "the system keeps this port for its own services; name one above 1023 with --port";
  }
  if (cause instanceof Error && /failed to lookup address/.test(cause.message)) {
    return "no address has this name; name one of this machine's with --host";
  }
  return null;
}
