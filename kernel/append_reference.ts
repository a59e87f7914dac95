/** The append reference: rotates and writes one step's tokens, and judges a kernel that did. */

import { type Arithmetic, FLOAT32_ARITHMETIC } from "./arithmetic.ts";
import { ShapeError } from "./problem_error.ts";
import type { AppendProblem, AppendResult, CacheTensors, DroppedWrite } from "./problem.ts";
import { rotateVector, rotationError } from "./rotary.ts";
import {
  compareQuantised,
  firstDifference,
  type WrittenRow,
} from "./quantised/compare_quantised.ts";
import { copyTensor, writeQuantisedRow } from "./quantised/quantise_row.ts";
import { type CacheSide, quantisedSides, sideTensor } from "./quantised/quantised_tensor.ts";
import { cacheOffset, tableIndex } from "./shape.ts";
import { decodeValues, encodeValues, roundingErrorBound } from "./storage_type.ts";

function rotateBits(
  p: AppendProblem,
  bits: Uint16Array,
  positionTokens: number,
): Uint16Array {
  const { style, rotaryDimensions } = p.rotary;
  if (style === "none") return bits;
  const { storage } = p.shape;
  const vector = Float64Array.from(decodeValues(storage, bits));
  const rotated = encodeValues(storage, rotateVector(vector, { positionTokens, rotary: p.rotary }));
  // Elements past the rotated ones are copied as bits: they must not change, not even as NaN.
  rotated.set(bits.subarray(rotaryDimensions), rotaryDimensions);
  return rotated;
}

/** A key that is to be quantised: rotated, and not rounded to 16 bits in between. */
function rotatedKey(p: AppendProblem, bits: Uint16Array, positionTokens: number): Float64Array {
  const vector = Float64Array.from(decodeValues(p.shape.storage, bits));
  if (p.rotary.style === "none") return vector;
  return rotateVector(vector, { positionTokens, rotary: p.rotary });
}

/** A head vector of a token that the append rotates or copies. */
interface TokenVector {
  readonly slot: number;
  readonly token: number;
  readonly positionTokens: number;
}

function tokensOf(p: AppendProblem): TokenVector[] {
  const tokens: TokenVector[] = [];
  for (let slot = 0; slot < p.shape.batch; slot++) {
    for (let token = p.queryStarts[slot]; token < p.queryStarts[slot + 1]; token++) {
      const positionTokens = p.cachedLengths[slot] + token - p.queryStarts[slot];
      tokens.push({ slot, token, positionTokens });
    }
  }
  return tokens;
}

/** [D] bits of a vector of a token: its query heads come first, then key heads, then value heads. */
function packedVector(p: AppendProblem, token: number, packedHead: number): Uint16Array {
  const { queryHeads, kvHeads, headSize } = p.shape;
  const from = (token * (queryHeads + 2 * kvHeads) + packedHead) * headSize;
  return p.packed.subarray(from, from + headSize);
}

/** Offset of a token's key in the cache, or −1 where its page is a hole. */
function writeOffset(p: AppendProblem, at: TokenVector, head: number): number {
  const page = p.table[tableIndex(p.shape, { ...at, head })];
  return page < 0 ? -1 : cacheOffset(p.shape, { page, head, positionTokens: at.positionTokens });
}

/**
 * Appends one step by definition: queries are rotated, keys are rotated and written, values are
 * written, head by head through the table. A write to a hole is dropped and reported.
 *
 * @param p A problem that `checkAppend` accepts.
 */
