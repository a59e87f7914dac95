/**
 * Reads the block-table rows of one request while it runs. How many steps it takes is not known
 * beforehand, so every step is sampled at first; whenever the samples are too many, every other one
 * goes and the distance doubles.
 */

import {
  type BlockTable,
  type Head,
  type HeadMap,
  HOLE,
  type LayerGroup,
  rowOffset,
  type Slot,
} from "../../allocator/mod.ts";
import type { PageHistory, PageRow } from "../result/mod.ts";
import type { RequestSequence } from "./arrivals.ts";

/** Most samples of a history that is stored. */
export const PAGE_SAMPLES = 256;

/** A row that is read. */
interface RowPlace extends Omit<PageRow, "runs"> {
  readonly runs: number[][];
}

/** A history under way. */
export interface PageRecorder {
  /** Index of the request that is followed. */
  readonly request: number;
  /** Most samples kept. */
  readonly maxSamples: number;
  /** Steps that were read. */
  readonly steps: number[];
  /** Tokens in the cache at the end of each. */
  readonly lengthTokens: number[];
  /** Rows that are read. */
  readonly rows: readonly RowPlace[];
  /** Distance of samples in steps, a power of two. */
  stepsPerSample: number;
}

/** Starts the history of the longest request that the model's length allows; null without one. */
export function createPageRecorder(
  o: {
    readonly requests: RequestSequence;
    readonly modelLengthTokens: number;
    readonly heads: HeadMap;
    readonly table: BlockTable;
    readonly maxSamples: number;
  },
): PageRecorder | null {
  if (o.maxSamples < 1) return null;
  let request = -1;
  let longest = 0;
  for (let index = 0; index < o.requests.length; index++) {
    const { inputTokens, outputTokens } = o.requests.at(index)!;
    const tokens = inputTokens + outputTokens;
    if (tokens > longest && tokens <= o.modelLengthTokens) [request, longest] = [index, tokens];
  }
  if (request < 0) return null;
  return {
    request,
    maxSamples: o.maxSamples,
    steps: [],
    lengthTokens: [],
    rows: rowsToRead(o.heads, o.table),
    stepsPerSample: 1,
  };
}

/** Reads the rows as they stand in a step. */
export function samplePages(
  recorder: PageRecorder,
  o: {
    readonly step: number;
    readonly slot: Slot;
    readonly lengthTokens: number;
    readonly table: BlockTable;
  },
): void {
  if (o.step % recorder.stepsPerSample !== 0) return;
  recorder.steps.push(o.step);
  recorder.lengthTokens.push(o.lengthTokens);
  for (const row of recorder.rows) {
    row.runs.push(
      heldColumns(o.table, rowOffset(o.table, row.group as LayerGroup, o.slot, row.head as Head)),
    );
  }
  while (recorder.steps.length > recorder.maxSamples) thinOut(recorder);
}

/** The history as it is stored; null where nothing was sampled. */
export function finishPageHistory(
  recorder: PageRecorder,
  o: { readonly requests: RequestSequence; readonly pageSizeTokens: number },
): PageHistory | null {
  if (recorder.steps.length === 0) return null;
  const { steps, lengthTokens, rows, stepsPerSample } = recorder;
  return {
    request: o.requests.at(recorder.request)!.id,
    pageSizeTokens: o.pageSizeTokens,
    stepsPerSample,
    steps,
    lengthTokens,
    rows,
  };
}

/** The first row of each kind, by kind. */
function rowsToRead(heads: HeadMap, table: BlockTable): RowPlace[] {
  const found = new Map<PageRow["kind"], RowPlace>();
  const add = (kind: PageRow["kind"], group: number, head: number): void => {
    const [windowTokens, sinkTokens] = kind === "window"
      ? [heads.windowTokens, heads.sinkTokens]
      : [null, 0];
    if (!found.has(kind)) {
      found.set(kind, { kind, group, head, windowTokens, sinkTokens, runs: [] });
    }
  };
  if (table.layout === "uniform") add("shared", 0, 0);
  else {
    heads.groups.forEach(({ kinds }, group) =>
      kinds.forEach((kind, head) => add(heads.windowTokens > 0 ? kind : "full", group, head))
    );
  }
  return [...found.values()].sort((a, b) => a.kind < b.kind ? -1 : 1);
}

function heldColumns({ ids, columns }: BlockTable, offset: number): number[] {
  const runs: number[] = [];
  let inside = false;
  for (let column = 0; column < columns; column++) {
    const held = ids[offset + column] !== HOLE;
    if (held !== inside) runs.push(column);
    inside = held;
  }
  if (inside) runs.push(columns);
  return runs;
}

/** Doubles the distance: every other sample goes. */
function thinOut(recorder: PageRecorder): void {
  recorder.stepsPerSample *= 2;
  const { steps, lengthTokens, rows, stepsPerSample } = recorder;
  const kept = steps.map((step) => step % stepsPerSample === 0);
  const lists: unknown[][] = [steps, lengthTokens, ...rows.map(({ runs }) => runs)];
  for (const list of lists) list.splice(0, Infinity, ...list.filter((_, index) => kept[index]));
}
