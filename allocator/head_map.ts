import type { LayerGroup } from "./ids.ts";

/** Whether a KV head keeps the full context or a sliding window. */
export type HeadKind = "full" | "window";

/** Layers that share one set of window heads. */
export interface LayerGroupHeads {
  /** Model layers of the group, ascending. */
  readonly layers: readonly number[];
  /** The kind of each KV head; length H. */
  readonly kinds: readonly HeadKind[];
}

/**
 * Which KV heads of which layers are window heads. All groups have the same number of layers, so
 * that a page of any group addresses the same amount of memory.
 */
export interface HeadMap {
  /** KV heads H. */
  readonly kvHeads: number;
  /** Window W in tokens, the query's own token included; 0 means full context everywhere. */
  readonly windowTokens: number;
  /** Sink tokens S that window heads keep at the start. */
  readonly sinkTokens: number;
  /** Layer groups Lg. */
  readonly groups: readonly LayerGroupHeads[];
}

/** What is wrong with a head map. */
export type HeadMapErrorCode =
  | "head-map/ratio"
  | "head-map/pattern"
  | "head-map/window"
  | "head-map/sink"
  | "head-map/heads"
  | "head-map/layers"
  | "head-map/kinds"
  | "head-map/group-size";

/** A head map that cannot be built or is inconsistent. */
export class HeadMapError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code: HeadMapErrorCode;
  /** The value that was refused. */
  readonly value: unknown;

  /** Builds the error from its code, the refused value and a full message. */
  constructor(code: HeadMapErrorCode, value: unknown, message: string) {
    super(message);
    this.name = "HeadMapError";
    this.code = code;
    this.value = value;
  }
}

/** A head map by pattern: the same window heads in every layer. */
export interface HeadPattern extends Pick<HeadMap, "kvHeads" | "windowTokens" | "sinkTokens"> {
  /** Number of model layers L. */
  readonly layers: number;
  /** Whether the window heads are the first or the last ones. */
  readonly pattern: "first" | "last";
  /** Share of window heads in [0, 1]; the count is floor(H·ratio). */
  readonly ratio: number;
}

/** A head map layer by layer. */
export interface HeadLayers extends Pick<HeadMap, "windowTokens" | "sinkTokens"> {
  /** The kinds of each layer's heads, layer-major; every inner list has length H. */
  readonly kindsByLayer: readonly (readonly HeadKind[])[];
}

/** The code of each count that is too small, and the least that it may be. */
const COUNTS = {
  windowTokens: ["head-map/window", 0],
  sinkTokens: ["head-map/sink", 0],
  groups: ["head-map/layers", 1],
  layers: ["head-map/layers", 1],
  kvHeads: ["head-map/heads", 1],
} as const;

function checkCounts(counts: Partial<Readonly<Record<keyof typeof COUNTS, number>>>): void {
  for (const [name, value] of Object.entries(counts)) {
    const [code, least] = COUNTS[name as keyof typeof COUNTS];
    if (Number.isInteger(value) && value >= least) continue;
    throw new HeadMapError(
      code,
      value,
      `Cannot build a head map with ${name} "${value}": give an integer of at least ${least}`,
    );
  }
}

/**
 * Builds a head map of one layer group from a pattern and a ratio.
 *
 * @throws {HeadMapError} When ratio is outside [0, 1], W or S is negative, or a count is no
 *   positive integer.
 */
