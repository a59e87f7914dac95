// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * What head-wise tables are worth to an engine, on the card of this machine: `deno task verdict`.
 *
 * Replays a workload saturated and at half of that load, in interleaved pairs, with the Triton kernel in
 * five forms and with this project's WGSL kernel beside it, and writes the results and a page of tables.
 * `--rehearse` does the same with a NumPy kernel on a small workload: it shows that the script runs, and
 * nothing about a card. `--only triton` or `--only wgsl` runs one clock, so that two cards can work at
 * once; the rest of each step comes from the profile of the card that PyTorch names, or `--card` does;
 * `--render` writes the page again from the results that are there. `--resume` goes on with results that a
 * run left which was stopped, pair by pair; `--sides` replays some forms alone, as `row,headwise`.
 * At half load few requests run beside each other, so that steps are many: it takes `--half-requests`,
 * and `--half-set` may shorten them. With `--rate`, in requests per second, it runs alone; with
 * `--rate measured` at half of what the gate's own forms serve in one saturated pair, made first.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type BenchResult, findDataSheet, readResult } from "../bench/mod.ts";
import { createSystemContext, runCli } from "../cli/mod.ts";
import { ifThere } from "../fixtures/mod.ts";
import { fillSections } from "./docs_page.ts";
import {
  LOADS,
  renderVerdict,
  resultName,
  type VerdictRun,
  verdictSections,
} from "./docs_verdict.ts";

/** One clock of the verdict. */
interface VerdictClock {
  readonly name: string;
  readonly clock: string;
  readonly requests: number;
}

const ADAPTERS = "conformance/adapters/python";

const { values } = parseArgs({
  options: {
    rehearse: { type: "boolean", default: false },
    only: { type: "string" },
    pairs: { type: "string" },
    requests: { type: "string", default: "192" },
    "wgsl-requests": { type: "string", default: "48" },
    "half-requests": { type: "string", default: "12" },
    "half-set": { type: "string", default: "" },
    rate: { type: "string" },
    card: { type: "string" },
    fixture: { type: "string" },
    out: { type: "string" },
    render: { type: "boolean", default: false },
    resume: { type: "boolean", default: false },
    sides: { type: "string", default: "all" },
  },
});

const fixture = values.fixture ??
  (values.rehearse ? "smoke" : "eb45-21b-a3b-32k-bf16-kv50-512s");
const out = values.out ?? (values.rehearse ? "results/verdict" : "docs/results");
const pairs = values.pairs ?? (values.rehearse ? "2" : "6");
const clocks: readonly VerdictClock[] = values.rehearse
  ? [{ name: "numpy", clock: `exec:python3 ${ADAPTERS}/numpy_clock.py`, requests: 8 }]
  : [
    {
      name: "triton",
      clock: `exec:python3 ${ADAPTERS}/triton_clock.py`,
      requests: Number(values.requests),
    },
    { name: "wgsl", clock: "gpu", requests: Number(values["wgsl-requests"]) },
  ];

const card = values.card ?? (values.rehearse || values.render ? null : await cardOfMachine());
const runs: VerdictRun[] = [];
if (values.render) {
  for (const { name } of clocks) {
    for (const load of LOADS) {
      const path = pathOf(name, load);
      if (await ifThere(() => Deno.lstat(path)) === null) continue;
      runs.push({ clock: name, load, result: await readResult(path) });
    }
  }
}
for (
  const each of values.render
    ? []
    : clocks.filter(({ name }) => values.only === undefined || name === values.only)
) {
  let rate = Number(values.rate);
  if (values.rate === undefined) {
    const saturated = await replay(each, "saturated", []);
    runs.push(saturated);
    rate = servedPerSecond(saturated.result) / 2;
  } else if (values.rate === "measured") {
    const once = { path: `${out}/saturation-${each.name}.json`, sides: "row,headwise", pairs: "1" };
    rate = servedPerSecond((await replay(each, "saturated", [], once)).result) / 2;
  }
  const half = { ...each, requests: Math.min(each.requests, Number(values["half-requests"])) };
  const overrides = [
    "requests.arrivals.kind=poisson",
    `requests.arrivals.ratePerSecond=${rate.toPrecision(4)}`,
    ...values["half-set"].split(",").filter((entry) => entry !== ""),
  ];
  runs.push(await replay(half, "half load", overrides));
}
const page = `${out}/verdict${values.only === undefined ? "" : `-${values.only}`}.md`;
await Deno.writeTextFile(page, renderVerdict(runs, { isRehearsal: values.rehearse }));
if (values.render && !values.rehearse) {
  const page = "docs/verdict.md";
  await Deno.writeTextFile(
    page,
    fillSections(await Deno.readTextFile(page), verdictSections(runs)),
  );
}
console.log(`Written to '${page}'`);

/** The card that PyTorch names where a profile or a data sheet knows it, or null. */
async function cardOfMachine(): Promise<string | null> {
  const script = "import torch; print(torch.cuda.get_device_name(0))";
  const { success, stdout } = await new Deno.Command("python3", {
    args: ["-c", script],
    stderr: "null",
  }).output();
  const name = new TextDecoder().decode(stdout).trim();
  return success ? findDataSheet(name)?.name ?? null : null;
}

function pathOf(name: string, load: VerdictRun["load"]): string {
  return `${out}/${resultName(name, load)}`;
}

/** What the side that every gate starts from serves when it is never idle. */
function servedPerSecond({ sides }: BenchResult): number {
  const served = sides.find(({ name }) => name === "uniform")!.runs
    .map(({ performance }) => performance!.requestsPerSecond!);
  return served.reduce((sum, each) => sum + each, 0) / served.length;
}

/** Replays one clock at one load, as the verdict has it where nothing else is said. */
async function replay(
  { name, clock, requests }: VerdictClock,
  load: VerdictRun["load"],
  overrides: readonly string[],
  o = { path: pathOf(name, load), sides: values.sides, pairs },
): Promise<VerdictRun> {
  const { path, sides } = o;
  const context = createSystemContext({ variables: [], signal: new AbortController().signal });
  const exitCode = await runCli([
    ...["bench", "--fixture", fixture, "--clock", clock, "--out", path],
    ...["--sides", sides, "--pairs", o.pairs, "--timeline", "0"],
    ...(values.resume ? ["--resume"] : []),
    ...["--set", [`requests.count=${requests}`, ...overrides].join(",")],
    ...(values.rehearse ? ["--layers-measured", "2"] : []),
    ...(card === null ? [] : ["--card", card]),
  ], context);
  if (exitCode !== 0) {
    console.error(`The replay of ${name}, ${load}, ended with exit code ${exitCode}`);
    Deno.exit(exitCode);
  }
  return { clock: name, load, result: await readResult(path) };
}
