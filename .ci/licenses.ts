import type { PackageFolder } from "./package_folder.ts";

/** A package with what its authors ask of those who pass it on. */
export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, from its `package.json`. */
  readonly license: string;
  /** Text of its licence file; null where it has none. */
  readonly text: string | null;
}

/** Reads the licence of each package. */
export function readLicenses(packages: readonly PackageFolder[]): LicensedPackage[] {
  return packages.map(({ name, version, folder }) => {
    const manifest = JSON.parse(Deno.readTextFileSync(`${folder}/package.json`));
    if (typeof manifest.license !== "string") {
      const message =
        `Cannot tell the licence of '${name}': its package.json names none; ask its ` +
        "authors, or use another package";
      throw new Error(message);
    }
    const [file] = [...Deno.readDirSync(folder)]
      .map((entry) => entry.name).filter((each) => /^licen[cs]e(?:\.\w+)?$/i.test(each)).sort();
    const text = file === undefined ? null : Deno.readTextFileSync(`${folder}/${file}`);
    return { name, version, license: manifest.license, text };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The text that goes with every copy of the bundle, as most licences demand. */
export function licenseNotices(packages: readonly LicensedPackage[]): string {
  const sections = packages.map(({ name, version, license, text }) =>
    `${name} ${version}, ${license}\n\n${
      text?.trim() ?? `See https://spdx.org/licenses/${license}`
    }\n`
  );
  return `headwise contains these packages:\n\n${sections.join(`\n${"-".repeat(80)}\n\n`)}`;
}
