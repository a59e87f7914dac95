import assert from "node:assert/strict";
import {
  parseResult,
  readResult,
  ResultError,
  serializeResult,
  writeResultAtomically,
} from "./file.ts";
import { tinyResult } from "../run/test_support.ts";

const RESULT = await tinyResult();

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

Deno.test("writeResultAtomically() leaves one whole file that readResult() gives back", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/result.json`;
    await Deno.writeTextFile(path, "what was there before");
    await writeResultAtomically(path, RESULT);
    assert.deepEqual(await namesIn(folder), ["result.json"]);
    assert.deepEqual(await readResult(path), RESULT);
  });
});

Deno.test("writeResultAtomically() says why and leaves nothing when it cannot write", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/missing/result.json`;
    await assert.rejects(
      writeResultAtomically(path, RESULT),
      (error) =>
        error instanceof ResultError && error.code === "result/unwritable" &&
        error.message.includes(path),
    );
    await Deno.mkdir(`${folder}/taken`);
    await assert.rejects(writeResultAtomically(`${folder}/taken`, RESULT), ResultError);
    assert.deepEqual(await namesIn(folder), ["taken"]);
  });
});

Deno.test("writeResultAtomically() never shows half a file to a reader", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/result.json`;
    await writeResultAtomically(path, RESULT);
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await writeResultAtomically(path, RESULT);
      done = true;
    })();
    while (!done) assert.deepEqual((await readResult(path)).options, RESULT.options);
    await writing;
  });
});

Deno.test("parseResult() names the file and the place when a field is wrong", () => {
  const broken = (change: (copy: Record<string, unknown>) => void): string => {
    const copy = structuredClone(RESULT) as unknown as Record<string, unknown>;
    change(copy);
    return JSON.stringify(copy);
  };
  const cases: [string, string, RegExp][] = [
    ["{", "result/not-json", /'a\.json:1:2'.*not JSON/],
    ["[]", "result/shape", /'a\.json:1:1'.*the document/],
    [broken((copy) => copy.schemaVersion = 3), "result/version", /version is 3.*reads 1 and 2;/],
    [broken((copy) => delete copy.clock), "result/shape", /"clock" is missing; write it again/],
    [
      broken((copy) => (copy.sides as { runs: { order: unknown }[] }[])[1].runs[0].order = "x"),
      "result/shape",
      /sides\.1\.runs\.0\.order/,
    ],
    [broken((copy) => copy.extra = 1), "result/shape", /extra/],
  ];
  for (const [text, code, message] of cases) {
    assert.throws(
      () => parseResult(text, { file: "a.json" }),
      (error) => {
        assert.ok(error instanceof ResultError);
        assert.equal(error.code, code);
        assert.equal(error.file, "a.json");
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

Deno.test("parseResult() reads version 1, in which nothing was recorded beside the figures", () => {
  const { requestList: _list, commandLine: _line, ...plain } = RESULT;
  const sides = RESULT.sides.map((side) => ({
    ...side,
    runs: side.runs.map(({ tokenGaps: _gaps, timeline: _timeline, ...run }) => run),
  }));
  const text = JSON.stringify({ ...plain, sides, schemaVersion: 1 });
  const read = parseResult(text, { file: "old.json" });
  assert.equal(read.schemaVersion, 2);
  assert.deepEqual([read.requestList, read.commandLine], [null, null]);
  assert.deepEqual([read.sides[0].runs[0].timeline, read.sides[0].runs[0].tokenGaps], [null, null]);
  assert.deepEqual(read.sides[0].runs[0].samples, RESULT.sides[0].runs[0].samples);
});

Deno.test("readResult() names the file when it is missing", async () => {
  await assert.rejects(readResult("no/such.json"), {
    code: "result/unreadable",
    message: /'no\/such\.json'/,
  });
});

Deno.test("serializeResult() writes raw samples on one line each", () => {
  const text = serializeResult(RESULT);
  assert.match(text, /"ttftMs": \[[\d.,]+\]/);
  assert.ok(text.endsWith("}\n"));
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(RESULT)));
});
