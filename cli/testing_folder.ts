/** Runs with a folder of its own, which is removed afterwards. */
export async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results/tests", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results/tests" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Saves as an editor does that keeps the old file until the new one is whole. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}~`, text);
  await Deno.rename(`${path}~`, path);
}
