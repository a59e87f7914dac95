import assert from "node:assert/strict";
import type { AttentionProblem } from "../../kernel/mod.ts";
import { parseQuery } from "../query.ts";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import type { AttendReply, KernelSubject, Reply } from "../subject.ts";
import { createDeviceSubject } from "./device_kernel.ts";
import { createOracleKernel } from "./oracle_kernel.ts";
import { checkProblem } from "../../kernel/mod.ts";

const oracle: KernelSubject = createOracleKernel();

function valueOf<T>(reply: Reply<T>): T {
  assert.equal(reply.kind, "ok");
  return (reply as { value: T }).value;
}

async function attend(problem: AttentionProblem): Promise<AttendReply> {
  checkProblem(problem);
  const o = { walk: "row", splitTokens: 0, passes: "one" } as const;
  return valueOf(await oracle.attend(problem, o));
}

async function badRows(filters: readonly string[]): Promise<[number, string[]]> {
  const subject = createDeviceSubject("device", {
    attend: async (problem, o) => {
      const reply = await attend(problem);
      o.into?.set(reply.output);
      return reply;
    },
  });
  const report = await runConformance({ subject, filters: filters.map(parseQuery) });
  const bad = caseRows(report.rows).filter(({ outcome }) => outcome.kind !== "pass");
  return [report.summary.passed, bad.map((row) => row.query)];
}

Deno.test("createDeviceSubject() merges two passes and keeps what lies behind an output", async () => {
  const [passed, bad] = await badRows(["kernel:dual", "kernel:sentinel:idle"]);
  assert.ok(passed > 10);
  assert.deepEqual(bad, []);
});

Deno.test("createDeviceSubject() turns problem errors into refusals", async () => {
  const [passed, bad] = await badRows(["kernel:refusal:dtype", "kernel:sentinel:foreign_id"]);
  assert.ok(passed > 10);
  assert.deepEqual(bad, []);
});

Deno.test("createDeviceSubject() claims only the calls that are there", () => {
  const { capabilities } = createDeviceSubject("device", { attend });
  assert.ok(capabilities.has("kernel.attend"));
  assert.ok(!capabilities.has("kernel.append"));
  assert.ok(!capabilities.has("kernel.capture"));
});
