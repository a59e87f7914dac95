/** Reads requests line by line and writes a reply to each, until the last one. */

/** Answers a line, and tells whether it was the last one. */
export type LineAnswer = (line: string) => Promise<{ reply: string; last: boolean }>;

/** Where requests come from and replies go. */
export interface LineStreams {
  /** Requests, in UTF-8. */
  readonly input: ReadableStream<Uint8Array>;
  /** Writes as many bytes as it can; gives how many. */
  readonly writeSync: (bytes: Uint8Array) => number;
}

/** Serves lines. */
export async function serveLines(streams: LineStreams, answer: LineAnswer): Promise<void> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of streams.input) {
    pending += decoder.decode(chunk, { stream: true });
    for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      const { reply, last } = await answer(line);
      const bytes = new TextEncoder().encode(`${reply}\n`);
      let written = 0;
      while (written < bytes.length) written += streams.writeSync(bytes.subarray(written));
      if (last) return;
    }
  }
}

/** The streams of this process. */
export const STANDARD_STREAMS: LineStreams = {
  input: Deno.stdin.readable,
  writeSync: (bytes) => Deno.stdout.writeSync(bytes),
};
