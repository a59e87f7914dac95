import { gzipSync } from "node:zlib";
import { build, type Plugin, stop } from "esbuild";
import { licenseNotices, readLicenses } from "./licenses.ts";
import { fromFolders, namePackages, type PackageFolder, packagesIn } from "./package_folder.ts";
import { assemblePage } from "./page_text.ts";
import { createSbom } from "./sbom.ts";

/** The most bytes that the minified program may have, its page included; raise it knowingly. */
const SIZE_BUDGET_BYTES = 1_900_000;

/** Browsers with WebGPU in workers; what these lack is rewritten or refused. */
const BROWSERS = ["chrome136", "firefox141", "safari26"];

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
    const { outputFiles } = await build({
      absWorkingDir: input.root,
      entryPoints: [".ci/bundle_entry.ts"],
      outfile: "dist/headwise.js",
      bundle: true,
      write: false,
      format: "esm",
      // Not `node`: that takes builds of packages that `require` built-ins, which a module cannot.
      platform: "neutral",
      external: ["node:*"],
      target: "esnext",
      minify: true,
      charset: "utf8",
      legalComments: "none",
      sourcemap: "linked",
      loader: { ".wgsl": "text", ".yaml": "text" },
      define: { HEADWISE_PAGE: JSON.stringify(gzipSync(page, { level: 9 }).toString("base64")) },
      logLevel: "silent",
      plugins: [fromFolders(input.packages)],
      tsconfigRaw: {},
    });
    const textOf = (ending: string): string =>
      outputFiles.find(({ path }) => path.endsWith(ending))!.text;
    const map = namePackages(textOf(".map"), input.packages);
    const contained = new Set([...inPage, ...packagesIn(map, input.packages)]);
    return { code: textOf(".js"), map, page, contained: [...contained] };
  } finally {
    // The bundler is a process, which would keep this one alive.
    await stop();
  }
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

async function bundleForBrowser(entry: string, o: BundleInput): Promise<Bundled> {
  const { outputFiles: [output], metafile } = await build({
    absWorkingDir: o.root,
    entryPoints: [entry],
    outdir: "dist/ui",
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "neutral",
    target: BROWSERS,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    loader: { ".wgsl": "text", ".yaml": "text" },
    logLevel: "silent",
    plugins: [onlyWhatIsUsed(o.root), fromFolders(o.packages)],
    tsconfigRaw: {},
  });
  const outputs = Object.values(metafile.outputs);
  const missing = outputs.flatMap(({ imports }) => imports);
  if (missing.length > 0) {
    const names = missing.map(({ path }) => `'${path}'`).join(", ");
    throw new Error(`Cannot bundle '${entry}': a browser has no ${names}; import it elsewhere`);
  }
  const sources = outputs.flatMap(({ inputs }) => Object.keys(inputs));
  const named = namePackages(JSON.stringify({ sources }), o.packages);
  return { text: output!.text, contained: packagesIn(named, o.packages) };
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

if (import.meta.main) {
  const folder = Deno.args[0]!;
  const packages: PackageFolder[] = JSON.parse(Deno.args[1]!);
  const { code, map, page, contained } = await bundle({ root: Deno.cwd(), packages });
  const licensed = readLicenses(contained);
  const { version, license } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const lock = JSON.parse(Deno.readTextFileSync("deno.lock"));
  const denoVersion = Deno.version.deno;
  const sbom = createSbom({ version, license, denoVersion, packages: licensed, lock });
  Deno.mkdirSync(`${folder}/ui`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/headwise.js`, code);
  Deno.writeTextFileSync(`${folder}/headwise.js.map`, map);
  Deno.writeTextFileSync(`${folder}/ui/index.html`, page);
  Deno.writeTextFileSync(`${folder}/headwise.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
  Deno.writeTextFileSync(`${folder}/LICENSES.txt`, licenseNotices(licensed));
  const sizeBytes = new TextEncoder().encode(code).length;
  const line = `${folder}/headwise.js has ${sizeBytes} bytes of the ${SIZE_BUDGET_BYTES} allowed` +
    (sizeBytes > SIZE_BUDGET_BYTES ? "; import less, or raise 'SIZE_BUDGET_BYTES'" : "");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  Deno.exit(sizeBytes > SIZE_BUDGET_BYTES ? 1 : 0);
}
