/** The heat map of a block-table row: which pages it named, step by step. */

import type { PageHistory, PageRow } from "../result/mod.ts";

/** Whether a held page could still be read by the newest token of its step. */
export type PageState = "visible" | "outside";

/** A rectangle of pages in the same state over neighbouring samples. */
export interface PageCell {
  /** First step. */
  readonly fromStep: number;
  /** Step behind the last. */
  readonly toStep: number;
  /** First page, an absolute column. */
  readonly fromPage: number;
  /** Page behind the last. */
  readonly toPage: number;
  readonly state: PageState;
}

/**
 * Turns a row's samples into rectangles. A sample stands for the steps up to the next one, and for
 * `stepsPerSample` steps where the request lost its pages in between.
 *
 * @returns Rectangles that do not overlap, in the order of their first step.
 */
export function pageCells(history: PageHistory, row: PageRow): readonly PageCell[] {
  const cells: PageCell[] = [];
  let open: PageCell[] = [];
  history.steps.forEach((fromStep, sample) => {
    const toStep = fromStep + history.stepsPerSample;
    const stretches = splitByState(row.runs[sample], {
      row,
      pageSizeTokens: history.pageSizeTokens,
      lengthTokens: history.lengthTokens[sample],
    });
    const next = stretches.map((stretch): PageCell => {
      const before = open.find((cell) =>
        cell.toStep === fromStep && cell.fromPage === stretch.fromPage &&
        cell.toPage === stretch.toPage && cell.state === stretch.state
      );
      return { ...stretch, fromStep: before?.fromStep ?? fromStep, toStep };
    });
    for (const cell of open) {
      if (!next.some((each) => continues(each, cell))) cells.push(cell);
    }
    open = next;
  });
  return [...cells, ...open].sort((a, b) => a.fromStep - b.fromStep || a.fromPage - b.fromPage);
}

/** Pages that a row held and those of them that were outside the window, at its last sample. */
export function countPages(
  history: PageHistory,
  row: PageRow,
): { readonly held: number; readonly outside: number } {
  const cells = pageCells(history, row);
  const end = Math.max(0, ...cells.map(({ toStep }) => toStep));
  const last = cells.filter(({ toStep }) => toStep === end);
  const pages = (some: readonly PageCell[]): number =>
    some.reduce((sum, { fromPage, toPage }) => sum + toPage - fromPage, 0);
  return { held: pages(last), outside: pages(last.filter(({ state }) => state === "outside")) };
}

function continues(next: PageCell, cell: PageCell): boolean {
  return next.fromStep === cell.fromStep && next.fromPage === cell.fromPage &&
    next.toPage === cell.toPage && next.state === cell.state && next.toStep > cell.toStep;
}

type Stretch = Pick<PageCell, "fromPage" | "toPage" | "state">;

function splitByState(
  runs: readonly number[],
  o: { readonly row: PageRow; readonly pageSizeTokens: number; readonly lengthTokens: number },
): Stretch[] {
  const { windowTokens, sinkTokens } = o.row;
  const windowStart = windowTokens === null ? 0 : Math.max(0, o.lengthTokens - windowTokens);
  const firstInWindow = Math.floor(windowStart / o.pageSizeTokens);
  const sinkPages = Math.min(Math.ceil(sinkTokens / o.pageSizeTokens), firstInWindow);
  const stretches: Stretch[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const edges = [runs[i], sinkPages, firstInWindow, runs[i + 1]];
    const states = ["visible", "outside", "visible"] as const;
    states.forEach((state, part) => {
      const fromPage = Math.max(runs[i], edges[part]);
      const toPage = Math.min(runs[i + 1], edges[part + 1]);
      if (toPage > fromPage) stretches.push({ fromPage, toPage, state });
    });
  }
  return stretches;
}
