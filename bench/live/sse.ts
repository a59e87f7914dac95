/** Server-sent events, as streamed answers use them. */

/** A stream that is no sequence of server-sent events. */
export class StreamFormatError extends Error {
  /** Stable name of the fault. */
  readonly code = "live/malformed-stream";

  /** Builds the error from a full message. */
  constructor(message: string) {
    super(message);
    this.name = "StreamFormatError";
  }
}

/** Bounds of one stream. */
export interface StreamBounds {
  /** Longest line, in characters. */
  readonly maxLineCharacters: number;
  /** Most bytes of the whole stream. */
  readonly maxBytes: number;
}

/** Bounds that no honest answer reaches. */
export const STREAM_BOUNDS: StreamBounds = { maxLineCharacters: 1 << 20, maxBytes: 1 << 28 };

/**
 * Reads the data of server-sent events: lines that start with `data:`, several of one event joined
 * by newlines. Comments and other fields are passed over. An event that the end of the stream cuts
 * off is dropped, as the standard says.
 *
 * @param bytes Body of the response; it is cancelled when the reader stops early.
 * @throws {StreamFormatError} When a bound is passed.
 */
export async function* readEvents(
  bytes: ReadableStream<Uint8Array>,
  bounds: StreamBounds = STREAM_BOUNDS,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let pending = "";
  let received = 0;
  let data: string[] = [];
  for await (const part of bytes) {
    received += part.length;
    if (received > bounds.maxBytes) {
      throw new StreamFormatError(
        `Cannot read the stream: it has more than ${bounds.maxBytes} bytes`,
      );
    }
    pending += decoder.decode(part, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const held = pending.endsWith("\r") ? 1 : 0;
    const lines = pending.slice(0, pending.length - held).split(/\r\n|\n|\r/);
    pending = lines.pop()! + pending.slice(pending.length - held);
    if (pending.length > bounds.maxLineCharacters) {
      throw new StreamFormatError(
        `Cannot read the stream: a line has more than ${bounds.maxLineCharacters} characters`,
      );
    }
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
  }
}
