import { createHash } from "node:crypto";
import { readSourceState } from "../cli/gpu/provenance.ts";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { print } from "../tools/print.ts";
import { build, type BuildOptions, type Metafile, type Plugin, stop } from "esbuild";
import { licenseNotices, readLicenses } from "./licenses.ts";
import { fromFolders, namePackages, type PackageFolder, packagesIn } from "./package_folder.ts";
import { assemblePage } from "./page_text.ts";
import { thisPlatform } from "./platforms.ts";
import { createSbom } from "./sbom.ts";

/**
 * The most bytes of the minified program: more than half are packages (zod, vega, yaml, fast-check), a
 * twelfth are profiles of cards and published rows, and programs of threads and of the browser are in
 * it compressed. What is left is room to grow.
 */
const SIZE_BUDGET_BYTES = 3_300_000;

/** Browsers with WebGPU in workers; what these lack is rewritten or refused. */
const BROWSERS = ["chrome136", "firefox141", "safari26"];

/** How program and page are built alike. */
const COMMON = {
  bundle: true,
  // Not `node`: that takes builds of packages that `require` built-ins, which a module cannot.
  platform: "neutral",
  // Packages without an export map name their module here.
  mainFields: ["module", "main"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  loader: { ".wgsl": "text", ".yaml": "text" },
  logLevel: "silent",
  tsconfigRaw: {},
} as const satisfies BuildOptions;

/** What `bundle()` builds from. */
interface BundleInput {
  /** Root of the checkout, an absolute path. */
  readonly root: string;
  /** Every package that the program imports, those of packages included. */
  readonly packages: readonly PackageFolder[];
}

/** A program and its source map, and the page that is in it. */
interface Bundle {
  /** The minified module. */
  readonly code: string;
  /** Its source map, where packages are named `npm:NAME@VERSION/PATH`. */
  readonly map: string;
  /** The browser page, one HTML file. */
  readonly page: string;
  /** Packages that any of these has code of. */
  readonly contained: readonly PackageFolder[];
}

/** A text, and the packages that it has code of. */
interface Bundled {
  readonly text: string;
  readonly contained: readonly PackageFolder[];
}

/** Bundles the command line with all that it imports, packages and texts included. */
async function bundle(input: BundleInput): Promise<Bundle> {
  try {
    const { text: page, contained: inPage } = await bundlePage(input);
    const worker = await bundleWorker("bench/run/fleet_worker.ts", input);
    const settings: BuildOptions = {
      absWorkingDir: input.root,
      outfile: "dist/headwise.js",
      format: "esm",
      external: ["node:*"],
      target: "esnext",
      plugins: [fromFolders(input.packages)],
      ...COMMON,
    };
    const packed: PackageFolder[] = [];
    const charts = packedModule("./render_chart.ts", {
      settings,
      onSources: (sources) => {
        const named = namePackages(JSON.stringify({ sources }), input.packages);
        packed.push(...packagesIn(named, input.packages));
      },
    });
    const { outputFiles } = await build({
      ...settings,
      entryPoints: [".ci/bundle_entry.ts"],
      write: false,
      sourcemap: "linked",
      define: {
        HEADWISE_COMMIT: JSON.stringify((await readSourceState(".")).commit ?? ""),
        HEADWISE_PAGE: packText(page),
        HEADWISE_FLEET_WORKER: packText(worker.text),
      },
      plugins: [charts, fromFolders(input.packages)],
    });
    const textOf = (ending: string): string =>
      outputFiles.find(({ path }) => path.endsWith(ending))!.text;
    const map = namePackages(textOf(".map"), input.packages);
    const contained = new Set([
      ...inPage,
      ...worker.contained,
      ...packed,
      ...packagesIn(map, input.packages),
    ]);
    return { code: textOf(".js"), map, page, contained: [...contained] };
  } finally {
    // The bundler is a process, which would keep this one alive.
    await stop();
  }
}

/**
 * Packs a module that is imported dynamically, with all that it imports, compressed: Deno reads a
 * program's whole code before it starts, and few runs want this module.
 *
 * @param specifier How it is imported.
 * @param o How it is built, and what is reported the files that went into it.
 * @returns A plugin of the build that imports it.
 */
function packedModule(
  specifier: string,
  o: { readonly settings: BuildOptions; readonly onSources: (sources: string[]) => void },
): Plugin {
  const asPacked = { isPacked: true };
  return {
    name: "packed-module",
    setup(builder): void {
      builder.onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== "dynamic-import" || path !== specifier) return undefined;
        return { path: join(resolveDir, path), pluginData: asPacked };
      });
      builder.onLoad({ filter: /\.ts$/ }, async ({ path, pluginData }) => {
        if (pluginData !== asPacked) return undefined;
        const { outputFiles, metafile } = await build({
          ...o.settings,
          entryPoints: [path],
          write: false,
          metafile: true,
        });
        const outputs = Object.values(metafile.outputs);
        o.onSources(outputs.flatMap(({ inputs }) => Object.keys(inputs)));
        const exported = outputs.flatMap(({ exports }) => exports);
        const code = gzipSync(outputFiles[0]!.text).toString("base64");
        const contents = `
          const { gunzipSync } = await import("node:zlib");
          const { Buffer } = await import("node:buffer");
          const code = gunzipSync(Buffer.from("${code}", "base64")).toString("base64");
          export const { ${exported.join()} } =
            await import("data:text/javascript;base64," + code);
        `;
        return { contents };
      });
    },
  };
}

