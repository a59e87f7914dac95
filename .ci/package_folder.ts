import type { Plugin } from "esbuild";

/** An unpacked npm package. */
export interface PackageFolder {
  readonly name: string;
  readonly version: string;
  /** Absolute path, in Deno's cache. */
  readonly folder: string;
}

/** Folders of the cache differ between machines, names and versions do not. */
export function namePackages(map: string, packages: readonly PackageFolder[]): string {
  const parsed = JSON.parse(map) as { sources: string[] };
  parsed.sources = parsed.sources.map((source) => {
    // Relative to the output's folder, however far outside of it.
    const path = source.replace(/^(?:\.\.\/)+/, "/");
    for (const { name, version, folder } of packages) {
      const start = path.indexOf(`/${name}/${version}/`);
      const inFolder = path.slice(start + `/${name}/${version}/`.length);
      if (start >= 0 && folder.replaceAll("\\", "/").endsWith(`/${name}/${version}`)) {
        return `npm:${name}@${version}/${inFolder}`;
      }
    }
    return source;
  });
  return `${JSON.stringify(parsed)}\n`;
}

/** The packages that a source map has files of, after `namePackages()`. */
export function packagesIn(map: string, packages: readonly PackageFolder[]): PackageFolder[] {
  const { sources } = JSON.parse(map) as { sources: string[] };
  return packages.filter(({ name, version }) =>
    sources.some((source) => source.startsWith(`npm:${name}@${version}/`))
  );
}

/** Finds packages where Deno keeps them, so that no `node_modules` is needed. */
export function fromFolders(packages: readonly PackageFolder[]): Plugin {
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
        const options = { kind, resolveDir, pluginData: "by its own name" };
        const own = await builder.resolve(path, options);
        // A package without an export map does not know its own name; its folder is as good.
        return own.errors.length === 0
          ? own
          : await builder.resolve(`.${path.slice(found.name.length)}`, options);
      });
    },
  };
}
