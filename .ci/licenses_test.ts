import assert from "node:assert/strict";
import { licenseNotices, readLicenses } from "./licenses.ts";

function withPackage(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => void,
): void {
  Deno.mkdirSync("results", { recursive: true });
  const folder = Deno.makeTempDirSync({ dir: "results", prefix: "package-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
    }
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("readLicenses() finds the licence file by any of its usual names", () => {
  for (const name of ["LICENSE", "licence.md", "LICENSE.txt"]) {
    withPackage({ "package.json": `{"license":"MIT"}`, [name]: "Do as you like" }, (folder) => {
      const [found] = readLicenses([{ name: "p", version: "1.0.0", folder }]);
      assert.deepEqual(found, {
        name: "p",
        version: "1.0.0",
        license: "MIT",
        text: "Do as you like",
      });
    });
  }
});

Deno.test("readLicenses() takes a package without a file, and refuses one without a licence", () => {
  withPackage({ "package.json": `{"license":"MIT"}`, "licenses.js": "" }, (folder) => {
    assert.equal(readLicenses([{ name: "p", version: "1.0.0", folder }])[0]!.text, null);
  });
  withPackage({ "package.json": "{}" }, (folder) => {
    const packages = [{ name: "p", version: "1.0.0", folder }];
    assert.throws(() => readLicenses(packages), {
      message: /of 'p': its package\.json names none/,
    });
  });
});

Deno.test("licenseNotices() has every text, a link where there is none, and Deno's last", () => {
  const text = licenseNotices([
    { name: "a", version: "1.0.0", license: "MIT", text: "Copyright A\n" },
    { name: "b", version: "2.0.0", license: "ISC", text: null },
  ], { version: "2.9.6" });
  const rule = "-".repeat(80);
  assert.ok(text.includes(`a 1.0.0, MIT\n\nCopyright A\n\n${rule}\n\nb 2.0.0, ISC\n\nSee `));
  const deno = text.split(`\n${rule}\n\n`).at(-1)!;
  assert.match(
    deno,
    /^Executables also contain Deno 2\.9\.6, MIT\n\nCopyright .* the Deno authors\n/,
  );
  assert.match(deno, /The above copyright notice and this permission notice shall be included/);
});
