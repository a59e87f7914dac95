/** Bytes that clients have not read yet: bounded for one connection and for all of them. */

/** An answer with bytes that its client has not read. */
export interface UnreadStream {
  /** Bytes that wait now. */
  readonly waitingBytes: () => number;
  /** Ends the answer. */
  readonly breakOff: (why: string) => void;
}

/** All answers that are being streamed. */
export interface UnreadBytes {
  readonly streams: Set<UnreadStream>;
  /** Told of bytes just queued: ends the stream, or those with most unread, where it is too much. */
  readonly onQueued: (stream: UnreadStream, bytes: number) => void;
}

/**
 * Counts what clients leave unread.
 *
 * @param o Most bytes of one stream, and of all.
 */
export function countUnread(
  o: { readonly maxBytes: number; readonly maxBytesInAll: number },
): UnreadBytes {
  const streams = new Set<UnreadStream>();
  // Never less than what waits: what was read since is only seen by asking every stream.
  let mostInAll = 0;
  const total = (): number => [...streams].reduce((sum, each) => sum + each.waitingBytes(), 0);
  return {
    streams,
    onQueued(stream, bytes): void {
      mostInAll += bytes;
      // A client that does not read is not waited for, and does not fill the memory.
      if (stream.waitingBytes() > o.maxBytes) stream.breakOff("unread");
      if (mostInAll <= o.maxBytesInAll) return;
      mostInAll = total();
      while (mostInAll > o.maxBytesInAll) {
        const [slowest] = [...streams].sort((a, b) => b.waitingBytes() - a.waitingBytes());
        if (slowest === undefined) return;
        mostInAll -= slowest.waitingBytes();
        slowest.breakOff("unread by too many");
        streams.delete(slowest);
      }
    },
  };
}