export function appendReference(p: AppendProblem): AppendResult {
  const { queryHeads, kvHeads, headSize } = p.shape;
  const query = new Uint16Array(p.queryStarts[p.shape.batch] * queryHeads * headSize);
  const keys = Uint16Array.from(p.keys);
  const values = Uint16Array.from(p.values);
  const quantised = quantisedSides((side) => {
    const tensor = sideTensor(p, side);
    return tensor && copyTensor(tensor);
  });
  const { quantisedKeys, quantisedValues } = quantised;
  const dropped: DroppedWrite[] = [];
  for (const at of tokensOf(p)) {
    const { slot, token, positionTokens } = at;
    const vectorAt = (packedHead: number): Uint16Array => packedVector(p, token, packedHead);
    for (let head = 0; head < queryHeads; head++) {
      const rotated = rotateBits(p, vectorAt(head), positionTokens);
      query.set(rotated, (token * queryHeads + head) * headSize);
    }
    for (let head = 0; head < kvHeads; head++) {
      const offset = writeOffset(p, at, head);
      if (offset < 0) {
        dropped.push({ slot, head, positionTokens });
        continue;
      }
      const row = offset / headSize;
      const keyBits = vectorAt(queryHeads + head);
      const valueBits = vectorAt(queryHeads + kvHeads + head);
      if (quantisedKeys === undefined) keys.set(rotateBits(p, keyBits, positionTokens), offset);
      else {
        const target = { tensor: quantisedKeys, format: p.shape.keyFormat!, headSize };
        writeQuantisedRow(target, { row, head }, rotatedKey(p, keyBits, positionTokens));
      }
      if (quantisedValues === undefined) values.set(valueBits, offset);
      else {
        const target = { tensor: quantisedValues, format: p.shape.valueFormat!, headSize };
        writeQuantisedRow(target, { row, head }, decodeValues(p.shape.storage, valueBits));
      }
    }
  }
  return {
    query,
    keys,
    values,
    ...quantised,
    droppedWrites: dropped.length,
    dropped,
  };
}

/** What an append kernel gave: the cache after the step; of shared scales the problem's own count. */
export interface AppendOutcome extends CacheTensors {
  /** [T, Hq, D] bits. */
  readonly query: Uint16Array;
  /** Dropped writes that the kernel counted. */
  readonly droppedWrites: number;
}

/** The verdict on an append. */
export interface AppendComparison {
  /** Whether everything is as it must be. */
  readonly ok: boolean;
  /** Largest |error| / bound of a rotated element. */
  readonly worstBudgetUsed: number;
  /** One sentence. */
  readonly message: string;
}

/** How far a rotated element of a token may be off before it is stored. */
type ErrorOf = (vector: Float64Array, o: { element: number; positionTokens: number }) => number;

/** Compares rotated vectors, [n, D] bits each, and returns the worst share of the bound. */
function compareRotated(
  p: AppendProblem,
  o: {
    got: Uint16Array;
    expected: Uint16Array;
    exact: Float64Array;
    positionTokens: number;
    errorOf: ErrorOf;
  },
): number {
  const got = decodeValues(p.shape.storage, o.got);
  let worst = 0;
  for (let element = 0; element < p.shape.headSize; element++) {
    if (o.got[element] === o.expected[element]) continue;
    const computed = o.errorOf(o.exact, { element, positionTokens: o.positionTokens });
    if (computed === 0) return Infinity;
    const bound = computed +
      roundingErrorBound(p.shape.storage, Math.abs(o.exact[element]) + computed);
    const used = Math.abs(got[element] - o.exact[element]) / bound;
    worst = Math.max(worst, Number.isNaN(used) ? Infinity : used);
  }
  return worst;
}

/** What each token of the step that is not dropped should hold on a quantised side. */
function writtenRows(p: AppendProblem, side: CacheSide, errorOf: ErrorOf): WrittenRow[] {
  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  const rows: WrittenRow[] = [];
  for (const at of tokensOf(p)) {
    for (let head = 0; head < kvHeads; head++) {
      const offset = writeOffset(p, at, head);
      if (offset < 0) continue;
      const bits = packedVector(
        p,
        at.token,
        queryHeads + (side === "keys" ? head : kvHeads + head),
      );
      const where = `slot ${at.slot}, KV head ${head}, position ${at.positionTokens}`;
      const values = side === "keys"
        ? rotatedKey(p, bits, at.positionTokens)
        : decodeValues(storage, bits);
      // A kernel may round a rotated key to 16 bits before it quantises it, or may not.
      const halfWidths = side === "values" || p.rotary.style === "none"
        ? undefined
        : Float64Array.from(values, (value, element) => {
          if (element >= p.rotary.rotaryDimensions) return 0;
          const { positionTokens } = at;
          const computed = errorOf(values as Float64Array, { element, positionTokens });
          return computed + roundingErrorBound(storage, Math.abs(value) + computed);
        });
      const expected = { values, ...(halfWidths === undefined ? {} : { halfWidths }) };
      rows.push({ row: offset / headSize, head, where, expected });
    }
  }
  return rows;
}

