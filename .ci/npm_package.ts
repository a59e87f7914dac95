import { START_FLAGS } from "./program_flags.ts";

/** Files of the package, by where they come from. */
const COPIED: Readonly<Record<string, string>> = {
  "headwise.js": "dist/headwise.js",
  "LICENSES.txt": "dist/LICENSES.txt",
  "LICENSE": "LICENSE",
  "headwise.mjs": ".ci/npm/headwise.mjs",
  "README.md": ".ci/npm/README.md",
};

/** The `package.json` of the package: one program, and the Deno that runs it. */
export function npmManifest(
  o: { readonly version: string; readonly license: string; readonly denoVersion: string },
): Readonly<Record<string, unknown>> {
  return {
    name: "headwise",
    version: o.version,
    description: "Benchmark and conformance suite for head-wise paged KV caches",
    keywords: ["llm", "inference", "kv-cache", "paged-attention", "webgpu", "benchmark"],
    license: o.license,
    type: "module",
    bin: { headwise: "headwise.mjs" },
    files: [...Object.keys(COPIED), "run_flags.json"].filter((name) =>
      !/^[A-Z]+(\.md)?$/.test(name)
    ),
    engines: { node: ">=20" },
    dependencies: { deno: o.denoVersion },
  };
}

if (import.meta.main) {
  const folder = "dist/npm";
  const { version, license } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const manifest = npmManifest({ version, license, denoVersion: Deno.version.deno });
  const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  Deno.mkdirSync(folder, { recursive: true });
  for (const { name } of Deno.readDirSync(folder)) {
    Deno.removeSync(`${folder}/${name}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${folder}/package.json`, asText(manifest));
  Deno.writeTextFileSync(`${folder}/run_flags.json`, asText(START_FLAGS));
  for (const [name, from] of Object.entries(COPIED)) {
    Deno.writeTextFileSync(`${folder}/${name}`, Deno.readTextFileSync(from));
  }
}
