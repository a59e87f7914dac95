import {
  drawRoofline,
  parseKernelResult,
  prepareOutput,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";
import type { KernelRooflineFlags } from "./bench_command.ts";

/** Runs `headwise kernel roofline`. */
export default async function roofline(
  this: CliContext,
  flags: KernelRooflineFlags,
  path: string,
): Promise<void> {
  const svg = drawRoofline(parseKernelResult(await this.readTextFile(path), { file: path }));
  await prepareOutput(flags.out);
  await writeTextAtomically(flags.out, svg);
  writeLines(this.process.stderr, [`Roofline written to '${flags.out}'`]);
}
