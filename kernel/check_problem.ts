/**
 * Refuses problems whose types, sizes or ids do not fit, by name. Types and sizes come first: no
 * byte of a tensor is read before all of them fit.
 */

import { checkCacheSizes, checkCacheTypes, checkLengths, checkPageIds } from "./check_cache.ts";
import { checkShape } from "./check_shape.ts";
import { C16, checkCount, checkLength, checkType, INT32 } from "./check_tensor.ts";
import { ShapeError, ValueError } from "./problem_error.ts";
import { checkZeroPoints } from "./quantised/check_quantised.ts";
import type { AttentionProblem } from "./problem.ts";

/** Smallest normal number of float32, in which a kernel takes the scale. */
const SMALLEST_SCALE = 2 ** -126;

/** A scale beyond float32 would be 0 or Infinity in every kernel. */
function checkScale({ scale }: AttentionProblem): void {
  if (scale === undefined) return;
  if (scale >= SMALLEST_SCALE && Number.isFinite(Math.fround(scale * Math.LOG2E))) return;
  throw new ValueError(
    `Cannot scale scores by ${scale}: the scale is a positive number that float32 holds, times ` +
      "log2(e) too; leave it out for 1/√D",
    "softmax/scale",
    { name: "scale", value: scale },
  );
}

/** −Infinity is not a sink; NaN and Infinity would make every output of their head NaN. */
function checkSinkLogits({ sinkLogits }: AttentionProblem): void {
  const head = sinkLogits?.findIndex((logit) => !(logit < Infinity)) ?? -1;
  if (sinkLogits === undefined || head < 0) return;
  throw new ValueError(
    `Cannot add a learned sink of ${
      sinkLogits[head]
    } to query head ${head}: a logit is a number or ` +
      "-Infinity, which is not a sink; correct sinkLogits",
    "softmax/learned-sink",
    { name: "sinkLogits", head, value: sinkLogits[head] },
  );
}

function checkMasks(p: AttentionProblem): void {
  for (let head = 0; head < p.shape.kvHeads; head++) {
    if (p.headWindows[head] >= 0) continue;
    throw new ValueError(
      `Cannot clip head ${head} to a window of ${
        p.headWindows[head]
      } tokens: windows are 0 (full ` +
        "context) or positive; correct headWindows",
      "mask/head-kinds",
      { name: "headWindows", head, value: p.headWindows[head] },
    );
  }
  for (let slot = 0; slot < p.shape.batch; slot++) {
    const queryLength = p.queryStarts[slot + 1] - p.queryStarts[slot];
    const lengthTokens = p.cachedLengths[slot] + queryLength;
    if (p.treeMask !== undefined && queryLength > p.treeMask.maxQueryTokens) {
      throw new ShapeError(
        `Cannot mask ${queryLength} query tokens of slot ${slot}: the tree mask is ` +
          `${p.treeMask.maxQueryTokens} tokens wide; widen it`,
        "mask/tree",
        { name: "treeMask", slot, queryLength, maxQueryTokens: p.treeMask.maxQueryTokens },
      );
    }
    if (p.maskRanges === undefined) continue;
    for (let token = p.queryStarts[slot]; token < p.queryStarts[slot + 1]; token++) {
      const start = p.maskRanges[2 * token];
      const end = p.maskRanges[2 * token + 1];
      if (start >= 0 && start <= end && end <= lengthTokens) continue;
      throw new ValueError(
        `Cannot show keys [${start}, ${end}) to query token ${token} of slot ${slot}: ranges are ` +
          `ordered and inside the slot's ${lengthTokens} tokens; correct maskRanges`,
        "mask/offset",
        { name: "maskRanges", slot, token, start, end },
      );
    }
  }
}

/**
 * Refuses an attention problem whose types, sizes, lengths or page ids do not fit together.
 *
 * @throws {DtypeError} A tensor has another element type (`dtype/int32`, `dtype/c16`).
 * @throws {ShapeError} A size does not fit (`shape/*`, `mixed/batch`, …).
 * @throws {ValueError} A length, window, range, sink count or scale has no meaning.
 * @throws {PageIdError} A table entry is neither −1 nor in the pool.
 */
export function checkProblem(p: AttentionProblem): void {
  checkShape(p.shape);
  checkCacheTypes(p);
  checkType("headWindows", p.headWindows, INT32);
  checkType("query", p.query, C16);
  if (p.maskRanges !== undefined) checkType("maskRanges", p.maskRanges, INT32);
  if (p.treeMask !== undefined) {
    checkType("treeMask.bits", p.treeMask.bits, { type: "uint8", clause: "mask/tree" });
  }
  if (p.sinkLogits !== undefined) {
    checkType("sinkLogits", p.sinkLogits, { type: "float32", clause: "softmax/learned-sink" });
  }

  const { batch, kvHeads, queryHeads, headSize } = p.shape;
  checkCacheSizes(p);
  checkLength("headWindows", p.headWindows.length, {
    length: kvHeads,
    formula: "H",
    clause: "mask/head-kinds",
  });
  checkCount("sinkTokens", p.sinkTokens, { minimum: 0, clause: "mask/sink-threaded" });
  if (p.sinkLogits !== undefined) {
    checkLength("sinkLogits", p.sinkLogits.length, {
      length: queryHeads,
      formula: "Hq",
      clause: "softmax/learned-sink",
    });
  }
  if (p.treeMask !== undefined) {
    const { bits, maxQueryTokens } = p.treeMask;
    checkCount("treeMask.maxQueryTokens", maxQueryTokens, { minimum: 0, clause: "mask/tree" });
    checkLength("treeMask.bits", bits.length, {
      length: batch * maxQueryTokens * maxQueryTokens,
      formula: "B·Q·Q",
      clause: "mask/tree",
    });
  }
  checkScale(p);
  checkSinkLogits(p);

  checkLengths(p);
  const tokens = p.queryStarts[batch];
  checkLength("query", p.query.length, {
    length: tokens * queryHeads * headSize,
    formula: "T·Hq·D",
    clause: "mixed/batch",
  });
  if (p.maskRanges !== undefined) {
    checkLength("maskRanges", p.maskRanges.length, {
      length: 2 * tokens,
      formula: "2·T",
      clause: "mask/offset",
    });
  }
  checkMasks(p);
  checkZeroPoints(p);
  checkPageIds(p);
}
