import assert from "node:assert/strict";
import { checkPrograms, installCommand } from "./check_programs.ts";
import { type MadeUpMachine, madeUpProbe } from "./testing_probe.ts";

async function statesOf(machine: MadeUpMachine): Promise<Record<string, string>> {
  const findings = await checkPrograms(madeUpProbe(machine));
  return Object.fromEntries(findings.map(({ name, state, fix }) => [name, `${state} ${fix}`]));
}

Deno.test("checkPrograms() tells packages of Python apart", async () => {
  const python3 = '{"python": "3.11.2", "numpy": "1.24.2", "torch": null}\n';
  const cc = "cc (Debian) 12.2.0\nCopyright";
  assert.deepEqual(await statesOf({ programs: { python3, cc } }), {
    "python3": "ok null",
    "numpy": "ok null",
    "torch": "missing python3 -m pip install torch",
    "cc": "ok null",
    "adapter processes": "ok null",
  });
});

Deno.test("checkPrograms() names the command that installs what is not there", async () => {
  const states = await statesOf({});
  assert.equal(states["python3"], "missing apt-get install -y python3");
  assert.equal(states["numpy"], "missing apt-get install -y python3");
  assert.equal(states["cc"], "missing apt-get install -y gcc");
  assert.equal(installCommand("darwin", "python3"), "brew install python3");
});

Deno.test("checkPrograms() guesses nothing of programs that it may not start", async () => {
  const states = await statesOf({ denied: ["run:python3", "run:cc", "run:deno"] });
  assert.equal(states["torch"], "unknown start headwise with --allow-run=python3");
  assert.equal(states["cc"], "unknown start headwise with --allow-run=cc");
  assert.equal(states["adapter processes"], "missing start headwise with --allow-run=deno");
});
