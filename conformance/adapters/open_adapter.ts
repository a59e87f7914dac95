/** Opens an adapter by its way in. */
import { join, relative } from "node:path";
import type { Subject } from "../subject.ts";
import { AdapterFault } from "./adapter_fault.ts";
import { type AdapterCommand, type AdapterLimits, DEFAULT_LIMITS } from "./adapter_process.ts";
import { createAdapterSubject } from "./adapter_subject.ts";
import { hostProgram, projectFolders } from "./hosts/host_program.ts";
import {
  createModuleFolder,
  hostImportMap,
  MODULE_PARTS,
  type ModuleFolder,
} from "./hosts/module_folder.ts";
import { openSession, type SessionOptions } from "./session.ts";
import type { SubjectSpec } from "./subject_spec.ts";

/** Where an adapter works, and what it may use up. */
export interface AdapterOptions {
  /** Folder that the scratch folder is made in; `results` by default. */
  readonly scratchParent?: string;
  /** Limits that differ from the default ones. */
  readonly limits?: Partial<AdapterLimits>;
}

/** An adapter that answers. */
export interface OpenAdapter {
  /** The implementation behind it. */
  readonly subject: Subject;
  /** Ends the adapter and removes its scratch folder. */
  readonly close: () => Promise<void>;
}

/** An adapter by its way in. */
export type AdapterSpec = Extract<SubjectSpec, { kind: "exec" } | { kind: "module" | "ffi" }>;

/**
 * Starts an adapter in a process of its own.
 *
 * Needs permission to run the program: the one that `exec:` names, or `deno` itself for `module:`
 * and `ffi:`, whose hosts get no more than they need.
 *
 * @returns The adapter; close it.
 * @throws {AdapterFault} If it does not start, or does not follow the protocol; also for `module:` and
 *   `ffi:` in an executable of `deno compile`, which holds no Deno that could host them.
 */
export async function openAdapter(spec: AdapterSpec, o: AdapterOptions = {}): Promise<OpenAdapter> {
  if (spec.kind !== "exec" && Deno.build.standalone) {
    const message = `Cannot start "${spec.file}": this executable has no Deno to host it; put it ` +
      "behind 'exec:', or use headwise from npm";
    throw new AdapterFault("crash", message);
  }
  const limits = { ...DEFAULT_LIMITS, ...o.limits };
  const scratchParent = o.scratchParent ?? "results";
  const open = async (command: SessionOptions["command"]): Promise<OpenAdapter> => {
    const session = await openSession({ command, limits, scratchParent });
    return { subject: createAdapterSubject(session), close: session.close };
  };
  if (spec.kind === "exec") return await open(() => spec);
  const file = await resolveFile(spec.file);
  if (spec.kind === "ffi") return await open(() => libraryCommand(file));
  const folder = await createModuleFolder(file, {
    parent: scratchParent,
    deno: denoProgram(),
    project: projectFolders(),
  });
  try {
    const importMap = await writeImportMap(folder);
    const { subject, close } = await open((scratch) =>
      moduleCommand(folder, { scratch, importMap })
    );
    return { subject, close: () => close().finally(folder.close) };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** What every host is started with: nothing of any folder configures it. */
const HOST_FLAGS = ["run", "--quiet", "--no-prompt", "--no-config", "--no-lock"];

function libraryCommand(file: string): AdapterCommand {
  const host = hostProgram("ffi");
  const allowed = ["ffi", "read"].map((name) => `--allow-${name}=${permitted(file)}`);
  return { program: denoProgram(), args: [...HOST_FLAGS, ...allowed, ...host.args, file] };
}

/** The process that a module runs in; what Deno or a driver keeps stays in the module's folder. */
function moduleCommand(
  folder: ModuleFolder,
  o: { readonly scratch: string; readonly importMap: readonly string[] },
): AdapterCommand {
  const scratch = permitted(o.scratch);
  const copy = permitted(join(folder.path, MODULE_PARTS.copy));
  const cache = join(folder.path, MODULE_PARTS.cache);
  const kept = ["DENO_DIR", "TMPDIR", "TMP", "TEMP", "HOME", "XDG_CACHE_HOME"];
  return {
    program: denoProgram(),
    args: [
      ...HOST_FLAGS,
      "--no-npm",
      "--no-remote",
      "--cached-only",
      "--no-check",
      ...["net", "env", "run", "sys", "ffi", "import"].map((name) => `--deny-${name}`),
      `--allow-read=${scratch},${copy}`,
      `--allow-write=${scratch}`,
      ...o.importMap,
      ...hostProgram("module").args,
      folder.moduleUrl,
    ],
    env: {
      ...Object.fromEntries(kept.map((name) => [name, cache])),
      DENO_NO_PACKAGE_JSON: "1",
      DENO_NO_UPDATE_CHECK: "1",
    },
  };
}

/** A path as permissions take it: from here, so that the names above this folder do not matter. */
function permitted(path: string): string {
  const way = relative(Deno.cwd(), path);
  if (!way.includes(",")) return way;
  const fix = "Deno takes a comma for the end of a path; rename what has it in its name";
  throw new AdapterFault("crash", `Cannot give an adapter "${path}": ${fix}`);
}

/** Where the host is a file of a checkout, packages that it imports are given to it alone. */
async function writeImportMap(folder: ModuleFolder): Promise<string[]> {
  const { args: [host], root } = hostProgram("module");
  if (root === null) return [];
  if (!root.startsWith("file:")) {
    const fix = "run headwise from npm, from its executable or from a checkout, or use 'exec:'";
    throw new AdapterFault(
      "crash",
      `Cannot host a module by "${root}", which is not a file: ${fix}`,
    );
  }
  const path = join(folder.path, "import_map.json");
  const importMap = await hostImportMap(host!, { deno: denoProgram(), root });
  await Deno.writeTextFile(path, JSON.stringify(importMap), { createNew: true });
  return [`--import-map=${path}`];
}

/** This very program where it may be run by its path, otherwise the one that PATH finds. */
function denoProgram(): string {
  const program = Deno.execPath();
  const { state } = Deno.permissions.querySync({ name: "run", command: program });
  return state === "granted" ? program : "deno";
}

async function resolveFile(file: string): Promise<string> {
  try {
    return await Deno.realPath(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AdapterFault(
      "crash",
      `Cannot start "${file}": there is no such file; name one that exists`,
    );
  }
}
