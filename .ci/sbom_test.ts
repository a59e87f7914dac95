import assert from "node:assert/strict";
import { z } from "zod";
import { createSbom, type SbomInput, sbomOfExecutable } from "./sbom.ts";

const COMPONENT = z.strictObject({
  type: z.enum(["application", "library", "platform"]),
  "bom-ref": z.string().min(1),
  group: z.string().optional(),
  name: z.string().min(1),
  version: z.string().regex(/^v?\d+\.\d+\.\d+$/),
  scope: z.enum(["required", "optional", "excluded"]).optional(),
  hashes: z.array(z.strictObject({
    alg: z.enum(["SHA-256", "SHA-512"]),
    content: z.string().regex(/^[a-f0-9]{64}(?:[a-f0-9]{64})?$/),
  })).optional(),
  properties: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  licenses: z.array(z.strictObject({ license: z.strictObject({ id: z.string() }) })),
  purl: z.string().regex(/^pkg:(npm|github)\/[\w%.\/-]+@[\w.]+$/),
});

/** What CycloneDX 1.6 demands of the parts that are used here; a misspelt key is an error. */
const SBOM = z.strictObject({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.6"),
  serialNumber: z.string()
    .regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({ component: COMPONENT }),
  components: z.array(COMPONENT),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
}).superRefine(({ metadata, components, dependencies }, context) => {
  const known = [metadata.component, ...components].map((each) => each["bom-ref"]);
  const unique = new Set(known);
  if (unique.size < known.length) context.addIssue({ code: "custom", message: "bom-ref twice" });
  for (const { ref, dependsOn } of dependencies) {
    for (const each of [ref, ...dependsOn]) {
      if (!unique.has(each)) context.addIssue({ code: "custom", message: `unknown ${each}` });
    }
  }
});

// The hash of nothing.
const INTEGRITY =
  "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
const INPUT: SbomInput = {
  version: "0.1.0",
  license: "Apache-2.0",
  deno: { version: "2.9.6", build: { platform: "linux-x64", sha256: "a".repeat(64) } },
  packages: [
    { name: "@scope/a", version: "1.0.0", license: "MIT" },
    { name: "b", version: "2.0.0", license: "ISC" },
  ],
  lock: {
    npm: {
      "@scope/a@1.0.0": { integrity: INTEGRITY, dependencies: ["b"] },
      "b@2.0.0": { integrity: INTEGRITY },
      "not-in-the-bundle@1.0.0": { integrity: INTEGRITY },
    },
  },
};

Deno.test("createSbom() is a valid CycloneDX document of what the bundle contains", () => {
  const sbom = createSbom(INPUT);
  SBOM.parse(sbom);
  assert.deepEqual(sbom.components.map(({ purl }) => purl), [
    "pkg:npm/%40scope/a@1.0.0",
    "pkg:npm/b@2.0.0",
    "pkg:github/denoland/deno@v2.9.6",
  ]);
  assert.ok(sbom.components[1]!.hashes![0]!.content.startsWith("cf83e1357eefb8bd"));
  assert.deepEqual(sbom.dependencies.slice(0, 2), [
    {
      ref: "pkg:npm/headwise@0.1.0",
      dependsOn: ["pkg:npm/%40scope/a@1.0.0", "pkg:github/denoland/deno@v2.9.6"],
    },
    { ref: "pkg:npm/%40scope/a@1.0.0", dependsOn: ["pkg:npm/b@2.0.0"] },
  ]);
});

Deno.test("createSbom() gives the same bytes twice, and another number to other content", () => {
  assert.equal(JSON.stringify(createSbom(INPUT)), JSON.stringify(createSbom(INPUT)));
  const other = createSbom({ ...INPUT, version: "0.2.0" });
  assert.notEqual(other.serialNumber, createSbom(INPUT).serialNumber);
});

Deno.test("createSbom() refuses a package that is not locked, or not by SHA-512", () => {
  const packages = [{ name: "c", version: "1.0.0", license: "MIT" }];
  assert.throws(() => createSbom({ ...INPUT, packages }), {
    message: /find 'c@1.0.0' in 'deno.lock'/,
  });
  const lock = { npm: { "c@1.0.0": { integrity: "sha1-AAAA" } } };
  assert.throws(() => createSbom({ ...INPUT, packages, lock }), { message: /expected sha512$/ });
});

Deno.test("createSbom() has the hash and the platform of the Deno that it knows", () => {
  const { components } = createSbom(INPUT);
  assert.deepEqual(components.at(-1)!.hashes, [{ alg: "SHA-256", content: "a".repeat(64) }]);
  assert.deepEqual(components.at(-1)!.properties, [{
    name: "headwise:platform",
    value: "linux-x64",
  }]);
});

Deno.test("sbomOfExecutable() has the executable's hash and that of its own Deno", () => {
  const o = { platform: "macos-arm64", sha256: "b".repeat(64), denoSha256: "c".repeat(64) };
  const bundle = createSbom(INPUT);
  const sbom = sbomOfExecutable(bundle, o);
  SBOM.parse(sbom);
  assert.deepEqual(sbom.metadata.component.hashes, [{ alg: "SHA-256", content: o.sha256 }]);
  const deno = sbom.components.at(-1)!;
  assert.deepEqual(deno.hashes, [{ alg: "SHA-256", content: o.denoSha256 }]);
  assert.equal(deno.purl, bundle.components.at(-1)!.purl);
  assert.notEqual(sbom.serialNumber, bundle.serialNumber);
  const unknown = sbomOfExecutable(bundle, { ...o, denoSha256: null });
  SBOM.parse(unknown);
  assert.equal(unknown.components.at(-1)!.hashes, undefined);
});
