import {
  claimOf,
  mergeSweeps,
  parseSweep,
  prepareOutput,
  serializeSweep,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { readText } from "../../../fixtures/mod.ts";
import { type CliContext, writeLines, writeResult } from "../../terminal/mod.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { renderSweep } from "../../tables/mod.ts";

/** Runs `headwise sweep merge`. */
export default async function merge(
  this: CliContext,
  { values }: LoadedSettings<"sweep merge">,
  ...files: string[]
): Promise<void> {
  const { stdout, stderr } = this.process;
  const sweeps = [];
  for (const file of files) {
    sweeps.push({ file, sweep: parseSweep(await readText(file), { file }) });
  }
  const merged = mergeSweeps(sweeps);
  if (values.out !== null) {
    const size = {
      unit: "rows",
      planned: merged.rows.length,
      of: (text: string) => parseSweep(text, { file: "" }).rows.length,
    };
    await prepareOutput(values.out, claimOf("sweep", { ...values, size }));
    await writeTextAtomically(values.out, serializeSweep(merged.header, merged.rows));
    writeLines(stderr, [`${merged.rows.length} rows written to '${values.out}'`]);
  }
  writeResult(stdout, merged, { json: values.json, render: renderSweep });
}
