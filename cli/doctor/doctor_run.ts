import { type CliContext, writeResult } from "../terminal/mod.ts";
import { EXIT } from "../exit_code.ts";
import type { LoadedSettings } from "../settings/mod.ts";
import { examine } from "./examine.ts";
import { createProbe } from "./probe.ts";
import { renderExamination } from "./render_examination.ts";

/** Runs `headwise doctor`: exits 0 if the main job can run here, and 1 if it cannot. */
export default async function doctor(
  this: CliContext,
  { values }: LoadedSettings<"doctor">,
): Promise<void> {
  const examination = await examine(createProbe(this), { gpu: values.gpu });
  if (!examination.ready) this.process.exitCode = EXIT.fail;
  writeResult(this.process.stdout, examination, { json: values.json, render: renderExamination });
}
