/** A case as one step: its table of random pages, what a runner is made for, and its work. */

import { createBlockTable, createRandom, shufflePermutation } from "../../allocator/mod.ts";
import type { BlockTable } from "../../allocator/mod.ts";
import {
  type AttentionShape,
  countWork,
  type GroupRows,
  parseFormat,
  type QuantisedFormat,
  type StepRunnerOptions,
  tokenBytes,
} from "../../kernel/mod.ts";
import type { KernelCase, KernelCaseShape } from "./case.ts";
import type { KernelCaseWork } from "./result_schema.ts";

/** Caches that alternate together exceed every last-level cache by far. */
const ROTATED_BYTES = 2 ** 29;
/** A cache of this size leaves nothing of use behind in a last-level cache. */
const LONE_LAYER_BYTES = 2 ** 32;
const MAX_LAYERS = 64;
const ROPE_THETA = 10_000;

/** Bytes of one layer's keys and values. */
export function kernelLayerBytes(kernelCase: KernelCase): number {
  const { kvHeads, headSize, pageSizeTokens } = kernelCase.shape;
  const { keyFormat, valueFormat } = formatsOf(kernelCase.shape);
  const bytes = tokenBytes(keyFormat, headSize) + tokenBytes(valueFormat, headSize);
  return countPages(kernelCase) * kvHeads * pageSizeTokens * bytes;
}

/**
 * Chooses how many layers get caches of their own, so that a run does not find in a last-level
 * cache what the run before read.
 */
export function kernelLayers(kernelCase: KernelCase, o: { readonly isSoftware: boolean }): number {
  const layerBytes = kernelLayerBytes(kernelCase);
  if (layerBytes >= LONE_LAYER_BYTES) return 1;
  if (o.isSoftware) return 2;
  return Math.min(MAX_LAYERS, Math.max(2, Math.ceil(ROTATED_BYTES / layerBytes)));
}

/**
 * Lays a case out: requests become slots, pages are scattered, dead pages are holes.
 *
 * @returns Table and lengths, what a runner is made for, and what the step must read and compute.
 */
export function buildKernelStep(
  kernelCase: KernelCase,
  o: { readonly seed: number; readonly layers: number },
): { batch: GroupRows; runner: StepRunnerOptions; work: KernelCaseWork } {
  const { shape, windows } = kernelCase;
  const lengths = expandRequests(kernelCase);
  const headWindows = Int32Array.from(
    { length: shape.kvHeads },
    (_, head) => windows !== null && head < windows.heads ? windows.windowTokens : 0,
  );
  const pages = countPages(kernelCase);
  const longest = Math.max(...lengths.map(({ contextTokens }) => contextTokens));
  const columns = Math.ceil(longest / shape.pageSizeTokens);
  const queryLengths = Int32Array.from(lengths, ({ queryTokens }) => queryTokens);
  const cachedLengths = Int32Array.from(
    lengths,
    ({ contextTokens, queryTokens }) => contextTokens - queryTokens,
  );
  const attention: AttentionShape = {
    batch: lengths.length,
    queryHeads: shape.kvHeads * shape.group,
    kvHeads: shape.kvHeads,
    headSize: shape.headSize,
    pageSizeTokens: shape.pageSizeTokens,
    pages,
    poolPages: pages * shape.kvHeads,
    columns,
    layout: kernelCase.layout,
    storage: shape.storage,
    ...formatsOf(shape),
  };
  const sinkTokens = windows?.sinkTokens ?? 0;
  const step = { queryLengths, cachedLengths, headWindows, sinkTokens };
  const table = scatterPages(attention, { ...step, seed: o.seed, pages: kernelCase.pages });
  const tokens = queryLengths.reduce((sum, count) => sum + count, 0);
  return {
    batch: { table, group: 0, queryLengths, cachedLengths },
    runner: {
      shape: attention,
      layerGroups: 1,
      headWindows: [headWindows],
      sinkTokens,
      layers: o.layers,
      walk: kernelCase.walk,
      maxBatchTokens: tokens,
      modelLengthTokens: longest,
      rotary: { style: "neox", theta: ROPE_THETA, rotaryDimensions: shape.headSize },
      scoreScale: null,
      learnedSinks: false,
      seed: o.seed,
    },
    work: workOf(kernelCase, attention, step),
  };
}

interface Lengths {
  readonly queryLengths: Int32Array;
  readonly cachedLengths: Int32Array;
  readonly headWindows: Int32Array;
  readonly sinkTokens: number;
}

function workOf(kernelCase: KernelCase, shape: AttentionShape, step: Lengths): KernelCaseWork {
  const options = { ...shape, ...step, slots: shape.batch };
  const visible = countWork({ ...options, walk: "visible" });
  const walked = countWork({ ...options, walk: kernelCase.walk });
  const { keyValueBytes, tableBytes, queryOutputBytes, flops } = visible;
  return {
    keyValueBytes,
    tableBytes,
    queryOutputBytes,
    bytes: keyValueBytes + tableBytes + queryOutputBytes,
    flops,
    walkedBytes: walked.keyValueBytes + walked.tableBytes + walked.queryOutputBytes,
  };
}

function expandRequests(kernelCase: KernelCase) {
  return kernelCase.requests.flatMap((kind) => Array.from({ length: kind.count }, () => kind));
}

function countPages({ requests, shape }: KernelCase): number {
  return requests.reduce(
    (sum, kind) => sum + kind.count * Math.ceil(kind.contextTokens / shape.pageSizeTokens),
    0,
  );
}

function scatterPages(
  shape: AttentionShape,
  o: Lengths & { readonly seed: number; readonly pages: KernelCase["pages"] },
): BlockTable {
  const { layout, batch, kvHeads, columns, pages } = shape;
  const table = createBlockTable({ layout, layerGroups: 1, slots: batch, kvHeads, columns });
  const random = createRandom(o.seed);
  const pooled = layout === "pooled" ? shufflePermutation(pages * kvHeads, random) : null;
  const rows = layout === "uniform" ? 1 : kvHeads;
  for (let head = 0; head < rows; head++) {
    const order = pooled?.subarray(head * pages, (head + 1) * pages) ??
      shufflePermutation(pages, random);
    const windowTokens = layout === "uniform" ? 0 : o.headWindows[head];
    let rank = 0;
    for (let slot = 0; slot < batch; slot++) {
      const cached = o.cachedLengths[slot];
      const used = Math.ceil((cached + o.queryLengths[slot]) / shape.pageSizeTokens);
      const row = (slot * rows + head) * columns;
      if (o.pages === "ascending") order.subarray(rank, rank + used).sort();
      for (let column = 0; column < used; column++) {
        const id = order[rank++];
        const dead = windowTokens > 0 && column * shape.pageSizeTokens >= o.sinkTokens &&
          (column + 1) * shape.pageSizeTokens <= cached - windowTokens + 1;
        if (!dead) table.ids[row + column] = id;
      }
    }
  }
  return table;
}

/** The formats that a shape names; none where the cache is not quantised. */
export function formatsOf(
  { keyFormat, valueFormat }: KernelCaseShape,
): { readonly keyFormat?: QuantisedFormat; readonly valueFormat?: QuantisedFormat } {
  return {
    ...(keyFormat === undefined ? {} : { keyFormat: parseFormat(keyFormat)! }),
    ...(valueFormat === undefined ? {} : { valueFormat: parseFormat(valueFormat)! }),
  };
}
