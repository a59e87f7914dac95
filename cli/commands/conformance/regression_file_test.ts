import assert from "node:assert/strict";
import { type CaseRow, listRegressions } from "../../../conformance/mod.ts";
import { keepFailures, readRegressions, writeRegressions } from "./regression_file.ts";

const FILES = { readTextFile: (path: string): Promise<string> => Deno.readTextFile(path) };

Deno.test("readRegressions() reads what writeRegressions() wrote, and nothing where nothing was", async () => {
  const folder = `results/regression_test_${crypto.randomUUID()}`;
  const path = `${folder}/kept.json`;
  assert.deepEqual(await readRegressions(FILES, path), []);
  await writeRegressions(path, listRegressions());
  assert.deepEqual(await readRegressions(FILES, path), listRegressions());
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readRegressions() refuses a file that is damaged", async () => {
  const files = { readTextFile: () => Promise.resolve("{") };
  await assert.rejects(readRegressions(files, "kept.json"), /Cannot read "kept.json"/);
});

Deno.test("keepFailures() adds the counterexample of a failed case once, and says where", async () => {
  const folder = `results/regression_test_${crypto.randomUUID()}`;
  const file = `${folder}/kept.json`;
  const [first] = listRegressions();
  let told = "";
  const stream = { getColorDepth: () => 1, isTerminal: false, columns: 100 };
  const stderr = { ...stream, write: (text: string) => void (told += text) };
  const process = { stdout: stderr, stderr, env: {} };
  const counterexample = first?.program;
  const outcome = { kind: "fail", message: "x", budgetUsed: null, counterexample } as const;
  const row: CaseRow = {
    kind: "case",
    query: "fuzz:allocator:commands:seed=1",
    clauses: ["pool/conservation"],
    outcome,
    elapsedMs: 1,
    repeat: "",
  };
  await keepFailures({ process }, { rows: [row, row], kept: [], file });
  const kept = await readRegressions(FILES, file);
  assert.deepEqual(kept, [{ name: "found_1", showed: row.query, program: first?.program }]);
  assert.match(told, /kept\.json' for later runs: 1\n$/);
  await Deno.remove(folder, { recursive: true });
  await keepFailures({ process }, { rows: [row], kept, file });
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});
