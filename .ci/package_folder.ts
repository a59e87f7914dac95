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
