import {
  type Application,
  buildApplication,
  buildRouteMap,
  type RouteMap,
  run,
  text_en,
} from "@stricli/core";
import { adapterRoutes } from "./commands/adapter/mod.ts";
import { benchCommand } from "./commands/bench/mod.ts";
import { COMPLETE, completeLine, completionsCommand } from "./completion/mod.ts";
import { clausesCommand, conformanceCommand } from "./commands/conformance/mod.ts";
import { type CliContext, createPaint, guardContext, writeLines } from "./terminal/mod.ts";
import { doctorCommand } from "./doctor/mod.ts";
import { mapParserExitCode } from "./exit_code.ts";
import { describeFault } from "./fault.ts";
import { fixtureRoutes } from "./commands/fixture/mod.ts";
import { calibrateCommand } from "./commands/calibrate/mod.ts";
import { gateCommand } from "./commands/gate/mod.ts";
import { buildHelpCommand } from "./manual/mod.ts";
import { initCommand } from "./commands/init/mod.ts";
import { kernelRoutes } from "./commands/kernel/mod.ts";
import { serveCommand } from "./commands/serve/mod.ts";
import { sweepRoutes } from "./commands/sweep/mod.ts";
import { reportRoutes } from "./commands/report/mod.ts";
import { SECRET_VARIABLES, unknownVariables } from "./settings/mod.ts";
import { VERSION } from "./version.ts";

const DESCRIPTION = `\
Head-wise paged KV caches: replay a workload and judge TTFT and TBT, judge an implementation
clause by clause, and look into fixtures and kernels.

Every setting of a command can be given as a flag, as a variable (--page-order is
HEADWISE_PAGE_ORDER) or in headwise.yaml, in this order of precedence; --explain-config shows
where each value came from.

EXAMPLES
  headwise bench                              the smoke fixture, a verdict, a table
  headwise bench --fixture long-prefill --clock model --json
  headwise bench --enforce                    exit by the verdict
  headwise gate before.json after.json        judge two results
  headwise conformance --filter kernel        judge the kernel
  headwise report results/bench.json -o results/report.html
  headwise doctor                             what this machine has, and what it lacks
  headwise help conformance                   the manual page of a command

EXIT CODES
  0  done; PASS or conformant          3  INCONCLUSIVE (conformance: the suite broke)
  1  FAIL or not conformant            4  bad input (conformance: the subject broke)
  2  bad command line or setting      70  a fault of headwise itself`;

/** What errors are shown as: the message with its fix, without a frame around it. */
const TEXT: typeof text_en = {
  ...text_en,
  noCommandRegisteredForInput: (o) =>
    `${text_en.noCommandRegisteredForInput(o)}; 'headwise --help' lists them`,
  exceptionWhileRunningCommand: (error: unknown, color: boolean): string =>
    createPaint(color).red(describeFault(error).text),
  exceptionWhileLoadingCommandFunction: (error: unknown, color: boolean): string =>
    createPaint(color).red(describeFault(error).text),
};

/** Every command of the tool. */
export function buildRoutes(): RouteMap<CliContext> {
  const routes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
    routes: {
      bench: benchCommand,
      gate: gateCommand,
      calibrate: calibrateCommand,
      serve: serveCommand,
      sweep: sweepRoutes,
      conformance: conformanceCommand,
      clauses: clausesCommand,
      adapter: adapterRoutes,
      report: reportRoutes,
      fixture: fixtureRoutes,
      kernel: kernelRoutes,
      init: initCommand,
      doctor: doctorCommand,
      completions: completionsCommand,
      help: buildHelpCommand(() => routes),
    },
    docs: {
      brief: "Head-wise paged KV caches: bench, gate, conformance",
      fullDescription: DESCRIPTION,
    },
  });
  return routes;
}

function buildApp(): Application<CliContext> {
  return buildApplication(buildRoutes(), {
    name: "headwise",
    versionInfo: { currentVersion: VERSION },
    scanner: { caseStyle: "allow-kebab-for-camel" },
    documentation: { caseStyle: "convert-camel-to-kebab", onlyRequiredInUsageLine: true },
    localization: { text: TEXT },
    determineExitCode: (error) => describeFault(error).exitCode,
  });
}

/**
 * Runs the tool in this process.
 *
 * @param args Arguments without the program's name.
 * @param world Streams, environment, files and the signal of Ctrl-C. What is written to the streams
 *   is cleaned of control characters, foreign escape sequences and tokens.
 * @returns The exit code; the process is not ended.
 *
 * @example The version
 * ```ts
 * import { createSystemContext, runCli } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * const { signal } = new AbortController();
 * const context = createSystemContext({ variables: [], signal });
 * assert.equal(await runCli(["--version"], context), 0);
 * ```
 */
export async function runCli(args: readonly string[], world: CliContext): Promise<number> {
  const { env } = world.process;
  const context = guardContext(world, SECRET_VARIABLES.flatMap((name) => env[name] ?? []));
  const [first, ...rest] = args;
  if (first === COMPLETE) {
    return await completeLine(context, { routes: buildRoutes(), args: rest });
  }
  writeLines(context.process.stderr, unknownVariables(context.process.env));
  await run(buildApp(), args, context);
  return mapParserExitCode(Number(context.process.exitCode ?? 0));
}
