/** Scales and zero points that all tokens of a quantised cache share, as f32 for the device. */

import type { AttentionProblem, AttentionShape } from "../problem.ts";
import { scaleValue, sideFormat, SIDES, sideTensor } from "../quantised/quantised_tensor.ts";
import { staticSizes } from "./cache_sides.ts";

/**
 * Lays them out as `cacheConstants` says: scales of the keys, their zero points, then the same of the
 * values. One scale of a tensor becomes one of each head. All types of scales are exact in f32.
 *
 * @returns As many values as the programs look for; none for C16.
 */
export function staticScales(
  p: Pick<AttentionProblem, "quantisedKeys" | "quantisedValues"> & {
    readonly shape: AttentionShape;
  },
): Float32Array<ArrayBuffer> {
  const { kvHeads } = p.shape;
  const parts: number[][] = [];
  for (const side of SIDES) {
    const format = sideFormat(p.shape, side);
    const tensor = sideTensor(p, side);
    if (format === undefined || tensor === undefined) continue;
    const sizes = staticSizes(format, p.shape);
    const valuesOf = (stored: ArrayLike<number>): number[] =>
      Array.from(stored, (bits) => scaleValue(format.scaleType, bits));
    if (sizes.scales > 0) {
      // Above a block's own e4m3 scale stands the tensor's, which is f32.
      const own = format.granularity === "block"
        ? Array.from(tensor.tensorScale!)
        : valuesOf(tensor.scales!);
      parts.push(own.length === 1 ? Array.from({ length: kvHeads }, () => own[0]) : own);
    }
    if (sizes.zeros > 0) parts.push(valuesOf(tensor.zeros!));
  }
  return Float32Array.from(parts.flat());
}
