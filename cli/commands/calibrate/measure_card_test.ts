import assert from "node:assert/strict";
import type { LoadedSettings } from "../../settings/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { measureCard, spawn } from "./measure_card.ts";

const FOLDER = "results/tests/measure-card";
await Deno.mkdir(FOLDER, { recursive: true });
const PROFILE = "bench/card/profile/cards/h100-sxm.json";

/** Runs with a script in place of the shipped one: Python that prints `text`. */
async function measure(python: string, model: string | null, out: string): Promise<string> {
  let said = "";
  const stream = {
    write: (text: string) => void (said += text),
    getColorDepth: () => 1,
    isTerminal: false,
    columns: 100,
  };
  const context: CliContext = {
    process: { stdout: stream, stderr: stream, env: {} },
    signal: new AbortController().signal,
    readTextFile: () => Promise.reject(new Error("nothing is read")),
  };
  const values = { out, model, seconds: 10, allReduce: false, profile: true };
  const settings = { values } as unknown as LoadedSettings<"calibrate">;
  await measureCard(context, settings, ["python3", "-c", python]);
  return said;
}

Deno.test("measureCard() shows what the script says while it runs", async () => {
  const out = `${FOLDER}/said.json`;
  const script =
    `import sys; print("prompts: 3 of 9", file=sys.stderr); print(open("${PROFILE}").read())`;
  assert.match(await measure(script, null, out), /^prompts: 3 of 9$/m);
});

Deno.test("measureCard() keeps a profile that answers for the model, and says how to use it", async () => {
  const out = `${FOLDER}/card.json`;
  const said = await measure(`print(open("${PROFILE}").read())`, "ernie-4.5-21b-a3b", out);
  assert.match(said, /NVIDIA H100 80GB HBM3, driver [\d.]+, PyTorch .* answers for ernie/);
  assert.match(said, /headwise bench --card results/);
  assert.equal(JSON.parse(await Deno.readTextFile(out)).card.multiprocessors, 132);
});

/** Python that prints the profile with products that were measured for these tokens alone. */
const productsOf = (slice: string): string =>
  `import json; d=json.load(open("${PROFILE}"))
for p in d["products"]:
  p["tokens"]=p["tokens"][${slice}]
  p["microseconds"]=[[cell[${slice}] for cell in row] for row in p["microseconds"]]
print(json.dumps(d))`;

Deno.test("measureCard() keeps no profile without answers from 1 to 32,768 tokens of the model", async () => {
  const out = `${FOLDER}/narrow.json`;
  for (
    const [slice, asked] of [["2:", /tokens of a product 1:/], [
      ":10",
      /tokens of a product 3276[89]:/,
    ]] as const
  ) {
    await assert.rejects(measure(productsOf(slice), "ernie-4.5-21b-a3b", out), asked);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  }
  await measure(productsOf(":"), "ernie-4.5-21b-a3b", out);
  await Deno.remove(out);
});

Deno.test("measureCard() keeps no document that is no profile, nor one of a script that failed", async () => {
  const out = `${FOLDER}/none.json`;
  for (
    const [python, expected] of [
      ["print('{}')", /no JSON|format/],
      [
        `import json; d=json.load(open("${PROFILE}")); d["products"][0]["tokens"].pop(); print(json.dumps(d))`,
        /products of bf16/,
      ],
      ["import sys; sys.exit('no device here')", /no device here.*PyTorch 2\.8/],
    ] as const
  ) {
    await assert.rejects(measure(python, null, out), expected);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  }
});

Deno.test("spawn() leaves variables out only where they are not allowed, and names the fix", () => {
  const child = {} as Deno.ChildProcess;
  const started = (faults: readonly Error[]): boolean[] => {
    const cleared: boolean[] = [];
    const found = spawn((clearEnv) => {
      cleared.push(clearEnv);
      const fault = faults[cleared.length - 1];
      if (fault !== undefined) throw fault;
      return child;
    }, "python3");
    assert.equal(found, child);
    return cleared;
  };
  assert.deepEqual(started([]), [false]);
  const refused = new Deno.errors.NotCapable("Requires --allow-all for LD_PRELOAD environment");
  assert.deepEqual(started([refused]), [false, true]);
  for (const fault of [new Deno.errors.NotFound("none"), new Deno.errors.NotCapable("run")]) {
    assert.throws(() => started([fault]), /^BenchError: Cannot run python3: .*install Python/);
  }
  assert.throws(() => started([new TypeError("ours")]), TypeError);
});
