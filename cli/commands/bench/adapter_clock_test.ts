import assert from "node:assert/strict";
import { readResult } from "../../../bench/mod.ts";
import { capture } from "../../testing_context.ts";

const FOLDER = "conformance/adapters/python";

/** NumPy's clock, but that it ends in the middle of its second replay. */
const ADAPTER = `
import os, sys
sys.path.insert(0, "${FOLDER}")
from numpy_clock import NumpyClock, serve
class Dying(NumpyClock):
    def steps(self, request):
        if request["firstStep"] > 63:
            os._exit(3)
        return super().steps(request)
serve(Dying())
`;

async function hasNumpy(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run", command: "python3" });
  if (state !== "granted") return false;
  const run = new Deno.Command("python3", { args: ["-c", "import numpy"], stderr: "null" });
  return (await run.output().catch(() => ({ success: false }))).success;
}

Deno.test({
  name: "bench keeps complete pairs when a clock's adapter ends, and can resume from them",
  ignore: !await hasNumpy(),
  fn: async () => {
    await Deno.mkdir("results", { recursive: true });
    const folder = await Deno.makeTempDir({ dir: "results" });
    try {
      const [file, out] = [`${folder}/adapter.py`, `${folder}/result.json`];
      await Deno.writeTextFile(file, ADAPTER);
      const command = [
        ...["bench", "--clock", `exec:python3 ${file}`, "--pairs", "3", "--out", out],
        ...["--warmup-steps", "0", "--layers-measured", "2"],
      ];
      const { exitCode, stderr } = await capture(command);
      assert.equal(exitCode, 4);
      assert.match(stderr, /[12] of 3 pairs are kept .*repeat the command with --resume/);
      assert.match(stderr, /The adapter ended with exit code 3/);
      const kept = await readResult(out);
      assert.ok(kept.sides.every(({ runs }) => runs.length >= 1 && runs.length < 3));
      await Deno.writeTextFile(file, ADAPTER.replace("os._exit(3)", "pass"));
      const resumed = await capture([...command, "--resume"]);
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      assert.deepEqual((await readResult(out)).sides.map(({ runs }) => runs.length), [3, 3, 3]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
