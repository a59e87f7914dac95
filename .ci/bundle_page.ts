import { createHash } from "node:crypto";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { fromFolders, type PackageFolder } from "./package_folder.ts";

/** The most bytes that the page may have; raise it knowingly. */
const PAGE_BUDGET_BYTES = 1_000_000;

/** Browsers with WebGPU in workers; what these lack is rewritten or refused. */
const TARGET = ["chrome136", "firefox141", "safari26"];

/**
 * Bundles the browser page into one file that needs no other: style, script and the worker's code
 * are in it, and its policy allows nothing else.
 */
export async function bundlePage(
  o: { readonly root: string; readonly packages: readonly PackageFolder[] },
): Promise<string> {
  const [style, script, engine] = await Promise.all(
    ["cli/ui/page.css", "cli/ui/page.ts", "cli/ui/engine_main.ts"].map((entry) =>
      bundleEntry(entry, o)
    ),
  );
  const template = Deno.readTextFileSync(`${o.root}/cli/ui/page.html`);
  const { version } = JSON.parse(Deno.readTextFileSync(`${o.root}/deno.json`));
  const page = fill(template, {
    "VERSION": version,
    "/* style */": style!,
    "/* engine */": engine!,
    "/* script */": script!,
  });
  const sizeBytes = new TextEncoder().encode(page).length;
  if (sizeBytes <= PAGE_BUDGET_BYTES) return fill(page, { '"POLICY"': `"${policyOf(page)}"` });
  throw new Error(
    `The page has ${sizeBytes} bytes, more than the ${PAGE_BUDGET_BYTES} allowed; import less, ` +
      "or raise 'PAGE_BUDGET_BYTES'",
  );
}

async function bundleEntry(
  entry: string,
  o: { readonly root: string; readonly packages: readonly PackageFolder[] },
): Promise<string> {
  const options = {
    absWorkingDir: o.root,
    entryPoints: [entry],
    outdir: "dist/ui",
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "neutral",
    target: TARGET,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    loader: { ".wgsl": "text", ".yaml": "text" },
    logLevel: "silent",
    plugins: [onlyWhatIsUsed(o.root), fromFolders(o.packages)],
    tsconfigRaw: {},
  } satisfies BuildOptions;
  const { outputFiles: [output], metafile } = await build(options);
  const missing = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  if (missing.length > 0) {
    const names = missing.map(({ path }) => `'${path}'`).join(", ");
    throw new Error(`Cannot bundle '${entry}': a browser has no ${names}; import it elsewhere`);
  }
  // In HTML a script ends at its end tag, wherever that stands.
  return output!.text.trimEnd().replaceAll(/<\/(script|style)/gi, "<\\/$1");
}

/** Our modules only declare, so what nobody uses of them, such as reading files, can go. */
function onlyWhatIsUsed(root: string): Plugin {
  return {
    name: "only-what-is-used",
    setup(builder): void {
      builder.onResolve(
        { filter: /^node:/ },
        ({ path }) =>
          path === "node:crypto"
            ? { path: `${root}/cli/ui/node_crypto.ts`, sideEffects: false }
            : { path, external: true, sideEffects: false },
      );
      builder.onResolve({ filter: /^\.\.?\// }, async ({ path, kind, resolveDir, pluginData }) => {
        const isOurs = resolveDir === root || resolveDir.startsWith(`${root}/`);
        if (kind === "entry-point" || !isOurs || pluginData === "resolved") return undefined;
        const found = await builder.resolve(path, { kind, resolveDir, pluginData: "resolved" });
        return found.errors.length > 0 ? found : { path: found.path, sideEffects: false };
      });
    },
  };
}

/** Puts texts in the place of marks, each of which must be there once. */
function fill(template: string, texts: Readonly<Record<string, string>>): string {
  let page = template;
  for (const [mark, text] of Object.entries(texts)) {
    const parts = page.split(mark);
    if (parts.length !== 2) {
      throw new Error(`Cannot fill the page: '${mark}' stands in it ${parts.length - 1} times`);
    }
    page = parts.join(text);
  }
  return page;
}

/** Allows the texts of this very page, workers and images that it makes itself, and no request. */
function policyOf(page: string): string {
  const hashesOf = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))]
      .map(([, text]) => `'sha256-${createHash("sha256").update(text!).digest("base64")}'`)
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashesOf("script")}`,
    `style-src ${hashesOf("style")}`,
    "worker-src blob:",
    "img-src blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
