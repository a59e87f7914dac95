/**
 * Fills in the figures of documents that come from simulation: `deno task docs:figures`.
 *
 * @module
 */

import { calibrationSections } from "./docs_calibration.ts";
import {
  CAPACITY_CASES,
  capacitySections,
  replayCapacityCase,
  replayTypesOfCase,
} from "./docs_capacity.ts";
import { fillSections } from "./docs_page.ts";
import { schedulingSections } from "./docs_scheduling.ts";
import { statisticsSections } from "./docs_statistics.ts";

const cases = [];
const types = [];
for (const each of CAPACITY_CASES) {
  cases.push(await replayCapacityCase(each));
  types.push(...await replayTypesOfCase(each));
}
for (
  const [name, sections] of [
    ["capacity", capacitySections(cases, types)],
    ["calibration", await calibrationSections()],
    ["scheduling", await schedulingSections()],
    ["statistics", statisticsSections()],
  ] as const
) {
  const path = `docs/${name}.md`;
  await Deno.writeTextFile(path, fillSections(await Deno.readTextFile(path), sections));
}
