import { type CliContext, paintOf, writeLines } from "../terminal/mod.ts";
import { EXIT } from "../exit_code.ts";
import type { JsonFlag } from "../settings/mod.ts";
import type { GpuProvider } from "../settings/mod.ts";
import { examine } from "./examine.ts";
import { createProbe } from "./probe.ts";
import { renderExamination } from "./render_examination.ts";

/** Flags of `headwise doctor`. */
export interface DoctorFlags extends JsonFlag {
  /** Who implements WebGPU. */
  readonly gpu: GpuProvider;
}

/** Runs `headwise doctor`: exits 0 if the main job can run here, and 1 if it cannot. */
export default async function doctor(this: CliContext, flags: DoctorFlags): Promise<void> {
  const { stdout } = this.process;
  const examination = await examine(createProbe(this), { gpu: flags.gpu });
  if (!examination.ready) this.process.exitCode = EXIT.fail;
  if (flags.json) return writeLines(stdout, [JSON.stringify(examination, null, 2)]);
  const style = { paint: paintOf(stdout), columns: stdout.columns };
  writeLines(stdout, renderExamination(examination, style));
}
