import assert from "node:assert/strict";
import {
  caseRows,
  createOracleSubject,
  listMutants,
  parseQuery,
  RENDERINGS,
  RUN_NAME_VARIABLES,
  runConformance,
  selfTest,
  SHARD_VARIABLES,
  withTool,
} from "../../../conformance/mod.ts";
import { createHeadwiseTool } from "./tool.ts";
import { JOB_VARIABLES, REPORT_FORMATS } from "../../settings/report.ts";

Deno.test("createHeadwiseTool() conforms to every clause of configuration and gates", async () => {
  const subject = withTool(createOracleSubject(), createHeadwiseTool());
  const { rows } = await runConformance({ subject, filters: [parseQuery("tool")] });
  const cases = caseRows(rows);
  assert.ok(cases.length > 80);
  assert.deepEqual(cases.filter(({ outcome }) => outcome.kind !== "pass"), []);
});

Deno.test("selfTest() kills every tool with a fault", async () => {
  const mutants = listMutants().filter(({ part }) => part === "tool");
  const report = await selfTest({ mutants, tool: createHeadwiseTool() });
  assert.ok(report.rows.length > 10);
  assert.deepEqual(report.rows.filter(({ killed }) => !killed), []);
  assert.deepEqual(report.falseAlarms, []);
});

Deno.test("JOB_VARIABLES and REPORT_FORMATS are those of the suite, which is loaded later", () => {
  const known = [...SHARD_VARIABLES, ...RUN_NAME_VARIABLES];
  assert.deepEqual(JOB_VARIABLES.toSorted(), known.toSorted());
  assert.deepEqual(REPORT_FORMATS, ["text", ...RENDERINGS]);
});
