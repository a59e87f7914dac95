import { basename } from "node:path";
import type { BenchTrace } from "../../bench/mod.ts";
import {
  FileRefusal,
  importTrace,
  MAX_TRACE_BYTES,
  readBounded,
  type TraceFormat,
} from "../../fixtures/mod.ts";

/**
 * Reads a trace file for a benchmark.
 *
 * @param path File to read.
 * @param o Format, most requests taken, and most tokens of one; null takes all, or the unit of
 * times and the tokens of a prefix block that the format has.
 * @returns The requests, with the file's name and hash and what was dropped.
 * @throws {FixtureError} With file, line and column, when a row is malformed.
 */
export async function readTrace(path: string, o: {
  readonly format: "auto" | TraceFormat;
  readonly limit: number | null;
  readonly maxTokens: number | null;
  readonly timeUnit: "s" | "ms" | null;
  readonly blockTokens: number | null;
}): Promise<BenchTrace> {
  const { requests, dropped, sha256, prefixBlockTokens } = importTrace(await readTraceFile(path), {
    file: path,
    format: o.format,
    ...(o.limit === null ? {} : { limit: o.limit }),
    ...(o.maxTokens === null ? {} : { maxTokens: o.maxTokens }),
    ...(o.timeUnit === null ? {} : { timeUnit: o.timeUnit }),
    ...(o.blockTokens === null ? {} : { blockTokens: o.blockTokens }),
  });
  return {
    name: basename(path),
    sha256,
    dropped,
    requests,
    ...(prefixBlockTokens === null ? {} : { prefixBlockTokens }),
  };
}

/**
 * Reads the bytes of a trace, or of a pipe that writes one.
 *
 * @param path File to read.
 * @returns Its bytes.
 * @throws {FileRefusal} When it has more than a trace may have.
 */
export async function readTraceFile(path: string): Promise<Uint8Array> {
  try {
    return await readBounded(path, { maxBytes: MAX_TRACE_BYTES, isTrusted: true });
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    throw new FileRefusal(`Cannot read the trace '${path}': ${error.message}`);
  }
}
