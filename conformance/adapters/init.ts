/** Writes a runnable adapter to start from. */

/** Languages that there is a skeleton in. */
export type SkeletonLanguage = "python" | "ts" | "c";

/** Files of each skeleton, by where this project keeps them; the last one is the adapter. */
const FILES: Readonly<Record<SkeletonLanguage, readonly string[]>> = {
  python: ["python/headwise_protocol.py", "skeletons/my_adapter.py"],
  ts: ["skeletons/my_adapter.ts"],
  c: ["headwise_adapter.h", "c/headwise_message.h", "skeletons/my_adapter.c"],
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
  /** How the suite is told of it. */
  readonly subject: string;
}

/**
 * Writes a skeleton. Nothing is written over: each file appears whole or not at all, and none does if
 * one of them is there already.
 *
 * @param language Language of the skeleton.
 * @param folder Folder that gets the files; it is made if it is not there.
 * @returns The files, and how to go on.
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
  language: SkeletonLanguage,
  folder: string,
): Promise<WrittenSkeleton> {
  await Deno.mkdir(folder, { recursive: true });
  const sources = FILES[language];
  const files = sources.map((source) => `${folder}/${source.slice(source.lastIndexOf("/") + 1)}`);
  for (const file of files) {
    if (await exists(file)) throw new SkeletonError(file);
  }
  for (const [index, source] of sources.entries()) {
    await writeWhole(files[index]!, await readSource(source));
  }
  const adapter = files.at(-1)!;
  const library = adapter.replace(/\.c$/, ".so");
  return {
    files,
    build: language === "c" ? [`cc -O2 -shared -fPIC -o ${library} ${adapter} -lm`] : [],
    subject: {
      python: `exec:python3 ${adapter}`,
      ts: `module:${adapter}`,
      c: `ffi:${library}`,
    }[language],
  };
}

async function readSource(path: string): Promise<string> {
  const url = new URL(path, import.meta.url);
  if (url.protocol === "file:") return await Deno.readTextFile(url);
  const response = await fetch(url);
  return await response.text();
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

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
