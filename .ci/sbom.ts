import { createHash } from "node:crypto";
import type { LicensedPackage } from "./licenses.ts";

/** The part of `deno.lock` that says what a package is. */
export interface LockFile {
  readonly npm: Readonly<
    Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>
  >;
}

/** What a bill of materials is made from. */
export interface SbomInput {
  /** Version of headwise. */
  readonly version: string;
  /** Its SPDX licence. */
  readonly license: string;
  /** The Deno that executables contain, as far as it is known which file that is. */
  readonly deno: {
    /** Its version. */
    readonly version: string;
    /** The platform that it is for, and SHA-256 of its executable. */
    readonly build: { readonly platform: string; readonly sha256: string } | null;
  };
  /** Every package in the bundle. */
  readonly packages: readonly Pick<LicensedPackage, "name" | "version" | "license">[];
  /** The lock file, which has their hashes and what they depend on. */
  readonly lock: LockFile;
}

interface Component {
  readonly type: "application" | "library" | "platform";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly scope?: "required";
  readonly hashes?: readonly { readonly alg: "SHA-256" | "SHA-512"; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
  readonly purl: string;
}

/** A bill of materials. */
export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * Lists what a release contains, in CycloneDX 1.6 (ECMA-424). It has no time stamp, and its serial
 * number follows from its content: the same input gives the same bytes.
 */
export function createSbom(input: SbomInput): Sbom {
  const { lock, packages } = input;
  const keyOf = (each: { name: string; version: string }): string => `${each.name}@${each.version}`;
  const libraries = packages.map((each): Component => ({
    ...named("library", { ...each, type: "npm" }),
    scope: "required",
    hashes: [{ alg: "SHA-512", content: hexOf(entryOf(lock, keyOf(each)).integrity) }],
  }));
  const deno = denoComponent(input.deno);
  const { version, license } = input;
  const component = named("application", { type: "npm", name: "headwise", version, license });
  const referenceOf = (name: string): string[] =>
    packages.flatMap((each, i) => each.name === name ? [libraries[i]!["bom-ref"]] : []);
  const needed = new Set<string>();
  const ofLibraries = packages.map((each, i) => {
    const names = entryOf(lock, keyOf(each)).dependencies ?? [];
    // A second version of a package is written 'name@version'.
    const dependsOn = names.flatMap((name) => referenceOf(name.replace(/(.)@.*$/, "$1")));
    for (const reference of dependsOn) needed.add(reference);
    return { ref: libraries[i]!["bom-ref"], dependsOn };
  });
  const own = libraries.map((each) => each["bom-ref"]).filter((each) => !needed.has(each));
  const content = {
    metadata: { component },
    components: [...libraries, deno],
    dependencies: [
      { ref: component["bom-ref"], dependsOn: [...own, deno["bom-ref"]] },
      ...ofLibraries,
      { ref: deno["bom-ref"], dependsOn: [] },
    ],
  };
  return numbered(content);
}

/**
 * What one executable contains: what the bundle does, with its own hash and that of its Deno.
 *
 * @param sbom The bill of the bundle.
 * @param o The executable's SHA-256, its platform, and that of the Deno in it where it is known.
 * @returns The bill of the executable.
 */
export function sbomOfExecutable(
  sbom: Sbom,
  o: { readonly platform: string; readonly sha256: string; readonly denoSha256: string | null },
): Sbom {
  const { metadata: { component }, dependencies } = sbom;
  const components = sbom.components.map((each) => {
    if (each.type !== "platform") return each;
    const build = o.denoSha256 === null ? null : { platform: o.platform, sha256: o.denoSha256 };
    return denoComponent({ version: each.version.slice(1), build });
  });
  const hashes = [{ alg: "SHA-256", content: o.sha256 } as const];
  return numbered({ metadata: { component: { ...component, hashes } }, components, dependencies });
}

function denoComponent({ version, build }: SbomInput["deno"]): Component {
  return {
    ...named("platform", {
      type: "github",
      name: "denoland/deno",
      version: `v${version}`,
      license: "MIT",
    }),
    scope: "required",
    ...(build === null ? {} : {
      hashes: [{ alg: "SHA-256", content: build.sha256 }],
      properties: [{ name: "headwise:platform", value: build.platform }],
    }),
  };
}

function numbered(content: Pick<Sbom, "metadata" | "components" | "dependencies">): Sbom {
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  return { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber, version: 1, ...content };
}

function entryOf(lock: LockFile, key: string): LockFile["npm"][string] {
  const entry = lock.npm[key];
  if (entry !== undefined) return entry;
  throw new Error(`Cannot find '${key}' in 'deno.lock'; run 'deno install --frozen=false'`);
}

function named(
  kind: Component["type"],
  o: { type: "npm" | "github"; name: string; version: string; license: string },
): Component {
  const slash = o.name.indexOf("/");
  const group = slash < 0 ? undefined : o.name.slice(0, slash);
  const name = o.name.slice(slash + 1);
  const path = group === undefined ? name : `${encodeURIComponent(group)}/${name}`;
  const purl = `pkg:${o.type}/${path}@${o.version}`;
  return {
    type: kind,
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    version: o.version,
    licenses: [{ license: { id: o.license } }],
    purl,
  };
}

/** Integrity of a lock file, `sha512-` and base64, as hexadecimal digits. */
function hexOf(integrity: string): string {
  const [, digest] = /^sha512-([\w+/]+=*)$/.exec(integrity) ?? [];
  if (digest === undefined) throw new Error(`Cannot use the hash '${integrity}': expected sha512`);
  return Uint8Array.fromBase64(digest).toHex();
}

/** A UUID made from a text, version 8 of RFC 9562. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = "89ab"[parseInt(hex[16]!, 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}` +
    `${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