/**
 * Compares an append kernel's result with the reference: values and everything it must not touch bit
 * for bit, rotated elements inside what the declared rotation and the storage type round.
 *
 * @param o The outcome, and how it was computed; in float32 unless said.
 * @throws {ShapeError} When a tensor of the result has another size than the reference.
 */
export function compareAppend(
  o: {
    readonly problem: AppendProblem;
    readonly outcome: AppendOutcome;
    readonly arithmetic?: Arithmetic;
  },
): AppendComparison {
  const { problem: p, outcome, arithmetic = FLOAT32_ARITHMETIC } = o;
  const { rotation } = arithmetic;
  const computed = { rotary: p.rotary, storage: p.shape.storage, rotation };
  const errorOf: ErrorOf = (vector, at) => rotationError(vector, { ...computed, ...at });
  const reference = appendReference(p);
  for (const name of ["query", "keys", "values"] as const) {
    if (outcome[name].length === reference[name].length) continue;
    throw new ShapeError(
      `Cannot compare "${name}" of ${outcome[name].length} elements with a reference of ` +
        `${reference[name].length}: pass the kernel's whole result`,
      "mixed/batch",
      { name, actual: outcome[name].length, expected: reference[name].length },
    );
  }
  const fail = (message: string, worstBudgetUsed: number = Infinity): AppendComparison => ({
    ok: false,
    worstBudgetUsed,
    message,
  });
  if (outcome.droppedWrites !== reference.droppedWrites) {
    return fail(
      `${outcome.droppedWrites} dropped writes were counted for ${reference.droppedWrites}`,
    );
  }
  for (const side of ["keys", "values"] as const) {
    const before = sideTensor(p, side);
    if (before === undefined) continue;
    const wrong = compareQuantised({
      problem: p,
      side,
      before,
      got: sideTensor(outcome, side),
      written: writtenRows(p, side, errorOf),
    });
    if (wrong !== null) return fail(wrong);
  }
  const wrongValue = firstDifference(outcome.values, reference.values);
  if (wrongValue >= 0) {
    return fail(
      `Element ${wrongValue} of the value cache is bits ${outcome.values[wrongValue]} for ` +
        `${reference.values[wrongValue]}`,
    );
  }

  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  const keys = outcome.keys.slice();
  let worst = { used: 0, where: "" };
  for (const at of tokensOf(p)) {
    const heads = p.shape.keyFormat === undefined ? queryHeads + kvHeads : queryHeads;
    for (let head = 0; head < heads; head++) {
      const isQuery = head < queryHeads;
      const kvHead = head - queryHeads;
      const offset = isQuery
        ? (at.token * queryHeads + head) * headSize
        : writeOffset(p, at, kvHead);
      if (offset < 0) continue;
      const vector = Float64Array.from(decodeValues(storage, packedVector(p, at.token, head)));
      const name = isQuery ? "query" : "keys";
      const expected = reference[name].subarray(offset, offset + headSize);
      const used = compareRotated(p, {
        got: outcome[name].subarray(offset, offset + headSize),
        expected,
        errorOf,
        positionTokens: at.positionTokens,
        exact: rotateVector(vector, { positionTokens: at.positionTokens, rotary: p.rotary }),
      });
      if (!isQuery) keys.set(expected, offset);
      if (used > worst.used) {
        const kind = isQuery ? `query head ${head}` : `key head ${kvHead}`;
        worst = { used, where: `${kind} of slot ${at.slot}, position ${at.positionTokens}` };
      }
    }
  }
  if (!(worst.used <= 1)) {
    return fail(
      `The rotation of ${worst.where} lies outside its bound by a factor of ` +
        worst.used.toPrecision(3),
      worst.used,
    );
  }
  const strayKey = firstDifference(keys, reference.keys);
  if (strayKey >= 0) {
    return fail(`Element ${strayKey} of the key cache changed, but no token was written there`);
  }
  return {
    ok: true,
    worstBudgetUsed: worst.used,
    message: `Queries, keys and values match, the worst rotated element uses ` +
      `${(100 * worst.used).toFixed(1)} % of its bound`,
  };
}
