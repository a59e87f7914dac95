import assert from "node:assert/strict";

const hasNumpy = await canImport("numpy");

async function canImport(name: string): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run", command: "python3" });
  if (state !== "granted") return false;
  const command = new Deno.Command("python3", { args: ["-c", `import ${name}`], stderr: "null" });
  return (await command.output().catch(() => ({ success: false }))).success;
}

/** Rehearses the script in a folder of its own; gives the page and the names of the files. */
async function rehearse(...args: string[]): Promise<{ page: string; files: string[] }> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results" });
  try {
    const { code, stderr } = await new Deno.Command("deno", {
      args: ["task", "verdict", "--rehearse", "--out", folder, ...args],
      stdout: "null",
      stderr: "piped",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const page = await Deno.readTextFile(`${folder}/verdict.md`);
    assert.match(page, /^A rehearsal on a processor/m);
    return { page, files: Array.from(Deno.readDirSync(folder), ({ name }) => name).sort() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "the verdict's script runs through with a NumPy kernel, at both loads and in five forms",
  ignore: !hasNumpy,
  fn: async () => {
    const { page } = await rehearse();
    for (const load of ["saturated", "half load"]) {
      assert.match(page, new RegExp(`## numpy, ${load}`));
    }
    assert.equal(
      page.match(/^\| `headwise` against `(?:row|clipped|headwise-row|two-pass)`/gm)!.length,
      8,
    );
    // A processor's times judge nothing, however far apart they are.
    assert.equal(page.match(/gate\/read: \*\*INCONCLUSIVE\*\* over 2 pairs/g)!.length, 2);
  },
});

Deno.test({
  name: "half load runs alone at half of what the machine is measured to serve",
  ignore: !hasNumpy,
  fn: async () => {
    const { page, files } = await rehearse("--rate", "measured", "--pairs", "1");
    assert.deepEqual(page.match(/^## .*/gm), ["## numpy, half load"]);
    assert.deepEqual(files, [
      "saturation-numpy.json",
      "verdict-numpy-half-load.json",
      "verdict.md",
    ]);
  },
});
