import assert from "node:assert/strict";
import { closeGpu, openGpu } from "../../kernel/mod.ts";
import { parseQuery } from "../query.ts";
import { runConformance } from "../run.ts";
import { requireOk } from "../suites/driver.ts";
import { DEFAULT_ATTEND, problemOf } from "../suites/kernel_case.ts";
import { createWebGpuSubject } from "./webgpu.ts";

const probe = await openGpu();
const missing = probe.kind === "gpu" ? null : `${probe.reason}; ${probe.fix}`;

Deno.test({
  name: "createWebGpuSubject() conforms in append and in recording steps" +
    (missing === null ? "" : ` [SKIPPED: ${missing}]`),
  ignore: missing !== null,
  fn: async () => {
    if (probe.kind !== "gpu") throw new Error(probe.reason);
    const { rows, summary } = await runConformance({
      subject: createWebGpuSubject(probe.gpu),
      filters: ["kernel:append:*", "capture:record:*"].map(parseQuery),
    });
    const problem = problemOf(5, {});
    const kernel = createWebGpuSubject(probe.gpu).kernel!;
    const reply = requireOk("attend", await kernel.attend(problem, DEFAULT_ATTEND));
    assert.equal(reply.logSumExp?.length, reply.output.length / problem.shape.headSize);
    closeGpu(probe.gpu);
    const failed = rows.filter((row) => row.kind === "case" && row.outcome.kind !== "pass");
    assert.deepEqual(failed, []);
    assert.ok(summary.passed > 10, `${summary.passed} cases`);
  },
});
