import { type Breach, folderOf, isImplementation, type SourceFile } from "./source_tree.ts";
import { withoutDocComments } from "./source_tree.ts";

/** The folders that each folder may import from, lowest layer first. */
export const IMPORT_DIRECTION: Readonly<Record<string, readonly string[]>> = {
  allocator: [],
  fixtures: ["allocator"],
  kernel: ["allocator"],
  bench: ["allocator", "fixtures", "kernel"],
  conformance: ["allocator", "fixtures", "kernel"],
  cli: ["allocator", "fixtures", "kernel", "bench", "conformance"],
};

/** Files that import no other: any higher folder may enter them, and the program start with them. */
const LEAVES = new Set([
  "bench/live/token.ts",
  "fixtures/bounded_file.ts",
  "fixtures/foreign_text.ts",
  "fixtures/nearest_word.ts",
  "fixtures/routers.ts",
]);

const PACKAGE_NAME = "@headwise/headwise";
const FOLDERS_WITHOUT_PACKAGES = new Set(["allocator", "kernel"]);

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
  /** Whether the file is read as text and not run. */
  readonly asText: boolean;
}

/** Lists the import specifiers of a TypeScript text, those in doc comments left out. */
export function listImports(text: string): Import[] {
  const code = withoutDocComments(text);
  const found: Import[] = [];
  const statements =
    /^(?:import|export)\s+(type\s)?(?:[\w*{][^"';]*?\sfrom\s+)?"([^"]+)"(\s+with\b)?|\bimport\(\s*"([^"]+)"/gm;
  for (const match of code.matchAll(statements)) {
    found.push({
      specifier: (match[2] ?? match[4])!,
      typeOnly: match[1] !== undefined,
      dynamic: match[4] !== undefined,
      asText: match[3] !== undefined,
    });
  }
  return found;
}

/** Folders import only downwards, and only through the other folder's `mod.ts`. */
export function checkImportDirection(files: readonly SourceFile[]): Breach[] {
  const breaches: Breach[] = [];
  for (const { path, text } of files) {
    const from = path.split("/")[0]!;
    const allowed = IMPORT_DIRECTION[from];
    if (allowed === undefined || !path.endsWith(".ts")) continue;
    for (const { specifier } of listImports(text)) {
      const target = targetInCheckout({ specifier, path });
      if (target === null || target === "deno.json") continue;
      const to = target.includes("/") ? target.split("/")[0]! : "the root";
      if (to === from) continue;
      const problem = !allowed.includes(to)
        ? `Cannot import '${specifier}': '${from}' may import only [${allowed.join(", ")}]`
        : target !== `${to}/mod.ts` && !LEAVES.has(target)
        ? `Cannot import '${specifier}': another folder is entered only through '${to}/mod.ts'`
        : null;
      if (problem !== null) breaches.push({ rule: "import-direction", path, message: problem });
    }
  }
  return breaches;
}

/** `allocator` and `kernel` have no npm package at run time. */
export function checkPackageFreeFolders(files: readonly SourceFile[]): Breach[] {
  const breaches: Breach[] = [];
  for (const { path, text } of files) {
    if (!FOLDERS_WITHOUT_PACKAGES.has(path.split("/")[0]!) || !isImplementation(path)) continue;
    for (const { specifier } of listImports(text)) {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
      const message = `Cannot import '${specifier}': this folder uses only 'node:' and Deno's APIs`;
      breaches.push({ rule: "package-free", path, message });
    }
  }
  return breaches;
}

/** The program starts without any folder but its own: commands load the rest when they run. */
export function checkLazyCommands(files: readonly SourceFile[]): Breach[] {
  const edges = runTimeEdges(files);
  const isLeaf = (path: string): boolean =>
    LEAVES.has(path) && (edges.get(path) ?? []).length === 0;
  const cameFrom = new Map([["cli/main.ts", ""]]);
  const breaches: Breach[] = [];
  for (const [path] of cameFrom) {
    for (const { target, dynamic } of edges.get(path) ?? []) {
      if (dynamic || cameFrom.has(target) || isLeaf(target)) continue;
      cameFrom.set(target, path);
      if (target.startsWith("cli/") || !target.endsWith(".ts")) continue;
      const message = `Cannot load '${target}' at the start; import it in a command's loader`;
      breaches.push({ rule: "lazy-commands", path, message });
    }
  }
  return breaches;
}

/** Files of the checkout that each file imports at run time, by path. */
export function runTimeEdges(
  files: readonly SourceFile[],
): Map<string, { readonly target: string; readonly dynamic: boolean }[]> {
  const edges = new Map<string, { readonly target: string; readonly dynamic: boolean }[]>();
  for (const { path, text } of files) {
    if (!path.endsWith(".ts")) continue;
    const targets = listImports(text).filter(({ typeOnly }) => !typeOnly).flatMap((entry) => {
      const target = targetInCheckout({ specifier: entry.specifier, path });
      return target === null ? [] : [{ target, dynamic: entry.dynamic }];
    });
    edges.set(path, targets);
  }
  return edges;
}

/** The file of the checkout that a specifier names; null for packages and built-ins. */
export function targetInCheckout(o: { specifier: string; path: string }): string | null {
  if (o.specifier === PACKAGE_NAME) return "mod.ts";
  if (o.specifier.startsWith(`${PACKAGE_NAME}/`)) {
    return `${o.specifier.slice(PACKAGE_NAME.length + 1)}/mod.ts`;
  }
  if (!o.specifier.startsWith(".")) return null;
  const parts = folderOf(o.path).split("/").filter((part) => part !== "");
  for (const part of o.specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
