/** Runs programs, and checks what every form of the built program must do. */
import assert from "node:assert/strict";

/** How a program ended, and what it said. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process ended, with its streams as texts. */
export function runOf({ code, stdout, stderr }: Deno.CommandOutput): Run {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Run> {
  return runOf(await new Deno.Command(program, { args: [...args], ...options }).output());
}

/** The built program, whichever way it is started. */
export type Headwise = (...args: string[]) => Promise<Run>;

/** The steps that a bundle, an executable and a package pass alike; leaves a result and an adapter. */
export async function checkProgram(t: Deno.TestContext, headwise: Headwise): Promise<void> {
  await t.step("--version is the version of the checkout", async () => {
    const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
    const expected = { code: 0, stdout: `${version}\n`, stderr: "" };
    assert.deepEqual(await headwise("--version"), expected);
  });
  await t.step("bench replays a built-in workload and writes its result", async () => {
    const { code, stdout, stderr } = await headwise("bench", "--clock", "model", "--json");
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).clock.kind, "model");
  });
  await t.step("conformance judges the built-in allocator", async () => {
    const args = ["conformance", "--subject", "oracle", "--filter", "allocator:pool"];
    const { stdout, stderr } = await headwise(...args);
    assert.match(stdout, /[1-9]\d* passed, 0 failed/, stderr);
  });
  await t.step("it hosts an adapter that it wrote", async () => {
    const written = await headwise("adapter", "init", "ts");
    assert.equal(written.code, 0, written.stderr);
    const subject = "module:results/adapter/my_adapter.ts";
    const { stdout, stderr } = await headwise("adapter", "smoke", subject);
    assert.match(stdout, /1 of 1 cases passed/, stderr);
  });
}
