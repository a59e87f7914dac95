import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";
import { bundlePage } from "./bundle_page.ts";
import { fromFolders, namePackages, type PackageFolder } from "./package_folder.ts";

/** The most bytes that the minified program may have, its page included; raise it knowingly. */
const SIZE_BUDGET_BYTES = 1_900_000;

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
}

/** Bundles the command line with all that it imports, packages and texts included. */
async function bundle(input: BundleInput): Promise<Bundle> {
  try {
    const page = await bundlePage(input);
    const { outputFiles } = await build({
      absWorkingDir: input.root,
      entryPoints: ["cli/main.ts"],
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
    return { code: textOf(".js"), map: namePackages(textOf(".map"), input.packages), page };
  } finally {
    // The bundler is a process, which would keep this one alive.
    await stop();
  }
}

if (import.meta.main) {
  const [folder, packages] = Deno.args;
  const { code, map, page } = await bundle({ root: Deno.cwd(), packages: JSON.parse(packages!) });
  Deno.mkdirSync(`${folder}/ui`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/headwise.js`, code);
  Deno.writeTextFileSync(`${folder}/headwise.js.map`, map);
  Deno.writeTextFileSync(`${folder}/ui/index.html`, page);
  const sizeBytes = new TextEncoder().encode(code).length;
  const line = `${folder}/headwise.js has ${sizeBytes} bytes of the ${SIZE_BUDGET_BYTES} allowed` +
    (sizeBytes > SIZE_BUDGET_BYTES ? "; import less, or raise 'SIZE_BUDGET_BYTES'" : "");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  Deno.exit(sizeBytes > SIZE_BUDGET_BYTES ? 1 : 0);
}
