import { join } from "node:path";
import { writeTextAtomically } from "../../bench/mod.ts";
import { ifThere } from "../../fixtures/mod.ts";
import { type AttendTuning, type Gpu, isAttendTuning } from "../../kernel/mod.ts";
import type { CliContext } from "../terminal/mod.ts";
import { VERSION } from "../version.ts";

/** Tunings of one adapter by kind of shape. */
export type StoredTunings = ReadonlyMap<string, AttendTuning>;

interface CacheFile {
  readonly kind: "headwise/tuning";
  readonly schemaVersion: 1;
  readonly adapters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const EMPTY: CacheFile = { kind: "headwise/tuning", schemaVersion: 1, adapters: {} };

/**
 * Finds the user's cache folder: `$XDG_CACHE_HOME/headwise`, or `.cache/headwise` in the home.
 *
 * XDG Base Directory Specification: a relative path in the variable is invalid and ignored.
 *
 * @param variable Gives the value of an environment variable.
 * @returns The folder, or null where neither variable helps.
 */
export function cacheFolder(variable: (name: string) => string | undefined): string | null {
  const cache = variable("XDG_CACHE_HOME");
  if (cache?.startsWith("/")) return join(cache, "headwise");
  const home = variable("HOME");
  return home?.startsWith("/") ? join(home, ".cache", "headwise") : null;
}

/** Reads a variable where the process may; one that it may not read is as good as not set. */
export async function cacheFolderOf(context: CliContext): Promise<string | null> {
  const values = new Map<string, string>();
  for (const name of ["XDG_CACHE_HOME", "HOME"]) {
    const { state } = await Deno.permissions.query({ name: "env", variable: name });
    const value = context.process.env[name] ?? (state === "granted" ? Deno.env.get(name) : null);
    if (value) values.set(name, value);
  }
  return cacheFolder((name) => values.get(name));
}

/** The file of a cache folder. */
export function tuningFile(folder: string): string {
  return join(folder, "tuning.json");
}

/**
 * Reads the tunings of an adapter. A file that is absent, not readable or not what it should be is
 * ignored, and only the latter with a note: nothing depends on it.
 *
 * @returns Tunings of this adapter and version, and what a person should know, or null.
 */
export async function readTunings(
  folder: string,
  gpu: Gpu,
): Promise<{ readonly tunings: StoredTunings; readonly note: string | null }> {
  const path = tuningFile(folder);
  let file: CacheFile | null;
  try {
    file = parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { tunings: new Map(), note: null };
    const reason = error instanceof Error ? error.message : String(error);
    return { tunings: new Map(), note: `Ignoring the tunings in '${path}': ${reason}` };
  }
  if (file === null) {
    return { tunings: new Map(), note: `Ignoring '${path}': it is not a file of tunings` };
  }
  const { subgroupSize } = gpu.target;
  const entries = Object.entries(file.adapters[adapterKey(gpu)] ?? {});
  const tunings = new Map<string, AttendTuning>();
  for (const [key, value] of entries) {
    if (isAttendTuning(value, { subgroupSize })) tunings.set(key, value);
  }
  const lost = entries.length - tunings.size;
  const note = lost === 0
    ? null
    : `Ignoring ${lost} of the tunings in '${path}': no program has them`;
  return { tunings, note };
}

/** Replaces the tunings of an adapter for some kinds of shape; null removes one. */
export async function storeTunings(
  folder: string,
  gpu: Gpu,
  tunings: ReadonlyMap<string, AttendTuning | null>,
): Promise<string> {
  const path = tuningFile(folder);
  let file: CacheFile | null = null;
  try {
    file = parse(await ifThere(() => Deno.readTextFile(path)) ?? "null");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const { adapters } = file ?? EMPTY;
  const own: Record<string, unknown> = { ...adapters[adapterKey(gpu)] };
  for (const [key, tuning] of tunings) {
    if (tuning === null) delete own[key];
    else own[key] = tuning;
  }
  const changed: CacheFile = { ...EMPTY, adapters: { ...adapters, [adapterKey(gpu)]: own } };
  await Deno.mkdir(folder, { recursive: true });
  await writeTextAtomically(path, `${JSON.stringify(changed, null, 2)}\n`);
  return path;
}

/** Another adapter, compiler, subgroup size or version of the kernel has winners of its own. */
function adapterKey({ adapter, target }: Gpu): string {
  return `${adapter.description}; ${target.dialect}; subgroup=${target.subgroupSize}; ${VERSION}`;
}

function parse(text: string): CacheFile | null {
  const data = JSON.parse(text) as Partial<CacheFile> | null;
  if (data?.kind !== EMPTY.kind || data.schemaVersion !== EMPTY.schemaVersion) return null;
  const { adapters } = data;
  if (adapters === undefined || !isMap(adapters)) return null;
  return Object.values(adapters).every(isMap) ? { ...EMPTY, adapters } : null;
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
