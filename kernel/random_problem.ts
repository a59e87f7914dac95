/** Seeded attention and append problems: every mask kind, every layout, any mix of row lengths. */

import { createRandom, type Random, shufflePermutation } from "../allocator/mod.ts";
import { checkShape } from "./check_shape.ts";
import { poisonUnread } from "./poison.ts";
import { ShapeError } from "./problem_error.ts";
import type { AppendProblem, AttentionProblem, AttentionShape, Rotary } from "./problem.ts";
import { quantisedSides, sideFormat } from "./quantised/quantised_tensor.ts";
import { randomQuantised } from "./quantised/random_quantised.ts";
import { cacheElements, layerTableRows, pageIdLimit } from "./shape.ts";
import { encodeValues } from "./storage_type.ts";

/** What a random cache and its rows look like. */
export interface RandomRowsOptions {
  /** Seed; equal options give equal problems. */
  readonly seed: number;
  /** Sizes; the pool must hold every row. */
  readonly shape: AttentionShape;
  /** [B], tokens of this step in each slot; 0 is an idle slot. */
  readonly queryLengths: ArrayLike<number>;
  /** [B], tokens in the cache before this step. */
  readonly cachedLengths: ArrayLike<number>;
  /** [H], W of each KV head; full context everywhere by default. */
  readonly headWindows?: ArrayLike<number>;
  /** S; 0 by default. */
  readonly sinkTokens?: number;
  /** Where pages lie: `shuffled` (default) gives each head its own order, `identity` ids from 0. */
  readonly pageOrder?: "shuffled" | "identity";
  /**
   * Replaces the dead pages of window heads by holes, as recycling does. Not with `uniform` rows,
   * whose pages serve all heads. No row names page 0 then.
   */
  readonly recycled?: boolean;
}

/** What a random attention problem looks like. */
export interface RandomProblemOptions extends RandomRowsOptions {
  /** NaN in every page that no row names, page 0 among them, and past the end of partial pages. */
  readonly poison?: boolean;
  /** Draws a range [s, e) for each query token. */
  readonly maskRanges?: boolean;
  /** Draws a tree mask in which every token sees itself. */
  readonly treeMask?: boolean;
  /** Draws learned sink logits. */
  readonly learnedSinks?: boolean;
  /** Factor of the scores; 1/√D by default. */
  readonly scale?: number;
}

/** What a random append problem looks like. */
export interface RandomAppendOptions extends RandomRowsOptions {
  /** Rotation of queries and keys. */
  readonly rotary: Rotary;
}

interface Rows {
  readonly table: Int32Array<ArrayBuffer>;
  readonly queryStarts: Int32Array<ArrayBuffer>;
  readonly cachedLengths: Int32Array<ArrayBuffer>;
  readonly headWindows: Int32Array<ArrayBuffer>;
}

// A prime number of distinct draws: vectors start anywhere in them, so a cache of gigabytes costs one
// draw a vector instead of one an element.
const NORMAL_DRAWS = 65_521;

function normalBits(
  length: number,
  o: { random: Random; shape: AttentionShape },
): Uint16Array<ArrayBuffer> {
  const { headSize, storage } = o.shape;
  const normals = new Float32Array(NORMAL_DRAWS);
  o.random.fillNormals(normals);
  const draws = encodeValues(storage, normals);
  const out = new Uint16Array(length);
  for (let offset = 0; offset < length; offset += headSize) {
    const from = o.random.nextBelow(NORMAL_DRAWS - headSize);
    out.set(draws.subarray(from, from + headSize), offset);
  }
  return out;
}

function prefixSum(lengths: ArrayLike<number>): Int32Array<ArrayBuffer> {
  const starts = new Int32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = starts[i] + lengths[i];
  return starts;
}

