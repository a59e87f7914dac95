/** This tool against the clauses of kind `tool`: its settings, and its gates. */
import assert from "node:assert/strict";
import { listClauses, listPendingClauses } from "../../conformance/mod.ts";
import { claimChecks } from "./testing_claim_checks.ts";
import { faultyTools } from "./testing_faulty_tools.ts";
import { gateChecks } from "./testing_gate_checks.ts";
import { headwiseTool, type Tool } from "./testing_headwise_tool.ts";
import { settingsChecks } from "./testing_settings_checks.ts";
import type { ToolCheck } from "./testing_tool.ts";

const CHECKS: readonly ToolCheck[] = [...settingsChecks, ...gateChecks, ...claimChecks];

/** Runs every case of a check; the first fault, or null. */
async function faultOf(check: ToolCheck, tool: Tool): Promise<string | null> {
  for (const params of check.cases) {
    try {
      await check.run(tool, params);
    } catch (error) {
      return `${JSON.stringify(params)}: ${error instanceof Error ? error.message : error}`;
    }
  }
  return null;
}

for (const check of CHECKS) {
  Deno.test(`tool ${check.name}: ${check.description}`, async () => {
    assert.ok(check.cases.length > 0);
    assert.equal(await faultOf(check, headwiseTool), null);
  });
}

Deno.test("every check rejects the faulty tools that it is named for", async () => {
  for (const { fault, violates, rejectedBy, change } of faultyTools) {
    assert.ok(rejectedBy.length > 0, fault);
    for (const checkName of rejectedBy) {
      const check = CHECKS.find((each) => each.name === checkName);
      assert.ok(check !== undefined, `${fault}: there is no check ${checkName}`);
      assert.ok(
        check.clauses.some((clause) => violates.includes(clause)),
        `${fault}: ${checkName}`,
      );
      assert.notEqual(
        await faultOf(check, { ...headwiseTool, ...change(headwiseTool) }),
        null,
        fault,
      );
    }
  }
});

Deno.test("every clause of kind tool has a check, or says what it waits for", () => {
  const judged = new Set(CHECKS.flatMap(({ clauses }) => clauses));
  const pending = new Set(listPendingClauses().map(({ id }) => id));
  for (const { id, kind } of listClauses().filter((clause) => clause.kind === "tool")) {
    assert.notEqual(judged.has(id), pending.has(id), `${kind} clause ${id}`);
  }
});
