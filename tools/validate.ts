/**
 * Predicts every published row and writes docs/validation.md: `deno task validate`. With `--record`
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
import { renderValidationDocument } from "./docs_validation.ts";

const FOLDER = "bench/validation/published";
const texts = new Map<string, string>();
for await (const { name } of Deno.readDir(FOLDER)) {
  if (name.endsWith(".yaml")) texts.set(name, await Deno.readTextFile(`${FOLDER}/${name}`));
}
const data = readPublished(texts);
const validation = validate(data, SHIPPED_PROFILES());
await Deno.writeTextFile("docs/validation.md", renderValidationDocument(data, validation));
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
