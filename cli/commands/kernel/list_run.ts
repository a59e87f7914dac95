import { listSpecialisations, SPECIALISATION_AXES } from "../../../kernel/mod.ts";
import { KERNEL_LIST_SETTINGS, type LoadedSettings, optionsOf } from "../../settings/mod.ts";
import { type CliContext, labels, paintOf, renderTable, writeLines } from "../../terminal/mod.ts";

/** Runs `headwise kernel list`. */
export default function listKernels(
  this: CliContext,
  { values }: LoadedSettings<"kernel list">,
): void {
  const { stdout } = this.process;
  const names = listSpecialisations(optionsOf(KERNEL_LIST_SETTINGS, values));
  if (values.json) {
    return writeLines(stdout, [JSON.stringify({ axes: SPECIALISATION_AXES, names }, null, 2)]);
  }
  const rows = Object.entries(SPECIALISATION_AXES).map((
    [name, values],
  ) => [name, values.join(" ")]);
  writeLines(stdout, [
    paintOf(stdout).bold(`${names.length} attention programs for decode rows, over the axes`),
    ...renderTable(rows, { columns: labels("", ""), indent: "  " }),
    ...names,
  ]);
}
