import assert from "node:assert/strict";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import { validateTable } from "../../allocator/mod.ts";
import { parseDump } from "./dump.ts";
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
  await assert.rejects(openDump("results/none.npy"), /there is no such file/);
});

/** One row per layer group, one pool, a null page 0: slot 0 has 64 tokens, slot 1 has 10. */
const HYBRID = {
  layout: "pooled",
  kvHeads: 1,
  headWindows: [[32], [0], [16]],
  sinkTokens: 0,
  pagesPerHead: undefined,
  poolPages: 14,
  nullId: 0,
  owner: "worker",
} as const;
const HYBRID_IDS = [
  // Group by group: slots 0 and 1 of each. Of 64 tokens a window of 32 leaves pages 2 and 3.
  [9, 9, 1, 2, 0],
  [3, 0, 0, 0, 0],
  [4, 5, 6, 7, 0],
  [8, 0, 0, 0, 0],
  [4, 7, 10, 11, 0],
  [12, 13, 13, 13, 13],
];

Deno.test("openDump() takes a null page, several windows, and one pool of any size", async () => {
  const ids = HYBRID_IDS.map((row, index) =>
    row.map((id, column) => {
      const isStale = (index === 0 && column < 2) || (index === 4 && column < 2) ||
        (index === 5 && column > 0);
      return isStale ? 0 : id;
    })
  );
  assert.deepEqual(await judge({ ids, geometry: HYBRID }), []);
  const with14 = ids.map((row) => row.map((id) => id === 12 ? 14 : id));
  assert.deepEqual(await judge({ ids: with14, geometry: HYBRID }), ["sentinel/only-minus-one"]);
  // A hole in the live range of a head whose own window still sees it.
  const hole = ids.map((row, index) => index === 0 ? [0, 0, 0, 2, 0] : row);
  assert.deepEqual(await judge({ ids: hole, geometry: HYBRID }), ["sentinel/only-when-dead"]);
  // −1 is no hole where page 0 is one.
  const minus = ids.map((row, index) => index === 3 ? [8, -1, 0, 0, 0] : row);
  assert.deepEqual(await judge({ ids: minus, geometry: HYBRID }), ["sentinel/only-minus-one"]);
});

Deno.test("openDump() lets stale ids stand where no one reads, and finds them where somebody does", async () => {
  const geometry = { ...HYBRID, deadColumns: "stale" };
  assert.deepEqual(await judge({ ids: HYBRID_IDS, geometry }), []);
  assert.deepEqual(
    await judge({ ids: HYBRID_IDS, geometry: HYBRID }),
    ["pool/conservation", "sentinel/tail"],
  );
  // Page 4 of the full group stands in a live column of the window group too.
  const live = HYBRID_IDS.map((row, index) => index === 0 ? [9, 9, 4, 2, 0] : row);
  assert.deepEqual(await judge({ ids: live, geometry }), ["pool/conservation"]);
});

Deno.test("openDump() takes lengths by row", async () => {
  const ids = [[0, 1, -1, -1, -1], [0, 1, 2, 3, -1], [4, -1, -1, -1, -1], [4, -1, -1, -1, -1]];
  const geometry = { headWindows: [0, 0], rowLengthsTokens: [[30, 64], [10, 10]] };
  assert.deepEqual(await judge({ ids, geometry }), []);
  assert.deepEqual(await judge({ ids, geometry: { headWindows: [0, 0] } }), [
    "sentinel/only-when-dead",
  ]);
});

Deno.test("openDump() refuses pools that are sized twice, not at all, or by the wrong key", async () => {
  const wrong = [
    { pagesPerHead: undefined },
    { poolPages: 8 },
    { pagesPerHead: undefined, poolPages: 8 },
  ];
  for (const geometry of wrong) await assert.rejects(judge({ geometry }), /pools|poolPages/);
});

Deno.test("openDump() names slot, head, column and owner of a page that stands twice", () => {
  const dump = parseDump({
    file: "table.npy",
    jsonFile: "table.json",
    json: JSON.stringify(DUMP_GEOMETRY),
    bytes: npyOf({
      descr: "<i4",
      shape: "(4, 5)",
      data: new Uint8Array(Int32Array.from(changed(2, 0, 3).flat()).buffer),
    }),
  });
  const [fault] = validateTable(dump.question);
  assert.match(
    fault!.message,
    /page "3" at group 0, slot 1, head 0, column 0: slot 0, head 0 of group 0 names it too/,
  );
});