export function headMapFromPattern(o: HeadPattern): HeadMap {
  checkCounts({ layers: o.layers, kvHeads: o.kvHeads });
  if (!(o.ratio >= 0 && o.ratio <= 1)) {
    throw new HeadMapError(
      "head-map/ratio",
      o.ratio,
      `Cannot build a head map with ratio "${o.ratio}": give a number in [0, 1]`,
    );
  }
  if (o.pattern !== "first" && o.pattern !== "last") {
    throw new HeadMapError(
      "head-map/pattern",
      o.pattern,
      `Cannot build a head map with pattern "${o.pattern}": give "first" or "last"`,
    );
  }
  const count = Math.floor(o.kvHeads * o.ratio);
  const kinds = Array.from({ length: o.kvHeads }, (_, head): HeadKind => {
    const inPattern = o.pattern === "first" ? head < count : head >= o.kvHeads - count;
    return inPattern ? "window" : "full";
  });
  return headMapFromLayers({ ...o, kindsByLayer: Array.from({ length: o.layers }, () => kinds) });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * Builds a head map from the kinds of every layer. Layers with equal kinds form a group; groups
 * are then split to equal size (the greatest common divisor of their sizes). With W = 0 every
 * head is full, whatever its kind says.
 *
 * @throws {HeadMapError} When layers disagree on H, there are none, or W or S is negative.
 */
export function headMapFromLayers(o: HeadLayers): HeadMap {
  const { kindsByLayer, windowTokens, sinkTokens } = o;
  checkCounts({ windowTokens, sinkTokens, layers: kindsByLayer.length });
  const kvHeads = kindsByLayer[0].length;
  checkCounts({ kvHeads });

  const merged = new Map<string, { layers: number[]; kinds: readonly HeadKind[] }>();
  kindsByLayer.forEach((layerKinds, layer) => {
    if (layerKinds.length !== kvHeads) {
      throw new HeadMapError(
        "head-map/kinds",
        layerKinds.length,
        `Cannot build a head map: layer "${layer}" has ${layerKinds.length} heads and layer "0" ` +
          `has ${kvHeads}; give every layer the same number`,
      );
    }
    const kinds = layerKinds.map((kind): HeadKind => checkKind(kind, layer, windowTokens));
    const key = kinds.join();
    const group = merged.get(key);
    if (group === undefined) merged.set(key, { layers: [layer], kinds });
    else group.layers.push(layer);
  });

  const size = [...merged.values()]
    .map((group) => group.layers.length)
    .reduce(greatestCommonDivisor);
  const groups: LayerGroupHeads[] = [];
  for (const group of merged.values()) {
    for (let i = 0; i < group.layers.length; i += size) {
      groups.push({ layers: group.layers.slice(i, i + size), kinds: group.kinds });
    }
  }
  groups.sort((left, right) => left.layers[0] - right.layers[0]);
  return { kvHeads, windowTokens, sinkTokens, groups };
}

function checkKind(kind: HeadKind, layer: number, windowTokens: number): HeadKind {
  if (kind !== "full" && kind !== "window") {
    throw new HeadMapError(
      "head-map/kinds",
      kind,
      `Cannot build a head map: layer "${layer}" names the head kind "${kind}"; give "full" or ` +
        `"window"`,
    );
  }
  return windowTokens === 0 ? "full" : kind;
}

/**
 * Checks a head map that was not built by this module, before anything is allocated from it.
 *
 * @throws {HeadMapError} When a group's kinds are not H long, groups differ in size, a layer
 *   stands in two groups or is missing, or W or S is negative.
 */
export function checkHeadMap(map: HeadMap): void {
  const { kvHeads, windowTokens, sinkTokens } = map;
  checkCounts({ kvHeads, windowTokens, sinkTokens, groups: map.groups.length });
  const size = map.groups[0].layers.length;
  checkCounts({ layers: size });
  const seen = new Set<number>();
  map.groups.forEach((group, index) => {
    if (group.kinds.length !== map.kvHeads) {
      throw new HeadMapError(
        "head-map/kinds",
        group.kinds.length,
        `Cannot use a head map: group "${index}" has ${group.kinds.length} kinds for ` +
          `${map.kvHeads} KV heads; give one kind a head`,
      );
    }
    group.kinds.forEach((kind) => checkKind(kind, group.layers[0], map.windowTokens));
    if (group.layers.length !== size) {
      throw new HeadMapError(
        "head-map/group-size",
        group.layers.length,
        `Cannot use a head map: group "${index}" has ${group.layers.length} layers and group ` +
          `"0" has ${size}; split groups to equal size`,
      );
    }
    for (const layer of group.layers) seen.add(layer);
  });
  const layers = size * map.groups.length;
  for (let layer = 0; layer < layers; layer++) {
    if (!seen.has(layer)) {
      throw new HeadMapError(
        "head-map/layers",
        layer,
        `Cannot use a head map: layer "${layer}" stands in no group; give every layer of ` +
          `[0, ${layers}) exactly one group`,
      );
    }
  }
}

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
