import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "./exit_code.ts";
import type { ExitName } from "./exit_meanings.ts";
import { withFolder } from "./testing_folder.ts";
import { startProgram } from "./testing_program.ts";

/** A result of a serving benchmark with one run, as far as a gate reads it. */
function servingResult(meanMs: number): string {
  const tokens = { "total_input_tokens": 1000, "total_output_tokens": 1000 };
  const facts = { completed: 10, failed: 0, "total_token_throughput": 1, ...tokens };
  return JSON.stringify({ ...facts, "mean_ttft_ms": meanMs, "mean_itl_ms": meanMs });
}

/** What a process is asked for to end with each code. */
interface Ending {
  readonly args: readonly string[];
  readonly before?: string;
  readonly stderr?: RegExp;
}

// A subject that claims nothing of what is chosen needs an adapter: `exitCodeOf()` has a test.
const ENDINGS: Readonly<Record<Exclude<ExitName, "nothingRan">, Ending>> = {
  ok: { args: ["gate", "slow.json", "fast.json", "--accept-point-estimate"] },
  fail: { args: ["gate", "fast.json", "slow.json", "--accept-point-estimate"] },
  inconclusive: { args: ["gate", "slow.json", "fast.json"] },
  usage: { args: ["gate", "slow.json"], stderr: /Expected argument for CANDIDATE/ },
  input: { args: ["gate", "slow.json", "none.json"], stderr: /none\.json/ },
  internal: {
    args: ["bench", "--config", "slow.json"],
    before: "Deno.stat = () => { throw new TypeError('Broken for a test'); };",
    stderr: /^This is a fault of headwise itself: TypeError: Broken for a test\n +at /,
  },
  interrupted: { args: ["fixture", "validate", "slow.json", "none.yaml", "--watch"] },
};

for (const [name, { args, before, stderr }] of Object.entries(ENDINGS)) {
  const code = EXIT[name as ExitName];
  Deno.test(`the process ends with ${code} when it is '${name}'`, async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "slow.json"), servingResult(100));
      await Deno.writeTextFile(join(folder, "fast.json"), servingResult(80));
      const placed = args.map((arg) => /\.(json|yaml)$/.test(arg) ? join(folder, arg) : arg);
      const program = startProgram(placed, before === undefined ? {} : { before });
      if (name === "interrupted") {
        await program.expect("stderr", /Watching/);
        assert.equal(await program.interrupt(), code);
        if (Deno.build.os === "windows") return;
        const terminated = startProgram(placed);
        await terminated.expect("stderr", /Watching/);
        assert.equal(await terminated.interrupt("SIGTERM"), code);
        return;
      }
      if (stderr !== undefined) await program.expect("stderr", stderr);
      assert.equal(await program.end(), code);
    });
  });
}
