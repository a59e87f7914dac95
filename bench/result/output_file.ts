/**
 * The one way in which results reach the disk: whole files that appear at once, and files of lines
 * that only grow. Whenever the process ends, a reader finds the old file, or a whole new one, or one
 * whose last line at most is cut off.
 */

import { basename, dirname, join } from "node:path";
import { FileRefusal, ifThere, readText, requirePlainPath } from "../../fixtures/mod.ts";
import { unwritable } from "./document.ts";
import { type OutputClaim, OutputExists, requireReplaceable } from "./output_claim.ts";

/** Unfinished files older than this were left by a process that was killed; a write takes far less. */
const STALE_MS = 60_000;

/**
 * Makes sure that a file can be written before any work is done for it: its folder is made, a byte is
 * written there and removed again, and what killed processes left behind is removed. Nothing is
 * written through links, nor to what is no plain file.
 *
 * @param claim What will take the place of a file that is there; null where the caller judges that
 *   itself.
 * @throws {ResultError} `result/unwritable` with what is in the way.
 * @throws {OutputExists} When a file is there that may not be replaced.
 * @throws {Deno.errors.NotCapable} When this process may not read and write there.
 */
export async function prepareOutput(path: string, claim: OutputClaim | null): Promise<void> {
  try {
    const isThere = await isPlainFile(path);
    if (isThere && claim !== null) requireReplaceable(path, await readOrNull(path), claim);
    const folder = dirname(path);
    if (await ifThere(() => Deno.stat(folder)) === null) {
      await Deno.mkdir(folder, { recursive: true });
    }
    await removeStale(path);
    const probe = unfinishedName(path);
    try {
      await Deno.writeTextFile(probe, "\n", { createNew: true });
    } finally {
      await removeQuietly(probe);
    }
  } catch (cause) {
    throw refuse(path, cause);
  }
}

/**
 * Writes a text so that a reader sees the old file or the whole new one: into a new file in the same
 * folder, flushed to the disk, then renamed over the target. Links, pipes and devices are refused.
 *
 * @param path Path of the file; its folder must exist.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 * @throws {Deno.errors.NotCapable} When this process may not write there.
 */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  let unfinished: string | null = null;
  try {
    await isPlainFile(path);
    unfinished = unfinishedName(path);
    {
      using file = await Deno.open(unfinished, { write: true, createNew: true });
      writeWhole(file, text);
      await file.sync();
    }
    await Deno.rename(unfinished, path);
  } catch (cause) {
    if (unfinished !== null) await removeQuietly(unfinished);
    throw refuse(path, cause);
  }
}

/** A file of lines that only grows. */
export interface LineFile {
  /** Appends a line; it is in the file when this returns. */
  readonly append: (line: string) => void;
  /** Closes the file. */
  readonly close: () => void;
}

/**
 * Begins a file of lines. It takes the place of whatever is there, at once, with its first line: until
 * then a reader finds the old file.
 *
 * @param path Path of the file; its folder must exist.
 * @param o Text that it begins with, empty for none, and whether each line is flushed to the disk, so
 *   that it survives not only this process but the machine.
 * @returns The file; close it.
 * @throws {ResultError} When the file cannot be written, now or at a line.
 * @throws {Deno.errors.NotCapable} When this process may not write there.
 */
export async function openLineFile(
  path: string,
  o: { readonly start: string; readonly flush: boolean },
): Promise<LineFile> {
  let unfinished: string | null = null;
  try {
    await isPlainFile(path);
    unfinished = unfinishedName(path);
    const file = await Deno.open(unfinished, { append: true, createNew: true });
    const append = (text: string): void => {
      writeWhole(file, text);
      if (o.flush && unfinished === null) file.syncDataSync();
      if (unfinished === null) return;
      file.syncSync();
      // The open file keeps its place under the new name.
      Deno.renameSync(unfinished, path);
      unfinished = null;
    };
    try {
      if (o.start !== "") append(o.start);
    } catch (cause) {
      file.close();
      throw cause;
    }
    return {
      append: (line) => {
        try {
          append(line);
        } catch (cause) {
          throw refuse(path, cause);
        }
      },
      close: () => {
        file.close();
        if (unfinished !== null) Deno.removeSync(unfinished);
      },
    };
  } catch (cause) {
    if (unfinished !== null) await removeQuietly(unfinished);
    throw refuse(path, cause);
  }
}

function writeWhole(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}

/** A missing permission and a file that must stay keep their own messages, which name the flag. */
function refuse(path: string, cause: unknown): unknown {
  const isOwn = cause instanceof Deno.errors.NotCapable || cause instanceof OutputExists;
  return isOwn ? cause : unwritable(path, cause);
}

function unfinishedName(target: string): string {
  return join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}.tmp`);
}

async function removeStale(target: string): Promise<void> {
  const folder = dirname(target);
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const isOurs = isFile && name.startsWith(`.${basename(target)}.`) && name.endsWith(".tmp");
    if (!isOurs) continue;
    const path = join(folder, name);
    const info = await Deno.lstat(path).catch(() => null);
    if (info?.mtime && Date.now() - info.mtime.getTime() > STALE_MS) await removeQuietly(path);
  }
}

/** Whether a file is there; what is no file, or leads elsewhere, is refused. */
async function isPlainFile(path: string): Promise<boolean> {
  await requirePlainPath(path);
  const info = await ifThere(() => Deno.stat(path));
  if (info?.isDirectory) {
    throw new Deno.errors.IsADirectory("it is a folder; name a file in it");
  }
  return info !== null;
}

/** The text of a file; null where it is none. */
async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readText(path);
  } catch (error) {
    if (error instanceof FileRefusal) return null;
    throw error;
  }
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // It was never created; the error that led here is the one to tell.
  }
}
