/** What a `module:` adapter consists of, by what Deno says of the files that it imports. */
import { dirname, isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { AdapterFault } from "../adapter_fault.ts";

/** What one import of a module leads to, in the words of `deno info --json`. */
interface GraphImport {
  readonly specifier: string;
  /** Absent where only types are imported. */
  readonly code?: { readonly specifier?: string };
  /** `json`, `text` or `bytes`, where the import has such an attribute. */
  readonly assertionType?: string;
}

/** One module, in the words of `deno info --json`. */
interface GraphModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly GraphImport[];
}

/** What `deno info --json` prints of a module. */
export interface ModuleGraph {
  readonly roots: readonly string[];
  readonly modules: readonly GraphModule[];
}

/** Folders that the files of an adapter may lie in. */
export interface GraphFolders {
  /** The adapter's own folder, an absolute path without links. */
  readonly own: string;
  /** Folders of this project, whose modules may also import texts; none where it is bundled. */
  readonly project: readonly string[];
}

const CODE = /\.(?:[cm]?[jt]s|[jt]sx|wasm)$/;

/**
 * Lists the files that are the adapter: its module, and the code in its own folder that it imports.
 * Nothing else is, so that a module can have no file read by importing it as a text.
 *
 * @returns Absolute paths, the module itself first.
 * @throws {AdapterFault} `crash` at an import of anything else, with the fix.
 */
export function listAdapterFiles(graph: ModuleGraph, folders: GraphFolders): string[] {
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const root = graph.roots[0]!;
  const found = new Set([root]);
  for (const url of found) {
    const module = modules.get(url);
    if (module?.error !== undefined) throw refused(fileURLToPath(root), module.error);
    for (const imported of module?.dependencies ?? []) {
      // Types are gone before the module runs.
      if (imported.code === undefined) continue;
      const target = imported.code.specifier;
      if (target === undefined) {
        const what = `it imports "${imported.specifier}", which is not a file of its own`;
        const fix = "write 'import type' where it is a type, or bundle it into the module";
        throw refused(fileURLToPath(url), `${what}; ${fix}`);
      }
      if (target.startsWith("node:")) continue;
      requireOwn({ from: fileURLToPath(url), imported, target }, folders);
      found.add(target);
    }
  }
  return [...found].map((url) => fileURLToPath(url));
}

function requireOwn(
  o: { readonly from: string; readonly imported: GraphImport; readonly target: string },
  folders: GraphFolders,
): void {
  const { specifier, assertionType } = o.imported;
  const importing = `it imports "${specifier}"`;
  if (!o.target.startsWith("file:")) {
    throw refused(o.from, `${importing}, and has no network; bundle it with what it needs`);
  }
  const path = fileURLToPath(o.target);
  const isOurs = (each: string): boolean => folders.project.some((folder) => isIn(folder, each));
  if (isOurs(path) && (isOurs(o.from) || assertionType === undefined)) return;
  if (assertionType !== undefined || !CODE.test(path)) {
    const kind = assertionType ?? "a file that is no code";
    throw refused(o.from, `${importing} as ${kind}; put what it needs into a module beside it`);
  }
  if (!isIn(folders.own, path)) {
    throw refused(o.from, `${importing}, which is outside "${folders.own}"; put it inside`);
  }
}

/** Whether a path is below a folder. */
export function isIn(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}

function refused(path: string, reason: string): AdapterFault {
  return new AdapterFault("crash", `Cannot host "${path}": ${reason}`);
}

/** The deepest folder that all paths lie in. */
export function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0]!);
  while (!paths.every((path) => isIn(folder, path))) folder = dirname(folder);
  return folder;
}
