import assert from "node:assert/strict";
import { EXIT } from "./exit_code.ts";
import { capture } from "./testing_context.ts";
import { withFolder } from "./testing_folder.ts";

interface WritingCommand {
  /** Arguments; `IN` stands for a result of `bench`, `CASES` for a report, `OUT` for the file. */
  readonly args: readonly string[];
}

/** Commands that write one file and need no device. */
const WRITING: Readonly<Record<string, WritingCommand>> = {
  "bench": { args: ["bench", "--clock", "model", "--out", "OUT"] },
  "conformance": {
    args: [
      ...["conformance", "--subject", "oracle", "--filter", "allocator:table", "--out", "OUT"],
      ...["--regressions", "KEPT"],
    ],
  },
  "sweep merge": { args: ["sweep", "merge", "SWEEP", "--out", "OUT"] },
  "report merge": { args: ["report", "merge", "SHARD", "--out", "OUT"] },
  "fixture import": { args: ["fixture", "import", "TRACE", "--out", "OUT"] },
  "calibrate --batches": {
    args: ["calibrate", "--batches", "--fixture", "smoke", "--steps", "2", "--out", "OUT"],
  },
  ...Object.fromEntries(
    ["html", "markdown", "csv", "csv-gaps", "perfetto"].map((format) => [
      `report --format ${format}`,
      { args: ["report", "show", "IN", "--format", format, "--out", "OUT"] },
    ]),
  ),
  ...Object.fromEntries(
    ["html", "markdown", "junit", "tap", "sarif", "badge"].map((format) => [
      `report --format ${format} of cases`,
      { args: ["report", "show", "CASES", "--format", format, "--out", "OUT"] },
    ]),
  ),
};

const FOREIGN: readonly (string | Uint8Array)[] = [
  "my thesis\n",
  "{}\n",
  '{"name": "headwise", "kind": "mine"}\n',
  "<!doctype html>\n<title>My notes on head-wise caches</title>\n",
  "# Notes\n\nConformance of my own\n",
  '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
  new Uint8Array([0x50, 0x4b, 3, 4, 0xff]),
];

const TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
  "2023-11-16 18:17:03.9799600,10,2\n2023-11-16 18:17:04.0319600,20,3\n";

async function write(path: string, content: string | Uint8Array): Promise<void> {
  if (typeof content === "string") await Deno.writeTextFile(path, content);
  else await Deno.writeFile(path, content);
}

/** Runs a command with its files in place; files are read from the disk. */
async function run(args: readonly string[], folder: string) {
  const places: Readonly<Record<string, string>> = {
    OUT: `${folder}/made/out`,
    KEPT: `${folder}/kept.json`,
    IN: `${folder}/in.json`,
    CASES: `${folder}/cases.jsonl`,
    SHARD: `${folder}/shard.jsonl`,
    SWEEP: `${folder}/sweep.jsonl`,
    TRACE: `${folder}/trace.csv`,
  };
  const placed = args.map((arg) => places[arg] ?? arg);
  const files: Record<string, string> = {};
  for (const path of Object.values(places)) {
    const text = await Deno.readTextFile(path).catch(() => null);
    if (text !== null) files[path] = text;
  }
  return await capture(placed, { files });
}

async function withResults(use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/trace.csv`, TRACE);
    const made = [
      ["bench", "--clock", "model", "--out", "IN"],
      [...WRITING["conformance"]!.args.slice(0, 5), "--out", "CASES", "--regressions", "KEPT"],
      [
        ...[...WRITING["conformance"]!.args.slice(0, 5), "--out", "SHARD", "--regressions", "KEPT"],
        ...["--shard", "1/1", "--run", "one"],
      ],
      ["sweep", "run", "--window", "16", "--out", "SWEEP"],
    ];
    for (const args of made) assert.equal((await run(args, folder)).exitCode, 0, args.join(" "));
    await use(folder);
  });
}

Deno.test("every command replaces its own file, and no other without --force", () =>
  withResults(async (folder) => {
    const out = `${folder}/made/out`;
    for (const [name, { args }] of Object.entries(WRITING)) {
      await Deno.remove(`${folder}/made`, { recursive: true }).catch(() => {});
      const first = await run(args, folder);
      assert.equal(first.exitCode, EXIT.ok, `${name}: ${first.stderr}`);
      const again = await run(args, folder);
      assert.equal(again.exitCode, EXIT.ok, `${name}, again: ${again.stderr}`);
      for (const content of FOREIGN) {
        await write(out, content);
        const before = await Deno.readFile(out);
        const refused = await run(args, folder);
        assert.equal(refused.exitCode, EXIT.input, `${name}: ${refused.stderr}`);
        assert.match(refused.stderr, /Cannot write '.*out': .*; name another file, or .*--force/);
        assert.deepEqual(await Deno.readFile(out), before, name);
      }
      const forced = await run([...args, "--force"], folder);
      assert.equal(forced.exitCode, EXIT.ok, `${name}: ${forced.stderr}`);
    }
  }));

Deno.test("a run that holds less leaves what a longer one wrote", () =>
  withFolder(async (folder) => {
    const suite = (filter: string): string[] => [
      ...["conformance", "--subject", "oracle", "--filter", filter, "--out", "OUT"],
      ...["--regressions", "KEPT"],
    ];
    const bench = (pairs: number): string[] => [
      ...["bench", "--clock", "model", "--pairs", String(pairs), "--out", "OUT"],
    ];
    const out = `${folder}/made/out`;
    for (
      const [long, short, unit] of [
        [suite("allocator:table"), suite("allocator:table:id_spaces"), "cases"],
        [bench(3), bench(2), "pairs"],
      ] as const
    ) {
      await Deno.remove(out).catch(() => {});
      assert.equal((await run(long, folder)).exitCode, EXIT.ok);
      const before = await Deno.readTextFile(out);
      const refused = await run(short, folder);
      assert.equal(refused.exitCode, EXIT.input, refused.stderr);
      assert.match(refused.stderr, new RegExp(`holds \\d+ ${unit}, and this run has only \\d+; `));
      assert.equal(await Deno.readTextFile(out), before);
      assert.equal((await run([...short, "--force"], folder)).exitCode, EXIT.ok);
      assert.equal((await run(long, folder)).exitCode, EXIT.ok);
    }
  }));

Deno.test("no command writes through a linked folder or file", () =>
  withResults(async (folder) => {
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.writeTextFile(`${folder}/elsewhere/out`, "kept");
    for (const link of ["ln -s elsewhere made", "mkdir made; ln -s ../elsewhere/out made/out"]) {
      await Deno.remove(`${folder}/made`, { recursive: true }).catch(() => {});
      const shell = new Deno.Command("sh", { args: ["-c", `cd '${folder}' && { ${link}; }`] });
      assert.ok((await shell.output()).success);
      for (const [name, { args }] of Object.entries(WRITING)) {
        const refused = await run([...args, "--force"], folder);
        assert.equal(refused.exitCode, EXIT.input, `${name}: ${refused.stderr}`);
        assert.match(refused.stderr, /is a link to/);
        assert.equal(await Deno.readTextFile(`${folder}/elsewhere/out`), "kept", name);
        assert.deepEqual([...Deno.readDirSync(`${folder}/elsewhere`)].map((e) => e.name), ["out"]);
      }
    }
  }));
