/** The folder that a `module:` adapter runs in: a copy of its files, and what Deno keeps for it. */
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { FileRefusal, readBounded, requirePlainPath } from "../../../fixtures/mod.ts";
import { AdapterFault } from "../adapter_fault.ts";
import { commonFolder, isIn, listAdapterFiles, type ModuleGraph } from "./module_graph.ts";

/** A folder that a module runs in. */
export interface ModuleFolder {
  /** Absolute path. */
  readonly path: string;
  /** URL of the copied module. */
  readonly moduleUrl: string;
  /** Removes the folder. */
  readonly close: () => Promise<void>;
}

/** Names inside the folder: copied files, and Deno's own, which the module may neither see nor name. */
export const MODULE_PARTS = { copy: "module", cache: "cache" } as const;

const MAX_BYTES = 64 << 20;

/**
 * Copies a module and the code that it imports into a folder of its own.
 *
 * @param file Absolute path of the module, without links.
 * @returns The folder; close it.
 * @throws {AdapterFault} `crash` if the module does not parse, or imports what is not its own.
 */
export async function createModuleFolder(
  file: string,
  o: { readonly parent: string; readonly deno: string; readonly project: readonly string[] },
): Promise<ModuleFolder> {
  await requirePlainPath(o.parent);
  await Deno.mkdir(o.parent, { recursive: true });
  const path = await Deno.realPath(await Deno.makeTempDir({ dir: o.parent, prefix: "module-" }));
  const close = (): Promise<void> => Deno.remove(path, { recursive: true });
  try {
    const graph = await readGraph(file, { deno: o.deno, cache: join(path, MODULE_PARTS.cache) });
    const folders = { own: dirname(file), project: o.project };
    const files = listAdapterFiles(graph, folders);
    const base = commonFolder(files);
    const placeOf = (each: string): string => join(path, MODULE_PARTS.copy, relative(base, each));
    let left = MAX_BYTES;
    for (const each of files) {
      const bytes = await readOwn(each, { maxBytes: left, own: [folders.own, ...o.project] });
      left -= bytes.length;
      await Deno.mkdir(dirname(placeOf(each)), { recursive: true });
      await Deno.writeFile(placeOf(each), bytes, { createNew: true });
    }
    return { path, moduleUrl: pathToFileURL(placeOf(file)).href, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What Deno says of a module, without a network and without configuration of anyone's. */
async function readGraph(
  file: string,
  o: { readonly deno: string; readonly cache: string },
): Promise<ModuleGraph> {
  const { success, stdout, stderr } = await new Deno.Command(o.deno, {
    args: [
      "info",
      "--json",
      "--no-config",
      "--no-lock",
      "--no-npm",
      "--no-remote",
      pathToFileURL(file).href,
    ],
    env: { DENO_DIR: o.cache, DENO_NO_PACKAGE_JSON: "1", NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (success) return JSON.parse(text(stdout)) as ModuleGraph;
  throw new AdapterFault("crash", `Cannot host "${file}": ${text(stderr).trim()}`);
}

/** A link in an allowed folder may lead out of it. */
async function readOwn(
  path: string,
  o: { readonly maxBytes: number; readonly own: readonly string[] },
): Promise<Uint8Array> {
  const real = await Deno.realPath(path);
  try {
    if (!o.own.some((folder) => isIn(folder, real))) throw new FileRefusal(`it leads to "${real}"`);
    return await readBounded(real, { maxBytes: o.maxBytes, isTrusted: false });
  } catch (error) {
    if (!(error instanceof FileRefusal)) throw error;
    throw new AdapterFault("crash", `Cannot host "${path}": ${error.message}`);
  }
}

/**
 * Where the packages are that this project's own host imports, as an import map for that host alone.
 */
export async function hostImportMap(
  host: string,
  o: { readonly deno: string; readonly root: string },
): Promise<{ readonly scopes: Readonly<Record<string, Readonly<Record<string, string>>>> }> {
  const { stdout, stderr, success } = await new Deno.Command(o.deno, {
    args: ["info", "--json", `--config=${fileURLToPath(new URL("deno.json", o.root))}`, host],
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot list packages: ${new TextDecoder().decode(stderr).trim()}`);
  const { modules, npmPackages } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly modules: ModuleGraph["modules"];
    readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
  };
  const imports: Record<string, string> = {};
  for (const { specifier, code } of modules.flatMap(({ dependencies }) => dependencies ?? [])) {
    const folder = npmPackages[code?.specifier?.replace(/^npm:\/?/, "") ?? ""]?.localPath;
    if (folder === undefined) continue;
    // The manifest lies where no one has to let us read; every package of ours begins here.
    imports[specifier] = pathToFileURL(join(folder, "index.js")).href;
  }
  return { scopes: { [new URL("conformance/", o.root).href]: imports } };
}
