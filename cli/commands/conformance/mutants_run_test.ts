import assert from "node:assert/strict";
import { createOracleSubject, listMutants, type Mutant } from "../../../conformance/mod.ts";
import { judgeSuite } from "./mutants_run.ts";
import type { CliContext } from "../../terminal/context.ts";
import { createPaint } from "../../terminal/paint.ts";
import type { ReportFormat } from "../../settings/report.ts";

const [CAUGHT] = listMutants().filter(({ part }) => part === "allocator") as [Mutant];
const MISSED: Mutant = { ...CAUGHT, name: "harmless", create: createOracleSubject };

async function judge(
  mutants: readonly Mutant[],
  o: { readonly json?: boolean; readonly format?: ReportFormat } = {},
): Promise<{ exitCode: CliContext["process"]["exitCode"]; text: string }> {
  let text = "";
  const write = (part: string): void => void (text += part);
  const stream = { write, getColorDepth: () => 1, isTerminal: false, columns: 100 };
  const context: CliContext = {
    process: { stdout: stream, stderr: stream, env: {} },
    signal: new AbortController().signal,
    readTextFile: () => Promise.reject(new Deno.errors.NotFound()),
  };
  const style = { paint: createPaint(false), columns: 100 };
  const { json = false, format = "text" } = o;
  await judgeSuite(context, { json, format, style, scope: { mutants } });
  return { exitCode: context.process.exitCode, text };
}

Deno.test("judgeSuite() fails where a mutant survives, and counts it", async () => {
  const good = await judge([CAUGHT]);
  assert.equal(good.exitCode, 0);
  assert.match(good.text, /\n1 passed, 0 failed\n$/);
  const bad = await judge([CAUGHT, MISSED]);
  assert.equal(bad.exitCode, 1);
  assert.match(bad.text, /harmless[\s\S]*\n1 passed, 1 failed\n$/);
});

Deno.test("judgeSuite() prints JSON or Markdown alone when asked to", async () => {
  const { text } = await judge([CAUGHT], { json: true });
  assert.deepEqual(text.trimEnd().split("\n").map((line) => JSON.parse(line).killed), [true]);
  assert.match(
    (await judge([CAUGHT], { format: "markdown" })).text,
    /^# Kill matrix\n[^{]*\|\n\n$/,
  );
});
