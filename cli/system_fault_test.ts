import assert from "node:assert/strict";
import { EXIT } from "./exit_code.ts";
import { describeFault } from "./fault.ts";
import { describeSystemFault } from "./system_fault.ts";
import { capture } from "./testing_context.ts";
import { withFolder } from "./testing_folder.ts";
import { startProgram } from "./testing_program.ts";

Deno.test("describeSystemFault() names path, reason and fix of what the system really says", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    // By the shell: to make a link, Deno wants the right to write everywhere.
    await new Deno.Command("sh", { args: ["-c", `ln -s loop '${folder}/loop'`] }).output();
    const read = (path: string) => Deno.readTextFile(path).catch((error) => error);
    const faults: readonly (readonly [string, RegExp])[] = [
      [
        `${folder}/none`,
        /^Cannot read '.*\/none': No such file or directory; name one that exists$/,
      ],
      [folder, /^Cannot read '.*': Is a directory; name a file in it$/],
      [`${folder}/file/x`, /Not a directory; a folder of the path is a file; name/],
      [`${folder}/${"n".repeat(300)}`, /File name too long; name a shorter one$/],
      [`${folder}/loop`, /Too many levels of symbolic links; a link of the path leads back/],
    ];
    for (const [path, expected] of faults) {
      const { text, exitCode } = describeFault(await read(path));
      assert.match(text, expected);
      assert.equal(exitCode, EXIT.input);
    }
  });
});

Deno.test("describeSystemFault() names the fix by the system's code alone", () => {
  const codes = ["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "EIO", "EADDRINUSE", "EBUSY", "EPERM"];
  for (const code of codes) {
    const error = Object.assign(new Error("Refused (os error 99): open 'a.json'"), { code });
    assert.match(
      describeSystemFault(error) ?? "",
      /^Cannot open 'a\.json': Refused; \w.* \w/,
      code,
    );
    assert.equal(describeFault(error).exitCode, EXIT.input);
  }
});

Deno.test("describeSystemFault() leaves our own messages and faults of the program alone", () => {
  const own = new Deno.errors.NotFound("Cannot find the page; build it");
  assert.equal(describeSystemFault(own), "Cannot find the page; build it");
  for (const fault of [new TypeError("x is not a function"), new Error("e"), "text"]) {
    assert.equal(describeSystemFault(fault), null);
  }
  const foreign = Object.assign(new Error("e"), { code: "ERR_INVALID_ARG_TYPE" });
  assert.equal(describeSystemFault(foreign), null);
});

/** What happens to the surroundings of a process, and what it says then. */
const SURROUNDINGS: Readonly<
  Record<string, {
    readonly before: string;
    readonly args: readonly string[];
    readonly stderr: RegExp;
    readonly code: number;
  }>
> = {
  "the working folder is removed": {
    before: "const gone = Deno.makeTempDirSync({ dir: 'results' });" +
      " Deno.chdir(gone); Deno.removeSync('../' + gone.split('/').at(-1));",
    args: ["gate", "a.json", "b.json"],
    stderr: /^The working folder is gone: .*; change to a folder that exists$/m,
    code: EXIT.input,
  },
  "standard output has no reader": {
    before: "Deno.stdout.writeSync = () => { throw new Deno.errors.BrokenPipe('Broken pipe') };",
    args: ["kernel", "list"],
    stderr: /^$/,
    code: EXIT.ok,
  },
  "standard output has no space": {
    before: "Deno.stdout.writeSync = () => { throw Object.assign(" +
      "new Error('No space left on device (os error 28)'), { code: 'ENOSPC' }) };",
    args: ["kernel", "list"],
    stderr: /^No space left on device; free some space/m,
    code: EXIT.input,
  },
  "nothing can be written anywhere": {
    before: "Deno.stdout.writeSync = Deno.stderr.writeSync = () => {" +
      " throw new Deno.errors.BrokenPipe('Broken pipe') };",
    args: ["gate", "none.json", "none.json"],
    stderr: /^$/,
    code: EXIT.input,
  },
};

for (const [name, { before, args, stderr, code }] of Object.entries(SURROUNDINGS)) {
  Deno.test(`the process ends with ${code} and the fix when ${name}`, async () => {
    await Deno.mkdir("results", { recursive: true });
    const program = startProgram(args, { before });
    if (stderr.source !== "^$") await program.expect("stderr", stderr);
    assert.equal(await program.end(), code);
    await program.expect("stderr", /^(?!.*fault of headwise)/s);
  });
}

Deno.test("serve() ends with 4 and the fix when the port is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const run = await capture(["serve", "--port", String(taken.addr.port)]);
  assert.equal(run.exitCode, EXIT.input);
  assert.match(run.stderr, /Cannot listen on '127\.0\.0\.1:\d+': another program .*--port/);
});
