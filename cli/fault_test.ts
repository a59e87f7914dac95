import assert from "node:assert/strict";
import { EXIT } from "./exit_code.ts";
import { describeFault, describeMissingPermission } from "./fault.ts";
import { SettingError } from "./settings/setting.ts";

function named(name: string): Error {
  const error = new Error("Cannot do it; do that");
  error.name = name;
  return error;
}

Deno.test("describeFault() tells a flag from a file when a setting is at fault", () => {
  const flag = new SettingError("Cannot use 'x'", { kind: "flag", text: "--clock" });
  assert.deepEqual(describeFault(flag), { text: "--clock: Cannot use 'x'", exitCode: EXIT.usage });
  const file = new SettingError("Cannot use 'x'", { kind: "file", text: "a.yaml:2:3" });
  assert.deepEqual(describeFault(file), {
    text: "a.yaml:2:3: Cannot use 'x'",
    exitCode: EXIT.input,
  });
});

Deno.test("describeFault() names the fix when a path lies outside the permissions", () => {
  const read = new Deno.errors.NotCapable(
    'Requires read access to "/data/t.csv", run again with the --allow-read flag',
  );
  const { text, exitCode } = describeFault(read);
  assert.equal(exitCode, EXIT.input);
  assert.match(text, /^Cannot read '\/data\/t.csv': .*; move the file there, or run: deno run /);
  assert.match(text, /--allow-read=\/data\/t.csv/);
  const write = new Deno.errors.NotCapable(
    'Requires write access to "/data/r.json", run again with the --allow-write flag',
  );
  assert.match(describeFault(write).text, /^Cannot write '\/data\/r.json': .*below 'results'/);
  const environment = new Deno.errors.NotCapable(
    'Requires env access to "HOME", run again with the --allow-env flag',
  );
  assert.match(describeFault(environment).text, /^Cannot use 'HOME': .*--allow-env=HOME/);
});

Deno.test("describeMissingPermission() tells how to add it, by where the program runs from", () => {
  const read = 'Requires read access to "/data/t.csv", run again with the --allow-read flag';
  const below = "Cannot read '/data/t.csv': headwise may read only what is below the current " +
    "folder; move the file there, or ";
  assert.equal(
    describeMissingPermission(read, "bundle"),
    `${below}run: headwise --allow-read=/data/t.csv …`,
  );
  assert.equal(
    describeMissingPermission(read, "executable"),
    `${below}run headwise from npm, which can be given --allow-read=/data/t.csv`,
  );
});

Deno.test("describeFault() shows the real message of a real refusal", async () => {
  const error = await Deno.readTextFile("/outside-of-every-permission").catch((e) => e);
  assert.match(describeFault(error).text, /'\/outside-of-every-permission'/);
});

Deno.test("describeFault() maps the project's errors to their exit codes", () => {
  const cases: [string, number][] = [
    ["FixtureError", EXIT.input],
    ["GpuError", EXIT.input],
    ["ResultError", EXIT.input],
    ["QueryError", EXIT.usage],
    ["ExpectationError", EXIT.usage],
    ["RegressionError", EXIT.input],
  ];
  for (const [name, exitCode] of cases) {
    assert.deepEqual(describeFault(named(name)), { text: "Cannot do it; do that", exitCode });
  }
  assert.equal(describeFault(new DOMException("", "AbortError")).exitCode, EXIT.interrupted);
});

Deno.test("describeFault() keeps the stack when the tool itself is at fault", () => {
  const fault = describeFault(named("TypeError"));
  assert.equal(fault.exitCode, EXIT.internal);
  assert.match(fault.text, /^This is a fault of headwise itself: [\s\S]*fault_test.ts/);
  assert.equal(describeFault("thrown text").exitCode, EXIT.internal);
});

Deno.test("describeMissingPermission() tells what keeps a program from starting", async () => {
  const script =
    'new Deno.Command("true", { env: { LD_LIBRARY_PATH: "/opt/cuda/lib64" } }).outputSync()';
  const { stderr } = await new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--allow-run=true", `data:text/javascript,${script}`],
    env: { NO_COLOR: "1" },
  }).output();
  assert.match(
    describeMissingPermission(new TextDecoder().decode(stderr), "bundle"),
    /^Cannot start another program while LD_LIBRARY_PATH is set: .*; unset LD_LIBRARY_PATH, or run: headwise --allow-run …$/,
  );
});
