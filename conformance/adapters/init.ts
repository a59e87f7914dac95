/** Writes a runnable adapter to start from. */

import { ifThere, requirePlainPath } from "../../fixtures/mod.ts";
import messageHeader from "./c/headwise_message.h" with { type: "text" };
import adapterHeader from "./headwise_adapter.h" with { type: "text" };
import pythonClock from "./python/headwise_clock.py" with { type: "text" };
import pythonProtocol from "./python/headwise_protocol.py" with { type: "text" };
import cAdapter from "./skeletons/my_adapter.c" with { type: "text" };
import pythonAdapter from "./skeletons/my_adapter.py" with { type: "text" };
import pythonClockAdapter from "./skeletons/my_clock.py" with { type: "text" };
import typeScriptAdapter from "./skeletons/my_adapter.ts" with { type: "text" };

/** Languages that there is a skeleton in. */
export type SkeletonLanguage = "python" | "ts" | "c";

/** What there is a skeleton of: an adapter of each language, and a clock in Python. */
export type Skeleton = SkeletonLanguage | "python-clock";

/** Names and texts of each skeleton's files; the last one is the adapter. */
const FILES: Readonly<Record<Skeleton, Readonly<Record<string, string>>>> = {
  "python-clock": {
    "headwise_protocol.py": pythonProtocol,
    "headwise_clock.py": pythonClock,
    "my_clock.py": pythonClockAdapter,
  },
  python: { "headwise_protocol.py": pythonProtocol, "my_adapter.py": pythonAdapter },
  ts: { "my_adapter.ts": typeScriptAdapter },
  c: {
    "headwise_adapter.h": adapterHeader,
    "headwise_message.h": messageHeader,
    "my_adapter.c": cAdapter,
  },
};

/** A file that is there already. */
export class SkeletonError extends Error {
  /** Always `skeleton`. */
  readonly code = "skeleton";
  /** Makes the error from the path that is taken. */
  constructor(path: string) {
    super(`Cannot write "${path}": it is there already; name another folder, or remove it`);
    this.name = "SkeletonError";
  }
}

/** What was written. */
export interface WrittenSkeleton {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Commands that build it, in order; none where nothing has to be built. */
  readonly build: readonly string[];
  /** How the suite is reported it. */
  readonly subject: string;
}

/**
 * Writes a skeleton. Nothing is overwritten: each file appears whole or not at all, and none does if
 * one of them is there already.
 *
 * @param folder Folder that gets the files; it is made if it is not there.
 * @throws {SkeletonError} If one of the files is there already.
 *
 * @example A TypeScript adapter
 * ```ts
 * import { writeSkeleton } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * await Deno.mkdir("results", { recursive: true });
 * const folder = await Deno.makeTempDir({ dir: "results" });
 * const { files, subject } = await writeSkeleton("ts", folder);
 * assert.deepEqual(files, [`${folder}/my_adapter.ts`]);
 * assert.equal(subject, `module:${folder}/my_adapter.ts`);
 * await assert.rejects(writeSkeleton("ts", folder), { name: "SkeletonError" });
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeSkeleton(
  skeleton: Skeleton,
  folder: string,
): Promise<WrittenSkeleton> {
  await requirePlainPath(folder);
  await Deno.mkdir(folder, { recursive: true });
  const entries = Object.entries(FILES[skeleton]);
  const files = entries.map(([name]) => `${folder}/${name}`);
  for (const file of files) {
    if (await ifThere(() => Deno.lstat(file)) !== null) throw new SkeletonError(file);
  }
  for (const [index, [, text]] of entries.entries()) await writeWhole(files[index]!, text);
  const adapter = files.at(-1)!;
  const library = adapter.replace(/\.c$/, ".so");
  return {
    files,
    build: skeleton === "c" ? [`cc -O2 -shared -fPIC -o ${library} ${adapter} -lm`] : [],
    subject: {
      "python-clock": `exec:python3 ${adapter}`,
      python: `exec:python3 ${adapter}`,
      ts: `module:${adapter}`,
      c: `ffi:${library}`,
    }[skeleton],
  };
}

/** A link appears with its whole content, and fails where something is there. */
async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(unfinished, text, { createNew: true });
  try {
    await Deno.link(unfinished, path);
  } catch (error) {
    throw error instanceof Deno.errors.AlreadyExists ? new SkeletonError(path) : error;
  } finally {
    await Deno.remove(unfinished);
  }
}
