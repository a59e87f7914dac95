/** Reads lines of bounded length, and no more of a stream than the next line needs. */
import { adapterError, AdapterFault } from "./adapter_fault.ts";

export interface LineReader {
  /** Gives the next line without its end, or null at the end of the stream. */
  readonly next: () => Promise<string | null>;
  /** Gives the stream up. */
  readonly cancel: () => Promise<void>;
}

/**
 * Reads a stream line by line.
 *
 * What stands beyond the line asked for stays in the pipe, so that a writer who never stops is held
 * up by its own pipe and fills no memory here.
 */
export function createLineReader(
  stream: ReadableStream<Uint8Array>,
  o: { readonly maxLineBytes: number },
): LineReader {
  const reader = stream.getReader();
  let pending = new Uint8Array();
  let searched = 0;

  const next = async (): Promise<string | null> => {
    while (true) {
      const end = pending.indexOf(0x0a, searched);
      if (end >= 0) {
        const line = decode(pending.subarray(0, end));
        pending = pending.slice(end + 1);
        searched = 0;
        return line;
      }
      searched = pending.length;
      if (pending.length > o.maxLineBytes) {
        throw adapterError(
          `The adapter wrote a line of more than ${o.maxLineBytes} bytes: ` +
            `"${decodeLoosely(pending.subarray(0, 80))}…"; let tensors travel as files`,
        );
      }
      const { value, done } = await reader.read();
      if (done) return pending.length === 0 ? null : endWithoutNewline(pending);
      pending = concatenate(pending, value);
    }
  };

  return {
    next,
    cancel: async () => {
      await reader.cancel();
      reader.releaseLock();
    },
  };
}

function endWithoutNewline(pending: Uint8Array): never {
  throw new AdapterFault(
    "crash",
    `The adapter ended in the middle of a line: "${decodeLoosely(pending.subarray(0, 80))}"`,
  );
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw adapterError(
      `The adapter wrote a line that is not UTF-8: "${decodeLoosely(bytes.subarray(0, 80))}"`,
    );
  }
}

/** Text for a message: control characters cannot reach anyone's terminal. */
export function decodeLoosely(bytes: Uint8Array): string {
  return printable(new TextDecoder().decode(bytes));
}

/** Replaces what a terminal would act on. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- these are the characters that must not pass
  return text.replaceAll(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}

/** The bytes of both. */
export function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