/** Hands out the ids of one pool, in order, never the same twice. */
function createIds(
  o: { limit: number; random: Random; shuffled: boolean; spareFirst: boolean },
): () => number {
  const order = o.shuffled
    ? shufflePermutation(o.limit, o.random)
    : Uint32Array.from({ length: o.limit }, (_, id) => id);
  let next = 0;
  return () => {
    if (o.spareFirst && order[next] === 0) next++;
    if (next >= order.length) {
      throw new ShapeError(
        `Cannot place the rows in a pool of ${o.limit} pages: it is too small` +
          (o.spareFirst ? ", as page 0 is kept free" : "") + "; give the shape more pages",
        "pool/all-or-nothing",
        { name: "pages", actual: o.limit },
      );
    }
    return order[next++];
  };
}

function randomRows(o: RandomRowsOptions, random: Random, spareFirst: boolean): Rows {
  const { shape } = o;
  checkShape(shape);
  const { batch, kvHeads, columns, pageSizeTokens, layout } = shape;
  if (o.queryLengths.length !== batch || o.cachedLengths.length !== batch) {
    throw new ShapeError(
      `Cannot fill ${batch} slots from ${o.queryLengths.length} query lengths and ` +
        `${o.cachedLengths.length} cached lengths: give one of each for every slot`,
      "mixed/batch",
      { name: "queryLengths", batch },
    );
  }
  const headWindows = Int32Array.from({ length: kvHeads }, (_, head) => o.headWindows?.[head] ?? 0);
  const table = new Int32Array(layerTableRows(shape) * columns).fill(-1);
  const rowHeads = layout === "uniform" ? 1 : kvHeads;
  const pools = Array.from(
    { length: layout === "headwise" ? kvHeads : 1 },
    () =>
      createIds({
        limit: pageIdLimit(shape),
        random,
        shuffled: o.pageOrder !== "identity",
        spareFirst,
      }),
  );
  const sinkTokens = o.sinkTokens ?? 0;
  for (let slot = 0; slot < batch; slot++) {
    const pages = Math.ceil((o.cachedLengths[slot] + o.queryLengths[slot]) / pageSizeTokens);
    if (pages > columns) {
      throw new ShapeError(
        `Cannot name ${pages} pages of slot ${slot} in ${columns} columns: widen the table`,
        "shape/columns-cover",
        { name: "columns", slot, pages, columns },
      );
    }
    for (let head = 0; head < rowHeads; head++) {
      const nextId = pools[head % pools.length];
      const window = layout === "uniform" ? 0 : headWindows[head];
      for (let column = 0; column < pages; column++) {
        const dead = o.recycled === true && window > 0 &&
          column >= Math.ceil(sinkTokens / pageSizeTokens) &&
          (column + 1) * pageSizeTokens <= o.cachedLengths[slot] - window + 1;
        if (!dead) table[(slot * rowHeads + head) * columns + column] = nextId();
      }
    }
  }
  return {
    table,
    queryStarts: prefixSum(o.queryLengths),
    cachedLengths: Int32Array.from(o.cachedLengths),
    headWindows,
  };
}

/** Keys and values as the shape stores them. */
function randomCache(
  o: { random: Random; shape: AttentionShape },
): Pick<AttentionProblem, "keys" | "values" | "quantisedKeys" | "quantisedValues"> {
  const { keyFormat, valueFormat } = o.shape;
  const elements = cacheElements(o.shape);
  return {
    keys: normalBits(keyFormat === undefined ? elements : 0, o),
    values: normalBits(valueFormat === undefined ? elements : 0, o),
    ...quantisedSides((side) => {
      const format = sideFormat(o.shape, side);
      return format && randomQuantised(format, o);
    }),
  };
}

function randomRanges(rows: Rows, random: Random): Int32Array<ArrayBuffer> {
  const batch = rows.cachedLengths.length;
  const ranges = new Int32Array(2 * rows.queryStarts[batch]);
  for (let slot = 0; slot < batch; slot++) {
    const lengthTokens = rows.cachedLengths[slot] + rows.queryStarts[slot + 1] -
      rows.queryStarts[slot];
    for (let token = rows.queryStarts[slot]; token < rows.queryStarts[slot + 1]; token++) {
      const start = random.nextBelow(4) === 0 ? random.nextBelow(lengthTokens) : 0;
      ranges[2 * token] = start;
      ranges[2 * token + 1] = start + random.nextBelow(lengthTokens - start + 1);
    }
  }
  return ranges;
}

