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

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/** What goes with Deno, which executables contain; its package has the same text. */
function denoNotice(version: string): string {
  return `Executables also contain Deno ${version}, MIT

Copyright 2018-2026 the Deno authors

${MIT}

Deno is built on V8 (BSD-3-Clause) and on the crates that 'Cargo.lock' lists in
https://github.com/denoland/deno/tree/v${version}, each under its own licence.
`;
}

/** The text that goes with every copy of the bundle and its executables, as most licences demand. */
export function licenseNotices(
  packages: readonly LicensedPackage[],
  deno: { readonly version: string },
): string {
  const sections = packages.map(({ name, version, license, text }) =>
    `${name} ${version}, ${license}\n\n${
      text?.trim() ?? `See https://spdx.org/licenses/${license}`
    }\n`
  );
  sections.push(denoNotice(deno.version));
  return `headwise contains these packages:\n\n${sections.join(`\n${"-".repeat(80)}\n\n`)}`;
}
