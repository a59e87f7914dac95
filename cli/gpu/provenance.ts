/** What a result says of where it came from: machine, runtime, version, commit, card and driver. */

import { join } from "node:path";
import { type BenchEnvironment, describeEnvironment } from "../../bench/mod.ts";
import { ifThere } from "../../fixtures/mod.ts";
import { VERSION } from "../version.ts";

/** Commit that the bundle was built from, or an empty text; the bundler defines it. */
declare const HEADWISE_COMMIT: string | undefined;

/** Where the driver of an NVIDIA card names itself; WebGPU does not tell a driver. */
const NVIDIA_DRIVER = "/proc/driver/nvidia/version";

/**
 * Describes what a result is made with. What may not be read is null, and nothing is asked for.
 *
 * @param adapter Name of the GPU adapter, or null where none is used.
 */
export async function describeProvenance(adapter: string | null): Promise<BenchEnvironment> {
  return {
    ...describeEnvironment({ adapter }),
    headwise: VERSION,
    ...await readSourceState(),
    driver: adapter === null ? null : await readDriver(adapter),
  };
}

/**
 * Describes what a conformance report is made with, as texts by name; what is unknown is left out.
 * The subject says itself what it runs on.
 */
export async function describeReportEnvironment(): Promise<Readonly<Record<string, string>>> {
  const { adapter: _, driver: __, ...facts } = await describeProvenance(null);
  const known = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

/**
 * Reads which commit runs: the one that the bundle was built from, or that of the checkout.
 *
 * @returns The commit, and whether the files are as committed; null each where it is not known.
 * @param askGit Tells whether a checkout is clean; null where that cannot be told.
 */
export async function readSourceState(
  root: string = join(import.meta.dirname ?? ".", "..", ".."),
  askGit: (root: string) => Promise<boolean | null> = isClean,
): Promise<{ readonly commit: string | null; readonly clean: boolean | null }> {
  if (typeof HEADWISE_COMMIT === "string") {
    return { commit: HEADWISE_COMMIT || null, clean: null };
  }
  const commit = await readCommit(join(root, ".git"));
  return { commit, clean: commit === null ? null : await askGit(root) };
}

async function readCommit(git: string): Promise<string | null> {
  const head = await readIfAllowed(join(git, "HEAD"));
  if (head === null) return null;
  const reference = /^ref: (.+)$/m.exec(head)?.[1];
  if (reference === undefined) return commitOf(head);
  const loose = await readIfAllowed(join(git, reference));
  if (loose !== null) return commitOf(loose);
  const packed = await readIfAllowed(join(git, "packed-refs")) ?? "";
  const line = packed.split("\n").find((each) => each.endsWith(` ${reference}`));
  return line === undefined ? null : commitOf(line);
}

function commitOf(text: string): string | null {
  return /^[0-9a-f]{40,64}/.exec(text)?.[0] ?? null;
}

async function isClean(root: string): Promise<boolean | null> {
  const { state } = await Deno.permissions.query({ name: "run", command: "git" });
  if (state !== "granted") return null;
  const args = ["-C", root, "status", "--porcelain", "--untracked-files=no"];
  const output = await ifThere(() => new Deno.Command("git", { args, stderr: "null" }).output());
  return output?.success ? output.stdout.length === 0 : null;
}

async function readDriver(adapter: string): Promise<string | null> {
  if (!/nvidia/i.test(adapter)) return null;
  const text = await readIfAllowed(NVIDIA_DRIVER);
  return text === null ? null : /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(text)?.[1] ?? null;
}

/** Text of a file; null where there is none, or it may not be read. */
async function readIfAllowed(path: string): Promise<string | null> {
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return null;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}
