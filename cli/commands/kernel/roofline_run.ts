import {
  claimOf,
  drawRoofline,
  parseKernelResult,
  prepareOutput,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";

/** Runs `headwise kernel roofline`. */
export default async function roofline(
  this: CliContext,
  { values }: LoadedSettings<"kernel roofline">,
  path: string,
): Promise<void> {
  const svg = drawRoofline(parseKernelResult(await this.readTextFile(path), { file: path }));
  await prepareOutput(values.out, claimOf("roofline", values));
  await writeTextAtomically(values.out, svg);
  writeLines(this.process.stderr, [`Roofline written to '${values.out}'`]);
}
