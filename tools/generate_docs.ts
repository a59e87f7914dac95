/**
 * Writes the documents whose figures come from simulation: `deno task docs:figures`.
 *
 * @module
 */

import { CAPACITY_CASES, renderCapacityDocument, replayCapacityCase } from "./docs_capacity.ts";
import { replayTypesOfCase } from "./docs_capacity_types.ts";
import { renderCalibrationDocument } from "./docs_calibration.ts";
import { renderSchedulingDocument } from "./docs_scheduling.ts";
import { renderStatisticsDocument } from "./docs_statistics.ts";

const cases = [];
const types = [];
for (const each of CAPACITY_CASES) {
  cases.push(await replayCapacityCase(each));
  types.push(...await replayTypesOfCase(each));
}
await Deno.writeTextFile("docs/capacity.md", renderCapacityDocument(cases, types));
const calibration = "docs/calibration.md";
await Deno.writeTextFile(
  calibration,
  await renderCalibrationDocument(await Deno.readTextFile(calibration)),
);
await Deno.writeTextFile("docs/scheduling.md", await renderSchedulingDocument());
await Deno.writeTextFile("docs/statistics.md", renderStatisticsDocument());
