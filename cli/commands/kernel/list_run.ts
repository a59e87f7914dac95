import { listSpecialisations, SPECIALISATION_AXES } from "../../../kernel/mod.ts";
import { type CliContext, paintOf, renderTable, writeLines } from "../../terminal/mod.ts";
import type { KernelListFlags } from "./commands.ts";

/** Runs `headwise kernel list`. */
export default function listKernels(this: CliContext, flags: KernelListFlags): void {
  const { stdout } = this.process;
  const { json, pageSize, ...axes } = flags;
  const names = listSpecialisations({
    ...axes,
    ...(pageSize === undefined ? {} : { pageSizeTokens: pageSize }),
  });
  if (json) {
    return writeLines(stdout, [JSON.stringify({ axes: SPECIALISATION_AXES, names }, null, 2)]);
  }
  const rows = Object.entries(SPECIALISATION_AXES).map((
    [name, values],
  ) => [name, values.join(" ")]);
  writeLines(stdout, [
    paintOf(stdout).bold(`${names.length} attention programs for decode rows, over the axes`),
    ...renderTable(rows, { columns: [{ title: "" }, { title: "" }], indent: "  " }),
    ...names,
  ]);
}
