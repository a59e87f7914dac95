import assert from "node:assert/strict";
import { bundlerArguments } from "./build_bundle.ts";

const { os, arch } = Deno.build;
const PLATFORM = `@esbuild/${os === "windows" ? "win32" : os}-${
  arch === "aarch64" ? "arm64" : "x64"
}`;

Deno.test("bundlerArguments() allows one binary, the packages and one folder", () => {
  const tool = ["esbuild", PLATFORM, "@esbuild/another"]
    .map((name) => ({ name, version: "1.0.0", folder: `/cache/${name}` }));
  const program = [{ name: "zod", version: "1.0.0", folder: "/cache/zod" }];
  const args = bundlerArguments({ program, tool }, { outFolder: "out" });
  const binary = os === "windows" ? "esbuild.exe" : "bin/esbuild";
  assert.deepEqual(args.filter((arg) => arg.startsWith("--allow-")), [
    `--allow-read=.,${Deno.execPath()},/cache/esbuild,/cache/${PLATFORM},/cache/zod`,
    "--allow-write=out",
    `--allow-run=/cache/${PLATFORM}/${binary}`,
  ]);
});

Deno.test("bundlerArguments() says what to do when this platform's bundler is missing", () => {
  const tool = [{ name: "esbuild", version: "1.0.0", folder: "/cache/esbuild" }];
  assert.throws(
    () => bundlerArguments({ program: [], tool }, { outFolder: "out" }),
    { message: `Cannot find package '${PLATFORM}'; run 'deno install' while online` },
  );
});
