import { basename } from "node:path";
import type { BenchTrace } from "../bench/mod.ts";
import { importTrace } from "../fixtures/mod.ts";

/**
 * Reads a trace file for a benchmark.
 *
 * @param path File to read.
 * @param o Format, most requests taken, and most tokens of one; null takes all.
 * @returns The requests, with the file's name and hash and what was dropped.
 * @throws {FixtureError} With file, line and column, when a row is malformed.
 */
export async function readTrace(path: string, o: {
  readonly format: "auto" | "azure" | "mooncake" | "burstgpt";
  readonly limit: number | null;
  readonly maxTokens: number | null;
}): Promise<BenchTrace> {
  const { requests, dropped, sha256 } = importTrace(await Deno.readFile(path), {
    file: path,
    format: o.format,
    ...(o.limit === null ? {} : { limit: o.limit }),
    ...(o.maxTokens === null ? {} : { maxTokens: o.maxTokens }),
  });
  return { name: basename(path), sha256, dropped, requests };
}
