import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results", prefix: "adapter-cli-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("adapter init writes a skeleton that adapter smoke passes", () =>
  withFolder(async (folder) => {
    const init = await capture(["adapter", "init", "ts", "--out", folder]);
    assert.equal(init.exitCode, 0, init.stderr);
    const subject = `module:${folder}/my_adapter.ts`;
    assert.equal(
      init.stdout,
      `wrote  ${folder}/my_adapter.ts\ntry    headwise adapter smoke '${subject}'\n`,
    );
    const smoke = await capture(["adapter", "smoke", subject]);
    assert.equal(smoke.exitCode, 0, smoke.stdout + smoke.stderr);
    assert.match(smoke.stdout, /^my-adapter answers\n {2}claims allocator\.tensor_parallel\nPASS/);
    assert.match(smoke.stdout, /1 of 1 cases passed in .*\n {2}next: headwise conformance/);
    const again = await capture(["adapter", "init", "ts", "--out", folder]);
    assert.equal(again.exitCode, 4);
    assert.match(again.stderr, /my_adapter\.ts": it is there already/);
  }));

Deno.test("adapter init --clock writes a clock in Python, and in no other language", () =>
  withFolder(async (folder) => {
    const { exitCode, stdout } = await capture([
      ...["adapter", "init", "python", "--clock", "--out", folder],
    ]);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /my_clock\.py\ntry {4}headwise bench --clock 'exec:python3 .*my_clock\.py'\n$/,
    );
    const other = await capture(["adapter", "init", "c", "--clock", "--out", folder]);
    assert.equal(other.exitCode, 2);
    assert.match(other.stderr, /Cannot write a clock in c: there is one in python/);
  }));

Deno.test("adapter smoke exits 4 and shows what the adapter said when it does not speak", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/bad.ts`, "throw new Error('no such library');");
    const { exitCode, stderr } = await capture(["adapter", "smoke", `module:${folder}/bad.ts`]);
    assert.equal(exitCode, 4);
    assert.match(stderr, /ended with exit code 1 before it answered[\s\S]*no such library/);
  }));

Deno.test("adapter smoke exits 1 when the adapter speaks and answers wrongly", () =>
  withFolder(async (folder) => {
    await capture(["adapter", "init", "ts", "--out", folder]);
    const file = `${folder}/my_adapter.ts`;
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replaceAll("queryHeadsGlobal / ranks", "3"));
    const { exitCode, stdout } = await capture(["adapter", "smoke", `module:${file}`]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /FAIL[\s\S]*0 of 1 cases passed/);
  }));

Deno.test("adapter commands exit 2 when they are asked for what there is not", async () => {
  assert.equal((await capture(["adapter", "init", "cobol"])).exitCode, 2);
  assert.equal((await capture(["adapter", "smoke", "python3 a.py"])).exitCode, 2);
  assert.equal((await capture(["adapter", "smoke", "dump:x.npy"])).exitCode, 2);
});

Deno.test("conformance judges a dumped table by its clauses", () =>
  withFolder(async (folder) => {
    const geometry = {
      layout: "uniform",
      slots: 1,
      kvHeads: 2,
      headWindows: [0, 0],
      pagesPerHead: 4,
      pageSizeTokens: 16,
      lengthsTokens: [20],
    };
    await Deno.writeTextFile(`${folder}/table.json`, JSON.stringify(geometry));
    const header = "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2), }\n";
    const text = new TextEncoder().encode(header);
    const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0];
    const run = async (ids: number[]) => {
      const data = new Uint8Array(Int32Array.from(ids).buffer);
      await Deno.writeFile(`${folder}/table.npy`, Uint8Array.from([...magic, ...text, ...data]));
      const out = `${folder}/report.jsonl`;
      return await capture(["conformance", "--subject", `dump:${folder}/table.npy`, "--out", out]);
    };
    const sound = await run([3, 1]);
    assert.equal(sound.exitCode, 0, sound.stderr);
    assert.match(sound.stdout, /^CONFORMANT {2}dump of/);
    const broken = await run([3, -1]);
    assert.equal(broken.exitCode, 1);
    assert.match(broken.stdout, /FAIL {2}dump:table:sentinel_only_when_dead/);
  }));
