/**
 * The one way in which results reach the disk: whole files that appear at once, and files of lines
 * that only grow. Whenever the process ends, a reader finds the old file, or a whole new one, or one
 * whose last line at most is cut off.
 */

import { basename, dirname, join } from "node:path";
import { unwritable } from "./document.ts";

/** Unfinished files older than this were left by a process that was killed; a write takes far less. */
const STALE_MS = 60_000;

/**
 * Makes sure that a file can be written before any work is done for it: its folder is made, a byte is
 * written there and removed again, and what killed processes left behind is removed.
 *
 * @param path Path of the file.
 * @throws {ResultError} `result/unwritable` with what is in the way.
 * @throws {Deno.errors.NotCapable} When this process may not read and write there.
 */
export async function prepareOutput(path: string): Promise<void> {
  try {
    if (await isDevice(path)) return;
    const target = await followLinks(path);
    if (!await isThere(dirname(target))) await Deno.mkdir(dirname(target), { recursive: true });
    await removeStale(target);
    const probe = unfinishedName(target);
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
 * folder, flushed to the disk, then renamed over the target. A link is followed; a device or a pipe
 * is written to as it is.
 *
 * @param path Path of the file; its folder must exist.
 * @param text Its whole text.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 * @throws {Deno.errors.NotCapable} When this process may not write there.
 */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  let unfinished: string | null = null;
  try {
    if (await isDevice(path)) {
      using device = await Deno.open(path, { write: true });
      return writeWhole(device, text);
    }
    const target = await followLinks(path);
    unfinished = unfinishedName(target);
    {
      using file = await Deno.open(unfinished, { write: true, createNew: true });
      writeWhole(file, text);
      await file.sync();
    }
    await Deno.rename(unfinished, target);
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
  let target = path;
  try {
    if (!await isDevice(path)) {
      target = await followLinks(path);
      unfinished = unfinishedName(target);
    }
    const file = await Deno.open(unfinished ?? path, {
      append: true,
      createNew: unfinished !== null,
    });
    const append = (text: string): void => {
      writeWhole(file, text);
      if (o.flush && unfinished === null) file.syncDataSync();
      if (unfinished === null) return;
      file.syncSync();
      // The open file keeps its place under the new name.
      Deno.renameSync(unfinished, target);
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

/** A missing permission keeps its own message, which names the flag. */
function refuse(path: string, cause: unknown): unknown {
  return cause instanceof Deno.errors.NotCapable ? cause : unwritable(path, cause);
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

/** Devices and pipes have no old content, and must not be renamed away. */
async function isDevice(path: string): Promise<boolean> {
  const info = await statOrNull(path);
  if (info?.isDirectory) {
    throw new Deno.errors.IsADirectory("it is a folder; name a file in it");
  }
  return info !== null && !info.isFile;
}

async function isThere(path: string): Promise<boolean> {
  return await statOrNull(path) !== null;
}

async function followLinks(path: string): Promise<string> {
  return await isThere(path) ? await Deno.realPath(path) : path;
}

async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
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