/** A text as a constant of the program: the bytes that few runs want are compressed. */
function packText(text: string): string {
  return JSON.stringify(gzipSync(text, { level: 9 }).toString("base64"));
}

/** Bundles the browser page: style, script and the worker's code, all in one HTML file. */
async function bundlePage(o: BundleInput): Promise<Bundled> {
  const parts = await Promise.all(
    ["cli/ui/page.css", "cli/ui/page.ts", "cli/ui/engine_main.ts"]
      .map((entry) => bundleForBrowser(entry, o)),
  );
  const template = Deno.readTextFileSync(`${o.root}/cli/ui/page.html`);
  const { version } = JSON.parse(Deno.readTextFileSync(`${o.root}/deno.json`));
  const [style, script, engine] = parts.map(({ text }) => text);
  return {
    text: assemblePage({ template, version, style: style!, script: script!, engine: engine! }),
    contained: parts.flatMap(({ contained }) => contained),
  };
}

/** Bundles the program of a thread, which has no files beside it to import. */
async function bundleWorker(entry: string, o: BundleInput): Promise<Bundled> {
  const { outputFiles: [output], metafile } = await build({
    absWorkingDir: o.root,
    entryPoints: [entry],
    outdir: "dist",
    write: false,
    metafile: true,
    format: "esm",
    external: ["node:*"],
    target: "esnext",
    plugins: [onlyWhatIsUsed(o.root), fromFolders(o.packages)],
    ...COMMON,
  });
  return { text: output!.text, contained: packagesOf(Object.values(metafile.outputs), o) };
}

async function bundleForBrowser(entry: string, o: BundleInput): Promise<Bundled> {
  const { outputFiles: [output], metafile } = await build({
    absWorkingDir: o.root,
    entryPoints: [entry],
    outdir: "dist/ui",
    write: false,
    metafile: true,
    format: "iife",
    target: BROWSERS,
    plugins: [onlyWhatIsUsed(o.root), fromFolders(o.packages)],
    ...COMMON,
  });
  const outputs = Object.values(metafile.outputs);
  const missing = outputs.flatMap(({ imports }) => imports);
  if (missing.length > 0) {
    const names = missing.map(({ path }) => `'${path}'`).join(", ");
    throw new Error(`Cannot bundle '${entry}': a browser has no ${names}; import it elsewhere`);
  }
  return { text: output!.text, contained: packagesOf(outputs, o) };
}

/** Packages that outputs have code of. */
function packagesOf(
  outputs: readonly Metafile["outputs"][string][],
  o: BundleInput,
): readonly PackageFolder[] {
  const sources = outputs.flatMap(({ inputs }) => Object.keys(inputs));
  return packagesIn(namePackages(JSON.stringify({ sources }), o.packages), o.packages);
}

/** Our modules only declare, so what nothing uses of them, such as reading files, can go. */
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

if (import.meta.main) {
  const folder = Deno.args[0]!;
  const packages: PackageFolder[] = JSON.parse(Deno.args[1]!);
  const { code, map, page, contained } = await bundle({ root: Deno.cwd(), packages });
  const licensed = readLicenses(contained);
  const { version, license } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const lock = JSON.parse(Deno.readTextFileSync("deno.lock"));
  const deno = {
    version: Deno.version.deno,
    build: {
      platform: thisPlatform()?.name ?? Deno.build.target,
      sha256: createHash("sha256").update(Deno.readFileSync(Deno.execPath())).digest("hex"),
    },
  };
  const sbom = createSbom({ version, license, deno, packages: licensed, lock });
  Deno.mkdirSync(`${folder}/ui`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/headwise.js`, code);
  Deno.writeTextFileSync(`${folder}/headwise.js.map`, map);
  Deno.writeTextFileSync(`${folder}/ui/index.html`, page);
  Deno.writeTextFileSync(`${folder}/headwise.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
  Deno.writeTextFileSync(`${folder}/LICENSES.txt`, licenseNotices(licensed, deno));
  const sizeBytes = new TextEncoder().encode(code).length;
  const line = `${folder}/headwise.js has ${sizeBytes} bytes of the ${SIZE_BUDGET_BYTES} allowed` +
    (sizeBytes > SIZE_BUDGET_BYTES ? "; import less, or raise 'SIZE_BUDGET_BYTES'" : "");
  print(line);
  Deno.exit(sizeBytes > SIZE_BUDGET_BYTES ? 1 : 0);
}
