/** Layers whose attention costs the same, so that one of them stands for all. */

import type { HeadMap } from "../../allocator/mod.ts";

/** Layers with the same number of full and of window heads. */
export interface LayerClass {
  readonly fullHeads: number;
  readonly windowHeads: number;
  /** Layer groups of the class, ascending. */
  readonly groups: readonly number[];
  /** Layers in all of those groups. */
  readonly layers: number;
}

/** Sorts layer groups into classes, in the order of their first groups. */
export function classifyLayers(heads: HeadMap): LayerClass[] {
  const classes = new Map<number, LayerClass>();
  heads.groups.forEach(({ kinds, layers }, group) => {
    const fullHeads = kinds.filter((kind) => kind === "full").length;
    const known = classes.get(fullHeads);
    classes.set(fullHeads, {
      fullHeads,
      windowHeads: kinds.length - fullHeads,
      groups: [...known?.groups ?? [], group],
      layers: (known?.layers ?? 0) + layers.length,
    });
  });
  return [...classes.values()];
}