function randomTree(rows: Rows, random: Random): NonNullable<AttentionProblem["treeMask"]> {
  const batch = rows.cachedLengths.length;
  let maxQueryTokens = 0;
  for (let slot = 0; slot < batch; slot++) {
    const queryLength = rows.queryStarts[slot + 1] - rows.queryStarts[slot];
    maxQueryTokens = Math.max(maxQueryTokens, queryLength);
  }
  const bits = new Uint8Array(batch * maxQueryTokens ** 2);
  for (let bit = 0; bit < bits.length; bit++) {
    const onDiagonal = Math.floor(bit / maxQueryTokens) % maxQueryTokens === bit % maxQueryTokens;
    bits[bit] = onDiagonal ? 0 : random.nextBelow(2);
  }
  return { bits, maxQueryTokens };
}

/**
 * Draws an attention problem: normal values, pages in a seeded order.
 *
 * @param o Seed, shape, lengths and masks.
 * @returns A problem that `checkProblem` accepts.
 * @throws {ShapeError} When the rows do not fit the pool or the table.
 *
 * @example Two heads of which one has a window and recycled pages
 * ```ts
 * import { checkProblem, randomProblem } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const problem = randomProblem({
 *   seed: 7,
 *   shape: {
 *     batch: 2, queryHeads: 4, kvHeads: 2, headSize: 64, pageSizeTokens: 16, pages: 16, columns: 8,
 *     layout: "headwise", storage: "bf16",
 *   },
 *   queryLengths: [1, 0],
 *   cachedLengths: [70, 0],
 *   headWindows: [0, 16],
 *   recycled: true,
 *   poison: true,
 * });
 * checkProblem(problem);
 * assert.equal(problem.table.subarray(0, 5).includes(-1), false);
 * assert.deepEqual(problem.table.subarray(8, 11), new Int32Array([-1, -1, -1]));
 * ```
 */
export function randomProblem(o: RandomProblemOptions): AttentionProblem {
  const random = createRandom(o.seed);
  const { shape } = o;
  const rows = randomRows(o, random, o.poison === true || o.recycled === true);
  const tokens = rows.queryStarts[shape.batch];
  const problem: AttentionProblem = {
    shape,
    ...rows,
    query: normalBits(tokens * shape.queryHeads * shape.headSize, { random, shape }),
    ...randomCache({ random, shape }),
    sinkTokens: o.sinkTokens ?? 0,
    ...(o.maskRanges === true ? { maskRanges: randomRanges(rows, random) } : {}),
    ...(o.treeMask === true ? { treeMask: randomTree(rows, random) } : {}),
    ...(o.learnedSinks === true
      ? { sinkLogits: Float32Array.from({ length: shape.queryHeads }, () => random.nextNormal()) }
      : {}),
    ...(o.scale === undefined ? {} : { scale: o.scale }),
  };
  return o.poison === true ? poisonUnread(problem) : problem;
}

/**
 * Draws an append problem: normal values, pages in a seeded order.
 *
 * @param o Seed, shape, lengths and rotation.
 * @returns A problem that `checkAppend` accepts.
 * @throws {ShapeError} When the rows do not fit the pool or the table.
 */
export function randomAppend(o: RandomAppendOptions): AppendProblem {
  const random = createRandom(o.seed);
  const { shape } = o;
  const rows = randomRows(o, random, o.recycled === true);
  const packedElements = rows.queryStarts[shape.batch] * (shape.queryHeads + 2 * shape.kvHeads) *
    shape.headSize;
  return {
    shape,
    table: rows.table,
    queryStarts: rows.queryStarts,
    cachedLengths: rows.cachedLengths,
    packed: normalBits(packedElements, { random, shape }),
    ...randomCache({ random, shape }),
    rotary: o.rotary,
  };
}
