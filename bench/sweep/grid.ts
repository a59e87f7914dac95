/** The points of a sweep, and what each changes in a workload. */

import { type Override, saturate, synthesizeRequests, type Workload } from "../../fixtures/mod.ts";
import type { SweepAxes, SweepPoint } from "./types.ts";

/** A point with its place in the grid. */
export interface NumberedPoint {
  /** Place in the whole grid, from 0. */
  readonly index: number;
  /** The point. */
  readonly point: SweepPoint;
}

/** Part i of n of a grid. */
export interface SweepShard {
  /** Which part, from 1. */
  readonly part: number;
  /** Number of parts. */
  readonly parts: number;
}

/**
 * Lists the points of a grid, the last axis running fastest, or those of one shard. Shards take
 * turns, so that each gets its share of the expensive end.
 *
 * @param shard Part of the grid. @default {the whole grid}
 */
export function listPoints(
  axes: SweepAxes,
  shard: SweepShard = { part: 1, parts: 1 },
): readonly NumberedPoint[] {
  const kept: SweepPoint = {
    windowTokens: null,
    ratio: null,
    contextTokens: null,
    batch: null,
    pageSizeTokens: null,
  };
  const points = (Object.keys(kept) as (keyof SweepPoint)[]).filter((axis) => axes[axis].length > 0)
    .reduce(
      (some, axis) =>
        some.flatMap((point) => axes[axis].map((value) => ({ ...point, [axis]: value }))),
      [kept],
    );
  return points.map((point, index) => ({ index, point }))
    .filter(({ index }) => index % shard.parts === shard.part - 1);
}

/** What a point replaces in the fixture. */
export function overridesOf(point: SweepPoint, workload: Workload): readonly Override[] {
  const { headMap, cache, scheduler } = workload;
  const overrides: Override[] = [];
  const set = (path: string, value: unknown): void =>
    void overrides.push({ path, value, origin: "the sweep" });
  if (point.windowTokens !== null || point.ratio !== null) {
    const reach = {
      windowTokens: point.windowTokens ?? headMap.windowTokens,
      sinkTokens: headMap.sinkTokens,
    };
    const kindsByLayer: unknown[] = [];
    for (const { layers, kinds } of headMap.groups) {
      for (const layer of layers) kindsByLayer[layer] = kinds;
    }
    set(
      "headMap",
      point.ratio === null
        ? { kind: "head-lists", kindsByLayer, ...reach }
        : { kind: "pattern", pattern: "first", ratio: point.ratio, ...reach },
    );
  }
  if (point.contextTokens !== null) {
    const outputs = synthesizeRequests(saturate(workload)).map(({ outputTokens }) => outputTokens);
    const longest = outputs.reduce((most, tokens) => Math.max(most, tokens), 1);
    set("requests.inputTokens", { kind: "fixed", tokens: point.contextTokens });
    set(
      "scheduler.modelLengthTokens",
      Math.max(scheduler.modelLengthTokens, point.contextTokens + longest),
    );
  }
  if (point.batch !== null) set("scheduler.maxSequences", point.batch);
  if (point.pageSizeTokens !== null) {
    const tokens = cache.pagesPerHead * cache.pageSizeTokens;
    set("cache.pageSizeTokens", point.pageSizeTokens);
    set("cache.kvBytes", undefined);
    set("cache.pages", Math.max(1, Math.floor(tokens / point.pageSizeTokens)));
  }
  return overrides;
}
