import { basename } from "node:path";
import type { BenchTrace } from "../../bench/mod.ts";
import { FileRefusal, importTrace, MAX_TEXT_BYTES, readBounded } from "../../fixtures/mod.ts";
import type { OptionsOf, TRACE_SETTINGS } from "../settings/mod.ts";

/**
 * Reads a trace file for a benchmark.
 *
 * @returns The requests, with the file's name and hash and what was dropped.
 * @throws {FixtureError} With file, line and column, when a row is malformed.
 */
export async function readTrace(
  path: string,
  o: OptionsOf<typeof TRACE_SETTINGS>,
): Promise<BenchTrace> {
  const bytes = await readTraceFile(path);
  const { requests, dropped, sha256, prefixBlockTokens } = importTrace(bytes, {
    file: path,
    ...o,
  });
  if (requests.length === 0) {
    const found = Object.entries(dropped).map(([reason, rows]) => `${rows} ${reason}`).join(", ");
    throw new FileRefusal(
      `Cannot replay the trace '${path}': none of its rows is a request (${found || "no rows"}); ` +
        "give one with prompt and output tokens",
    );
  }
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
 * @returns Its bytes.
 * @throws {FileRefusal} When it has more than a trace may have.
 */
export async function readTraceFile(path: string): Promise<Uint8Array> {
  try {
    return await readBounded(path, { maxBytes: MAX_TEXT_BYTES, isTrusted: true });
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    throw new FileRefusal(`Cannot read the trace '${path}': ${error.message}`);
  }
}
