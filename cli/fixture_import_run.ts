import { prepareOutput, writeTextAtomically } from "../bench/mod.ts";
import { importTrace } from "../fixtures/mod.ts";
import { readTraceFile } from "./bench_trace.ts";
import { type CliContext, writeLines } from "./context.ts";
import type { ImportFlags } from "./fixture_commands.ts";
import { renderTable } from "./table.ts";
import { formatDuration, formatNumber } from "./units.ts";

/** Runs `headwise fixture import`. */
export default async function importFixture(
  this: CliContext,
  flags: ImportFlags,
  path: string,
): Promise<void> {
  const { stdout } = this.process;
  if (flags.out !== undefined) await prepareOutput(flags.out);
  const trace = importTrace(await readTraceFile(path), {
    file: path,
    format: flags.format,
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
  });
  const { requests, ...account } = trace;
  if (flags.out !== undefined) {
    await writeTextAtomically(
      flags.out,
      requests.map((each) => `${JSON.stringify(each)}\n`).join(""),
    );
  }
  if (flags.json) return writeLines(stdout, [JSON.stringify(account, null, 2)]);
  const total = (pick: (request: (typeof requests)[number]) => number): number =>
    requests.reduce((sum, request) => sum + pick(request), 0);
  const rows = [
    ["format", account.format],
    ["rows read", formatNumber(account.rowsRead)],
    ["rows taken", formatNumber(account.rowsEmitted)],
    ...Object.entries(account.dropped).map(([reason, count]) => [
      `dropped, ${reason}`,
      formatNumber(count),
    ]),
    ["input tokens", formatNumber(total(({ inputTokens }) => inputTokens))],
    ["output tokens", formatNumber(total(({ outputTokens }) => outputTokens))],
    ["last arrival", formatDuration(requests.at(-1)?.arrivalMs ?? null)],
    ["sha256", account.sha256],
    ...(flags.out === undefined ? [] : [["written to", flags.out]]),
  ];
  writeLines(stdout, renderTable(rows, { columns: [{ title: "" }, { title: "" }] }));
}
