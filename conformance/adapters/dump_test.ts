import assert from "node:assert/strict";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import { DUMP_CLAUSES, openDump } from "./dump_tests.ts";
import { writeTensors } from "./safetensors.ts";
import { DUMP_GEOMETRY, npyOf } from "./testing_dump.ts";

/** Two slots of two heads, the first of them with a window of 32 tokens that recycled a page. */
const IDS = [[0, -1, 2, 3, -1], [0, 1, 2, 3, -1], [4, -1, -1, -1, -1], [4, -1, -1, -1, -1]];

/** Judges a dump with changed entries; gives the clauses that failed. */
async function judge(
  o: { ids?: number[][]; geometry?: object; format?: "npy" | "safetensors"; descr?: string } = {},
): Promise<string[]> {
  const { ids = IDS, geometry = {}, format = "npy", descr = "<i4" } = o;
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results", prefix: "dump-" });
  try {
    const data = descr === "<i4"
      ? Int32Array.from(ids.flat())
      : BigInt64Array.from(ids.flat(), BigInt);
    const shape = [ids.length, ids[0]!.length];
    const bytes = new Uint8Array(data.buffer);
    const file = `${folder}/table.${format}`;
    await Deno.writeFile(
      file,
      format === "npy"
        ? npyOf({ descr, shape: `(${shape.join(", ")})`, data: bytes })
        : writeTensors(new Map([["table", { dtype: "I32", shape, data }]])),
    );
    await Deno.writeTextFile(
      `${folder}/table.json`,
      JSON.stringify({ ...DUMP_GEOMETRY, ...geometry }),
    );
    const report = await runConformance(await openDump(file));
    assert.equal(report.summary.suiteErrors + report.summary.subjectErrors, 0);
    return caseRows(report.rows).filter(({ outcome }) => outcome.kind === "fail")
      .flatMap(({ clauses }) => clauses);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function changed(row: number, column: number, value: number): number[][] {
  return IDS.map((ids, r) => ids.map((id, c) => r === row && c === column ? value : id));
}

Deno.test("openDump() passes a sound table in either format", async () => {
  assert.deepEqual(await judge(), []);
  assert.deepEqual(await judge({ format: "safetensors" }), []);
});

Deno.test("openDump() names the clause that a table breaks", async () => {
  assert.deepEqual(await judge({ ids: changed(0, 0, -2) }), ["sentinel/only-minus-one"]);
  assert.deepEqual(await judge({ ids: changed(1, 2, 8) }), ["sentinel/only-minus-one"]);
  assert.deepEqual(await judge({ ids: changed(1, 1, -1) }), ["sentinel/only-when-dead"]);
  assert.deepEqual(await judge({ ids: changed(2, 1, 5) }), ["sentinel/tail"]);
  assert.deepEqual(await judge({ ids: changed(2, 0, 3) }), ["pool/conservation"]);
  assert.deepEqual(await judge({ ids: IDS.slice(2) }), ["shape/rows"]);
  assert.deepEqual(await judge({ geometry: { uniformColumns: 6 } }), ["shape/columns-cover"]);
});

Deno.test("openDump() finds int64 ids by their type", async () => {
  assert.deepEqual(await judge({ descr: "<i8" }), ["dtype/int32"]);
});

Deno.test("openDump() takes preallocated columns and layer groups", async () => {
  const ids = [...IDS, ...IDS];
  const geometry = { headWindows: [[32, 0], [32, 0]], allocatedColumns: [4, 1] };
  assert.deepEqual(await judge({ ids, geometry: { ...geometry, layout: "headwise" } }), []);
});

Deno.test("openDump() has a test of every clause that the validator knows", async () => {
  const source = await Deno.readTextFile(
    new URL("../../allocator/validate_table.ts", import.meta.url),
  );
  const code = source.replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
  const named = [...code.matchAll(/"([a-z]+\/[a-z0-9-]+)"/g)].map(([, clause]) => clause!);
  assert.deepEqual(new Set(named), new Set(DUMP_CLAUSES));
});

Deno.test("openDump() names the file and the field when the JSON is wrong", async () => {
  const fails = (geometry: object, message: RegExp) =>
    assert.rejects(judge({ geometry }), { name: "DumpError", message });
  await fails({ pagesPerHead: 0 }, /table\.json.*pagesPerHead/);
  await fails({ pagesPerHaed: 8 }, /pagesPerHaed/);
  await fails({ headWindows: [32] }, /give one window for each of the 2 heads/);
  await fails({ headWindows: [32, 64] }, /windows of 32 and 64 tokens/);
  await assert.rejects(openDump("results/none.npy"), /there is no such file/);
});
