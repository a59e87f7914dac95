/** A profile of this machine's card, measured by the shipped script and checked before it is kept. */

import { join } from "node:path";
import {
  BenchError,
  type CardProfile,
  claimOf,
  createStepCost,
  NO_FACTORS,
  openCard,
  parseCardProfile,
  prepareOutput,
  servedModelOf,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { loadModel, type ModelGeometry, requireLoaded } from "../../../fixtures/mod.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";
import { writeScripts } from "./scripts.ts";

/** Where the scripts are written. */
const SCRIPT_FOLDER = "results/card-scripts";
/** Beyond its own time the script may import, write and end. */
const GRACE_SECONDS = 120;
/** Numbers of tokens that a profile must answer for. */
const ASKED_TOKENS = [1, 16, 256, 4096, 32768];

/** Runs the script and writes its document; a document that cannot be read is not kept. */
export async function measureCard(
  context: CliContext,
  { values }: LoadedSettings<"calibrate">,
  command: readonly [string, ...string[]] = ["python3", join(SCRIPT_FOLDER, "measure_profile.py")],
): Promise<void> {
  const out = values.out ?? "results/card.json";
  const model = values.model === null ? null : requireLoaded(await loadModel(values.model));
  await prepareOutput(out, claimOf(values.allReduce ? "allReduce" : "card", values));
  await writeScripts(SCRIPT_FOLDER, values);
  const [program, ...args] = command;
  if (values.allReduce) args.push("--all-reduce");
  else args.push("--seconds", String(values.seconds));
  const text = await runScript(context, { program, args, seconds: values.seconds + GRACE_SECONDS });
  if (values.allReduce) {
    const { allReduce } = JSON.parse(text) as Pick<CardProfile, "allReduce">;
    await writeTextAtomically(out, text);
    writeLines(context.process.stdout, [
      `All-reduce over ${
        allReduce[0].gpus
      } cards in '${out}': put its "allReduce" into the profile`,
    ]);
    return;
  }
  const profile = parseCardProfile(text, { file: "the script's answer" });
  if (model !== null) requireAnswers(profile, model);
  await writeTextAtomically(out, text);
  const { card, software, seconds, leftOut } = profile;
  writeLines(context.process.stdout, [
    `${card.name}, driver ${software.driver}, PyTorch ${software.pytorch}: measured in ${seconds} s` +
    (model === null ? "" : `, with answers for ${model.name}`),
    `  ${leftOut.length} cells left out; the file lists each with the reason`,
    `  headwise bench --card ${out}`,
  ]);
}

/** @throws {BenchError} When the profile has no answer for a model's steps. */
function requireAnswers(profile: CardProfile, model: ModelGeometry): void {
  const cost = createStepCost({
    card: openCard(profile.card.name, [profile]),
    links: [],
    model: servedModelOf(model),
    placement: { tensorParallel: 1, expertParallel: 1, pipelineParallel: 1 },
    promptKernel: profile.prompts[0].kernel,
    decodeKernel: profile.decode[0].kernel,
    factors: NO_FACTORS,
  });
  for (const query of ASKED_TOKENS) {
    cost({
      prompts: [{ query, cached: 0 }],
      decodeRows: 1,
      decodeTokens: () => query,
      sampledRows: 1,
    });
  }
}

async function runScript(
  context: CliContext,
  o: { readonly program: string; readonly args: readonly string[]; readonly seconds: number },
): Promise<string> {
  const timeout = AbortSignal.timeout(o.seconds * 1000);
  const signal = AbortSignal.any([context.signal, timeout]);
  const start = (clearEnv: boolean): Deno.ChildProcess =>
    new Deno.Command(o.program, {
      args: [...o.args],
      signal,
      clearEnv,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const child = spawn(start, o.program);
  let last = "";
  const progress = (async () => {
    for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = part.split("\n").filter((line) => line.trim() !== "");
      last = lines.at(-1) ?? last;
      writeLines(context.process.stderr, lines);
    }
  })();
  const text = await new Response(child.stdout).text();
  await progress;
  const { success, code } = await child.status;
  context.signal.throwIfAborted();
  if (success) return text;
  const why = timeout.aborted ? `it was stopped after ${o.seconds} seconds` : `exit code ${code}`;
  throw new BenchError(
    "bench/calibration",
    `Cannot measure this machine's card: ${o.program} failed (${why}): ${
      last.slice(0, 300)
    }; the ` +
      "script needs an NVIDIA or AMD card, PyTorch 2.8 or later and Triton",
  );
}

/**
 * Starts a program, without the variables of this process only where those are not allowed.
 *
 * @throws {BenchError} When the program is not there or may not be run.
 */
export function spawn(
  start: (clearEnv: boolean) => Deno.ChildProcess,
  program: string,
): Deno.ChildProcess {
  try {
    return start(false);
  } catch (error) {
    // Variables that load libraries into a child need the permission to run anything at all.
    if (error instanceof Deno.errors.NotCapable && error.message.includes("environment")) {
      return start(true);
    }
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) {
      throw error;
    }
    throw new BenchError(
      "bench/calibration",
      `Cannot run ${program}: ${error.message}; install Python with PyTorch, or allow it to be run`,
    );
  }
}
