import assert from "node:assert/strict";
import { type CompileError, denoArguments, describeFailure, planOf } from "./compile.ts";
import { PLATFORMS } from "./platforms.ts";

const LINUX = PLATFORMS.find(({ name }) => name === "linux-x64")!;
const WINDOWS = PLATFORMS.find(({ name }) => name === "windows-x64")!;
const HERE = { platform: LINUX, runtime: "/bin/deno" };

function refusal(args: readonly string[], here = HERE): string {
  try {
    planOf(args, here);
  } catch (error) {
    assert.equal((error as CompileError).exitCode, 2);
    return (error as CompileError).message;
  }
  assert.fail(`${args.join(" ")} was taken`);
}

Deno.test("planOf() takes platforms by their names and by those of deno compile", () => {
  assert.deepEqual(planOf([], HERE), { platform: LINUX, runtime: null, out: "dist/headwise" });
  for (const target of ["windows-x64", "x86_64-pc-windows-msvc"]) {
    const plan = planOf(["--target", target], HERE);
    const out = "dist/headwise-windows-x64.exe";
    assert.deepEqual(plan, { platform: WINDOWS, runtime: null, out });
  }
  const packed = planOf(["--self-extract", "--out", "results/x"], HERE);
  assert.deepEqual(packed, { platform: LINUX, runtime: "/bin/deno", out: "results/x" });
});

Deno.test("planOf() packs a Deno for another platform only if it is given one", () => {
  const args = ["--self-extract", "--target=macos-arm64"];
  assert.match(refusal(args), /give --runtime the file 'deno' of npm's '@deno\/darwin-arm64'$/);
  assert.equal(planOf([...args, "--runtime=/x/deno"], HERE).runtime, "/x/deno");
});

Deno.test("planOf() refuses what cannot be built, and says what can", () => {
  assert.match(refusal(["--target=plan9"]), /for 'plan9': give --target one of linux-x64, /);
  assert.match(refusal(["--self-extract", "--target=windows-x64"]), /leave out --self-extract$/);
  assert.match(refusal(["--runtime=/x"]), /takes DENORT_BIN$/);
  assert.match(refusal(["--unknown"]), /'--unknown'/);
  assert.throws(() => planOf([], { ...HERE, platform: undefined }), /for this machine: give --tar/);
});

Deno.test("denoArguments() allows the packer to read one Deno and to write one folder", () => {
  const plan = planOf(["--self-extract"], HERE);
  const allowed = denoArguments(plan, "dist/u/headwise").filter((each) => each.startsWith("--a"));
  assert.deepEqual(allowed, ["--allow-read=.,/bin/deno", "--allow-write=dist/u"]);
});

Deno.test("describeFailure() names both ways out when the base cannot be downloaded", () => {
  const stderr = "error: Writing deno compile executable to temporary file 'x'\n\nCaused by:\n" +
    "    0: Setting up base binary.\n    1: dns error\n    2: more\n\nStack backtrace:\n   0: x\n";
  const failure = describeFailure(stderr, LINUX);
  assert.equal(failure.exitCode, 69);
  assert.match(
    failure.message,
    /'deno compile': dns error; set DENORT_BIN to .* add --self-extract/,
  );
  assert.doesNotMatch(describeFailure(stderr, WINDOWS).message, /--self-extract/);
  assert.deepEqual(
    describeFailure("error: Module not found\n\nStack backtrace:\n   0: x", LINUX),
    Object.assign(describeFailure("", LINUX), { message: "Cannot compile: Module not found" }),
  );
});
