/** A file of the checkout, as the house rules see it. */
export interface SourceFile {
  /** Path from the root of the checkout, with forward slashes. */
  readonly path: string;
  /** Whole text. */
  readonly text: string;
}

/** What a rule found wrong, and where. */
export interface Breach {
  /** The rule's name, such as `import-direction`. */
  readonly rule: string;
  /** Path from the root of the checkout. */
  readonly path: string;
  /** What is wrong and how to fix it. */
  readonly message: string;
}

const SKIPPED_FOLDERS = new Set(["node_modules", "results", "dist", "coverage"]);
const TEXT_ENDINGS = [".ts", ".md", ".json", ".yaml", ".yml", ".py", ".wgsl", ".sh"];

/** Reads every text file below `root`, build outputs and results aside. */
export function readSourceTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of Deno.readDirSync(folder === "" ? root : `${root}/${folder}`)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory && isOurs(entry.name)) visit(path);
      if (entry.isFile && isText(path)) {
        files.push({ path, text: Deno.readTextFileSync(`${root}/${path}`) });
      }
    }
  };
  visit("");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Returns true for TypeScript files that are neither tests nor benches. */
export function isImplementation(path: string): boolean {
  return path.endsWith(".ts") && !path.endsWith("_test.ts") && !path.endsWith("_bench.ts");
}

/** The folder of a path from the root, `""` for a file at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** Number of lines of a text that ends with a newline, or not. */
export function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** The text with JSDoc blocks blanked out, so that their examples are not read as code. */
export function withoutDocComments(text: string): string {
  return text.replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm, "");
}

/** Of the hidden folders only `.ci` belongs to the project. */
function isOurs(folderName: string): boolean {
  return folderName === ".ci" || !(folderName.startsWith(".") || SKIPPED_FOLDERS.has(folderName));
}

function isText(path: string): boolean {
  return path.startsWith(".ci/") || TEXT_ENDINGS.some((ending) => path.endsWith(ending));
}
