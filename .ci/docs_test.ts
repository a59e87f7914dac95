import assert from "node:assert/strict";
import { runBench } from "../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { IMPORT_DIRECTION } from "./import_rules.ts";
import { ROOM_ORDER } from "./room_rules.ts";

const README = Deno.readTextFileSync("README.md");
const ARCHITECTURE = Deno.readTextFileSync("ARCHITECTURE.md");

/** First cells of the rows of a table, by its first heading. */
function firstCells(text: string, heading: string): string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${heading} `)) + 2;
  const rows = lines.slice(from);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith("|")))
    .map((line) => line.split("|")[1]!.replaceAll("`", "").trim());
}

Deno.test("ARCHITECTURE.md lists folders and rooms in the order that the house rules keep", () => {
  for (const [top, rooms] of Object.entries(ROOM_ORDER)) {
    const listed = firstCells(ARCHITECTURE, `room of \`${top}/\``);
    assert.deepEqual(listed, rooms.filter((room) => !room.endsWith(".ts")));
  }
  const folders = Object.keys(IMPORT_DIRECTION).map((folder) => `${folder}/`);
  assert.deepEqual(firstCells(ARCHITECTURE, "folder"), folders);
  assert.deepEqual(new Set(firstCells(README, "folder")), new Set([...folders, "tools/"]));
});

Deno.test("README.md's picture passes through folders and rooms that exist", () => {
  const picture = README.slice(README.indexOf("```text\nfixtures"), README.indexOf("## Try it"));
  const stages = picture.split("\n")[1]!.split(" ──▶ ").map((stage) => stage.trim());
  const known = new Set([...Object.keys(IMPORT_DIRECTION), ...ROOM_ORDER["bench"]!]);
  assert.deepEqual(stages.filter((stage) => !known.has(stage)), []);
  assert.equal(stages.length, 8);
});

Deno.test("README.md's request is what the smoke fixture gives", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const result = await runBench({ workload, clock: { kind: "model", reason: null } });
  const run = result.sides.find(({ name }) => name === "headwise")!.runs[0]!;
  const samples = run.samples!;
  const [history, timeline] = [run.timeline!.pageHistory!, run.timeline!];
  const windowRow = history.rows.find(({ kind }) => kind === "window")!;
  assert.equal(windowRow.windowTokens, 32);
  const [comparison] = result.readGate!.comparisons;
  const ms = (value: number): string => value.toPrecision(3);
  for (
    const fact of [
      `${result.requestList!.inputTokens[0]} input tokens and ${
        result.requestList!.outputTokens[0]
      } output`,
      `steps 0 (${history.lengthTokens[0]} tokens) and 1 (${
        history.lengthTokens[1]! - history.lengthTokens[0]!
      })`,
      `${history.rows[0]!.runs[0]![1]} pages in each of its four rows after step 0, ${
        history.rows[0]!.runs[1]![1]
      } after step 1`,
      `step 0 takes ${ms(timeline.endMs[0]!)} ms, of which attention ${
        ms(timeline.attentionMs[0]!)
      } ms`,
      `TTFT is ${ms(samples.ttftMs[0]!)} ms`,
      `(${ms(result.sides[0]!.runs[0]!.samples!.ttftMs[0]!)} ms on \`uniform\`)`,
      `TPOT ${ms(samples.tpotMs[0]!)} ms; it ends at ${ms(samples.endToEndMs[0]!)} ms`,
      `${result.verification.checks} sampled outputs`,
      `from ${ms(comparison!.baseline!)} to ${ms(comparison!.candidate!)} ms`,
    ]
  ) assert.ok(README.replaceAll(/\s+/g, " ").includes(fact), `README.md does not say '${fact}'`);
});
