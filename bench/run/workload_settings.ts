/** A resolved workload as flat values, so that two results can name what differs. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import type { ResolvedWorkloadSettings } from "../result/mod.ts";

/** What decides a replay beside the head map; the seed stands among a result's options. */
const DECIDING = [
  "cache",
  "scheduler",
  "tensorParallel",
  "weightBytesPerParameter",
  "weights",
  "expertParallel",
  "speculative",
  "requests",
] as const satisfies readonly (keyof Workload)[];

/**
 * Lists what decides a replay: cache, scheduler, head map, ranks, weights and requests, after
 * defaults and overrides. Names, descriptions and hashes stand elsewhere in a result.
 *
 * @returns Values by dotted path.
 */
export function describeWorkloadSettings(workload: Workload): ResolvedWorkloadSettings {
  const settings: Record<string, string | number | boolean | null> = {
    headMap: describeHeadMap(workload.headMap),
  };
  for (const key of DECIDING) flatten(workload[key], key, settings);
  return settings;
}

/** As `layers 0-27: window full full full; window 4096, sinks 0`. */
function describeHeadMap({ groups, windowTokens, sinkTokens }: HeadMap): string {
  const lines = groups.map(({ layers, kinds }) =>
    `layers ${layers.length > 1 ? `${layers[0]}-${layers.at(-1)}` : layers[0]}: ${kinds.join(" ")}`
  );
  return `${lines.join("; ")}; window ${windowTokens}, sinks ${sinkTokens}`;
}

function flatten(
  value: unknown,
  path: string,
  into: Record<string, string | number | boolean | null>,
): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) {
      flatten(inner, `${path}.${key}`, into);
    }
    return;
  }
  if (value === undefined) return;
  into[path] = typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : value as string | number | boolean | null;
}
