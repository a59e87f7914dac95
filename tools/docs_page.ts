/** What the pages of `docs/` are filled with: replays of fixtures, put between marks of a page. */

import type { BenchResult, RunPerformance, SideName } from "../bench/result/mod.ts";
import { type BenchOptions, runBench } from "../bench/run/mod.ts";
import { loadWorkload, requireLoaded, type Workload } from "../fixtures/mod.ts";

/** Lines of a page by the name of the section that they fill. */
export type PageSections = Readonly<Record<string, readonly string[]>>;

/**
 * Puts lines between the marks of each section, `<!-- NAME: … -->` and `<!-- end: NAME -->`; the
 * prose around them is the page's own.
 *
 * @throws {RangeError} When a mark is missing.
 */
export function fillSections(page: string, sections: PageSections): string {
  let filled = page;
  for (const [name, lines] of Object.entries(sections)) {
    const begin = filled.indexOf(`<!-- ${name}: `);
    const from = filled.indexOf("-->", begin) + "-->".length;
    const to = filled.indexOf(`<!-- end: ${name} -->`, from);
    if (begin < 0 || to < 0) throw new RangeError(`Cannot fill "${name}": its marks are missing`);
    filled = `${filled.slice(0, from)}\n\n${lines.join("\n")}\n\n${filled.slice(to)}`;
  }
  return filled;
}

/** Loads a fixture, some of its values replaced by path. */
export async function loadFixture(
  name: string,
  values: Readonly<Record<string, unknown>> = {},
): Promise<Workload> {
  const overrides = Object.entries(values).map(([path, value]) => ({
    path,
    value,
    origin: "docs",
  }));
  return requireLoaded(await loadWorkload(name, { overrides }));
}

/** Replays a workload with the `model` clock. */
export async function replayByModel(
  workload: Workload,
  options: Partial<BenchOptions> = {},
): Promise<BenchResult> {
  return await runBench({
    workload,
    clock: { kind: "model", reason: null },
    maxChecks: 1,
    ...options,
  });
}

/** What each run of a side measured. */
export function performancesOf(result: BenchResult, side: SideName): RunPerformance[] {
  return result.sides.find(({ name }) => name === side)!.runs.map((run) => run.performance!);
}

/** `12.3 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `+12.3 %`, `−12.3 %`. */
export function signedPercent(share: number): string {
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}

/** A figure with so many decimals, or a dash where there is none. */
export function fixed(value: number | null, decimals: number, before = ""): string {
  return value === null ? "–" : before + value.toFixed(decimals);
}
