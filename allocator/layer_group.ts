import type { HeadMap } from "./head_map.ts";
import type { LayerGroup } from "./ids.ts";

/** Layers of each group. */
export function layersPerGroup(map: HeadMap): number {
  return map.groups[0].layers.length;
}

/**
 * The window of each head of a group, as kernels take it.
 *
 * @returns Int32 [H]: W for window heads, 0 for full heads.
 */
export function headWindows(map: HeadMap, group: LayerGroup): Int32Array {
  return Int32Array.from(
    map.groups[group].kinds,
    (kind) => kind === "window" ? map.windowTokens : 0,
  );
}

/**
 * Counts the window heads over all groups.
 *
 * @returns The number of (group, head) rows that keep a window; 0 when W = 0.
 */
export function countWindowHeads(map: HeadMap): number {
  if (map.windowTokens === 0) return 0;
  let count = 0;
  for (const group of map.groups) {
    for (const kind of group.kinds) if (kind === "window") count++;
  }
  return count;
}
