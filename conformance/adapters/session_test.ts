import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "./adapter_process.ts";
import { openSession } from "./session.ts";
import { SCRATCH_PARENT, scriptedAdapter } from "./testing_adapters.ts";

Deno.test("openSession() starts an adapter that does not come back three times, and not again", async () => {
  await Deno.mkdir(SCRATCH_PARENT, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: SCRATCH_PARENT, prefix: "starts-" });
  const starts = `${folder}/starts`;
  const spec = scriptedAdapter('if (request.command === "shard") Deno.exit(7); good(request);');
  assert.ok(spec.kind === "exec");
  // Good the first time alone.
  const script = `if [ -e "$0" ]; then echo again >> "$0"; exit 3; fi; touch "$0"; exec "$@"`;
  const session = await openSession({
    command: () => ({
      program: "sh",
      args: ["-c", script, starts, spec.program, ...spec.args],
    }),
    limits: { ...DEFAULT_LIMITS, maxFaultsInRow: 100 },
    scratchParent: SCRATCH_PARENT,
  });
  const fields = { kvHeadsGlobal: 8, queryHeadsGlobal: 64, ranks: 1, rank: 0 };
  const faults: string[] = [];
  for (let request = 0; request < 6; request++) {
    await session.request("shard", fields).catch((error) => faults.push(error.message));
  }
  await session.close();
  const started = (await Deno.readTextFile(starts)).trim().split("\n");
  await Deno.remove(folder, { recursive: true });
  assert.equal(started.length, 3);
  assert.match(faults[0]!, /exit code 7/);
  assert.match(faults[3]!, /exit code 3/);
  assert.match(faults[4]!, /did not start 3 times in a row and is not started again/);
  assert.equal(faults.length, 6);
});
