/** Keeps the end of a stream of any length. */
import { concatenate, decodeLoosely } from "./line_reader.ts";

export interface OutputTail {
  /** Text of what is kept, without what a terminal would act on. */
  readonly text: () => string;
  /** Bytes that were written in all. */
  readonly bytes: () => number;
  /** Gives the stream up. */
  readonly cancel: () => Promise<void>;
}

/** Reads a stream to its end and keeps the last bytes of it. */
export function keepTail(
  stream: ReadableStream<Uint8Array>,
  o: { readonly keepBytes: number; readonly maxBytes: number; readonly onFlood: () => void },
): OutputTail {
  const reader = stream.getReader();
  let kept: Uint8Array = new Uint8Array();
  let bytes = 0;
  const drain = async (): Promise<void> => {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      bytes += value.length;
      kept = concatenate(kept, value).slice(-o.keepBytes);
      if (bytes > o.maxBytes) return o.onFlood();
    }
  };
  const drained = drain();
  return {
    text: () => decodeLoosely(kept),
    bytes: () => bytes,
    cancel: async () => {
      await reader.cancel();
      await drained;
      reader.releaseLock();
    },
  };
}
