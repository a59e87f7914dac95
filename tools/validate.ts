/**
 * Predicts every published row and fills in docs/validation.md: `deno task validate`. With `--record`
 * the errors of the classes become what CI holds later changes against.
 *
 * @module
 */

import {
  classErrors,
  compareWithRecord,
  readPublished,
  recordOf,
  SHIPPED_PROFILES,
  validate,
  VALIDATED_ERRORS,
} from "../bench/mod.ts";
import { loadModel, requireLoaded } from "../fixtures/mod.ts";
import { fillSections } from "./docs_page.ts";
import { validationSections } from "./docs_validation.ts";
import { compareLoop, drawLoop, type LoopFile, type LoopStep, renderLoops } from "./model_loop.ts";

const FOLDER = "bench/validation/published";
const texts = new Map<string, string>();
for await (const { name } of Deno.readDir(FOLDER)) {
  if (name.endsWith(".yaml")) texts.set(name, await Deno.readTextFile(`${FOLDER}/${name}`));
}
const data = readPublished(texts);
const validation = validate(data, SHIPPED_PROFILES());
const loops = await readLoops();
for (const { name, loop, steps } of loops) {
  const svg = drawLoop(steps, `Steps of a model loop on ${loop.card.name}`);
  await Deno.writeTextFile(`docs/results/${name}.svg`, svg);
}
const page = "docs/validation.md";
const sections = { ...validationSections(data, validation), loops: renderLoops(loops) };
await Deno.writeTextFile(page, fillSections(await Deno.readTextFile(page), sections));
const record = recordOf(classErrors(validation.rows));
const grown = compareWithRecord(record, VALIDATED_ERRORS);
if (Deno.args.includes("--record")) {
  const path = "bench/validation/class_errors.json";
  await Deno.writeTextFile(path, `${JSON.stringify(record, null, 2)}\n`);
} else if (grown.length > 0) {
  const advice = "Errors grew by more than a point; where that is right, record them with --record";
  await Deno.stderr.write(new TextEncoder().encode(`${[...grown, advice].join("\n")}\n`));
  Deno.exitCode = 1;
}

/** Every loop under docs/results beside its predictions. */
async function readLoops(): Promise<
  { readonly name: string; readonly loop: LoopFile; readonly steps: readonly LoopStep[] }[]
> {
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(`docs/results/${name}.json`));
  const geometry = requireLoaded(await loadModel("ernie-4.5-21b-a3b"));
  const batches = await read("model-loop-batches");
  const names: string[] = [];
  for await (const { name } of Deno.readDir("docs/results")) {
    const found = /^(model-loop-h\d+)\.json$/.exec(name);
    if (found !== null) names.push(found[1]);
  }
  return await Promise.all(
    names.sort().map(async (name) => {
      const loop: LoopFile = await read(name);
      return { name, loop, steps: compareLoop(batches, loop, geometry) };
    }),
  );
}
