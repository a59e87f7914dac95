import { build, type Plugin, stop } from "esbuild";
import { licenseNotices, readLicenses } from "./licenses.ts";
import { namePackages, type PackageFolder, packagesIn } from "./package_folder.ts";
import { createSbom } from "./sbom.ts";

/** The most bytes that the minified program may have; raise it knowingly. */
const SIZE_BUDGET_BYTES = 1_500_000;

/** What `bundle()` builds from. */
interface BundleInput {
  /** Root of the checkout, an absolute path. */
  readonly root: string;
  /** Every package that the program imports, those of packages included. */
  readonly packages: readonly PackageFolder[];
}

/** A program and its source map. */
interface Bundle {
  /** The minified module. */
  readonly code: string;
  /** Its source map, where packages are named `npm:NAME@VERSION/PATH`. */
  readonly map: string;
}

/** Bundles the command line with all that it imports, packages and texts included. */
async function bundle(input: BundleInput): Promise<Bundle> {
  try {
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
      logLevel: "silent",
      plugins: [fromFolders(input.packages)],
      tsconfigRaw: {},
    });
    const textOf = (ending: string): string =>
      outputFiles.find(({ path }) => path.endsWith(ending))!.text;
    return { code: textOf(".js"), map: namePackages(textOf(".map"), input.packages) };
  } finally {
    // The bundler is a process, which would keep this one alive.
    await stop();
  }
}

/** Finds packages where Deno keeps them, so that no `node_modules` is needed. */
function fromFolders(packages: readonly PackageFolder[]): Plugin {
  return {
    name: "deno-cache",
    setup(builder): void {
      const bare = /^(?:@[\w.-]+\/)?\w[\w.-]*(?:\/|$)/;
      builder.onResolve({ filter: bare }, async ({ path, kind, pluginData }) => {
        if (kind === "entry-point" || pluginData === "by its own name") return undefined;
        const found = packages.find(({ name }) => path === name || path.startsWith(`${name}/`));
        if (found === undefined) {
          const text = `Cannot bundle '${path}': no package of that name is in the graph of ` +
            `'.ci/bundle_entry.ts'; add it to the imports of 'deno.json'`;
          return { errors: [{ text }] };
        }
        // From inside, a package is found by its own name, through its own export map.
        const resolveDir = found.folder;
        return await builder.resolve(path, { kind, resolveDir, pluginData: "by its own name" });
      });
    },
  };
}

if (import.meta.main) {
  const folder = Deno.args[0]!;
  const packages: PackageFolder[] = JSON.parse(Deno.args[1]!);
  const { code, map } = await bundle({ root: Deno.cwd(), packages });
  const licensed = readLicenses(packagesIn(map, packages));
  const { version, license } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const lock = JSON.parse(Deno.readTextFileSync("deno.lock"));
  const denoVersion = Deno.version.deno;
  const sbom = createSbom({ version, license, denoVersion, packages: licensed, lock });
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/headwise.js`, code);
  Deno.writeTextFileSync(`${folder}/headwise.js.map`, map);
  Deno.writeTextFileSync(`${folder}/headwise.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
  Deno.writeTextFileSync(`${folder}/LICENSES.txt`, licenseNotices(licensed));
  const sizeBytes = new TextEncoder().encode(code).length;
  const line = `${folder}/headwise.js has ${sizeBytes} bytes of the ${SIZE_BUDGET_BYTES} allowed` +
    (sizeBytes > SIZE_BUDGET_BYTES ? "; import less, or raise 'SIZE_BUDGET_BYTES'" : "");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  Deno.exit(sizeBytes > SIZE_BUDGET_BYTES ? 1 : 0);
}
