/**
 * Head-wise paged KV caches: an allocator with a pool for each head, a WebGPU attention kernel that
 * reads through a head-wise block table, a replay that judges the two by TTFT and TBT, and a
 * conformance suite that judges anyone's.
 *
 * Each folder is a namespace here and an entry point of its own, so that a program that needs only
 * the allocator loads only the allocator.
 *
 * @example A pool for each head
 * ```ts
 * import { allocator } from "@headwise/headwise";
 * import assert from "node:assert/strict";
 *
 * const heads = allocator.headMapFromPattern({
 *   layers: 28,
 *   kvHeads: 4,
 *   pattern: "first",
 *   ratio: 0.25,
 *   windowTokens: 4096,
 *   sinkTokens: 0,
 * });
 * assert.deepEqual(heads.groups[0]?.kinds, ["window", "full", "full", "full"]);
 * ```
 *
 * @module
 */

export * as allocator from "./allocator/mod.ts";
export * as bench from "./bench/mod.ts";
export * as cli from "./cli/mod.ts";
export * as conformance from "./conformance/mod.ts";
export * as fixtures from "./fixtures/mod.ts";
export * as kernel from "./kernel/mod.ts";
