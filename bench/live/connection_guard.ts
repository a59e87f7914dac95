/**
 * What the runtime's HTTP server lacks: bounds on connections that ask for nothing. It stands before
 * the server as a relay, counts connections, and ends those that take too long to say what they want
 * or say too much of it.
 */

import { listenFault } from "./listen_fault.ts";

/** What a guard holds out against where nothing else is said. */
export const DEFAULT_CONNECTION_BOUNDS = {
  /** Most connections at once; more are answered with 503. */
  maxConnections: 2048,
  /**
   * Most time from a connection, or from the answer before, to the end of a header, in milliseconds;
   * longer is answered with 408.
   */
  headerTimeoutMs: 10_000,
  /** Most bytes of a header; more is answered with 431. */
  maxHeaderBytes: 1 << 16,
};

/** What a guard holds out against. */
export type ConnectionBounds = Readonly<typeof DEFAULT_CONNECTION_BOUNDS>;

/** A guard that listens. */
export interface ConnectionGuard {
  /** Where clients connect to. */
  readonly address: Deno.NetAddr;
  /** Connections at the moment. */
  readonly connections: () => number;
  /**
   * Tells that the server has a request of a connection.
   *
   * @param done Settles once the answer is sent or given up.
   */
  readonly onRequest: (port: number, done: Promise<void>) => void;
  /** Ends every connection and stops listening. */
  readonly close: () => void;
}

interface Guarded {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
  /** Requests that the server works on. */
  requests: number;
  /** Whether a header is being read: from its first byte to the empty line. */
  inHeader: boolean;
  headerBytes: number;
  /** Last bytes of the header so far, where the empty line may begin. */
  tail: string;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const BUFFER_BYTES = 16 << 10;
const ACCEPT_PAUSE_MS = 20;
const HEADER_END = "\r\n\r\n";
const TEXT = new TextEncoder();
const LATIN = new TextDecoder("latin1");

/**
 * Starts a guard before a server on loopback.
 *
 * @param o Address to listen on, the server's port, and bounds.
 */
export function guardConnections(o: {
  readonly hostname: string;
  readonly port: number;
  readonly serverPort: number;
  readonly bounds: ConnectionBounds;
}): ConnectionGuard {
  const { bounds } = o;
  const listener = listen(o);
  const byPort = new Map<number, Guarded>();
  const open = new Set<Deno.TcpConn>();

  const end = (guarded: Guarded): void => {
    clearTimeout(guarded.timer);
    byPort.delete(portOf(guarded.server));
    for (const connection of [guarded.client, guarded.server]) closeQuietly(connection);
    open.delete(guarded.client);
  };
  const refuse = async (guarded: Guarded, status: string): Promise<void> => {
    await writeAll(guarded.client, answerOf(status)).catch(() => {});
    end(guarded);
  };
  const awaitHeader = (guarded: Guarded): void => {
    clearTimeout(guarded.timer);
    Object.assign(guarded, { inHeader: true, headerBytes: 0, tail: "" });
    guarded.timer = setTimeout(() => {
      // A connection that is only kept alive is closed without a word.
      if (guarded.headerBytes === 0) end(guarded);
      else refuse(guarded, "408 Request Timeout");
    }, bounds.headerTimeoutMs);
  };
  /** Follows a header; false once it is too long. */
  const follow = (guarded: Guarded, bytes: Uint8Array): boolean => {
    if (!guarded.inHeader) return true;
    const text = guarded.tail + LATIN.decode(bytes);
    const at = text.indexOf(HEADER_END);
    guarded.headerBytes += at < 0 ? bytes.length : at - guarded.tail.length;
    guarded.tail = text.slice(-(HEADER_END.length - 1));
    // What follows may be a body. The clock runs on until the server has understood the request, for
    // it also takes empty lines that precede one.
    if (at >= 0) guarded.inHeader = false;
    return guarded.headerBytes <= bounds.maxHeaderBytes;
  };
  const relay = async (client: Deno.TcpConn): Promise<void> => {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: o.serverPort });
    } catch {
      closeQuietly(client);
      open.delete(client);
      return;
    }
    const guarded: Guarded = {
      client,
      server,
      requests: 0,
      inHeader: true,
      headerBytes: 0,
      tail: "",
      timer: undefined,
    };
    byPort.set(portOf(server), guarded);
    for (const connection of [client, server]) connection.setNoDelay(true);
    awaitHeader(guarded);
    const asking = pump(client, server, (bytes) => follow(guarded, bytes)).then(async (whole) => {
      if (!whole) return await refuse(guarded, "431 Request Header Fields Too Large");
      await server.closeWrite();
    });
    const answering = pump(server, client, () => true);
    // Whichever breaks first ends both; a client that has only finished asking waits for its answer.
    await Promise.all([asking, answering.finally(() => end(guarded))]).catch(() => end(guarded));
  };

  let isClosed = false;
  const accept = async (): Promise<void> => {
    while (!isClosed) {
      let client: Deno.TcpConn;
      try {
        client = await listener.accept();
      } catch {
        // A client may be gone already, or no file be left to open; neither ends the server.
        if (!isClosed) await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
        continue;
      }
      if (open.size < bounds.maxConnections) {
        open.add(client);
        relay(client);
      } else {
        writeAll(client, answerOf("503 Service Unavailable")).catch(() => {})
          .finally(() => closeQuietly(client));
      }
    }
  };
  accept();

  return {
    address: listener.addr as Deno.NetAddr,
    connections: () => open.size,
    onRequest(port, done): void {
      const guarded = byPort.get(port);
      if (guarded === undefined) return;
      guarded.requests++;
      guarded.inHeader = false;
      clearTimeout(guarded.timer);
      const next = (): void => {
        if (--guarded.requests === 0 && byPort.get(port) === guarded) awaitHeader(guarded);
      };
      done.then(next, next);
    },
    close(): void {
      isClosed = true;
      listener.close();
      for (const guarded of [...byPort.values()]) end(guarded);
      for (const client of open) closeQuietly(client);
    },
  };
}

function listen(o: { readonly hostname: string; readonly port: number }): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: o.hostname, port: o.port });
  } catch (error) {
    throw listenFault(error, o);
  }
}

/** Relays bytes until their end: true, or until they are not wanted: false. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  isWanted: (bytes: Uint8Array) => boolean,
): Promise<boolean> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  while (true) {
    const read = await from.read(buffer);
    if (read === null) return true;
    const bytes = buffer.subarray(0, read);
    if (!isWanted(bytes)) return false;
    await writeAll(to, bytes);
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}

function answerOf(status: string): Uint8Array {
  return TEXT.encode(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

function portOf(connection: Deno.TcpConn): number {
  return (connection.localAddr as Deno.NetAddr).port;
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The other side was first.
  }
}
