import { basename, dirname, join, relative } from "node:path";
import { OutputExists, writeTextAtomically } from "../../../bench/mod.ts";
import {
  ifThere,
  loadModel,
  modelJsonSchema,
  readText,
  requireLoaded,
  requirePlainPath,
  starterModel,
  starterWorkload,
  workloadJsonSchema,
} from "../../../fixtures/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";
import { type LoadedSettings, SettingError } from "../../settings/mod.ts";

/** Runs `headwise init`: everything is made and checked before the first file is written. */
export default async function init(
  this: CliContext,
  { values }: LoadedSettings<"init">,
  file: string,
): Promise<void> {
  const name = nameOf(file);
  const folder = dirname(file);
  const schema = `${values.kind}.schema.json`;
  const isModel = values.kind === "model";
  const text = isModel
    ? starterModel({ name, schema: `./${schema}` })
    : starterWorkload({ name, schema: `./${schema}`, ...await readModel(values.model, folder) });
  const schemaText = JSON.stringify(isModel ? modelJsonSchema() : workloadJsonSchema(), null, 2);
  const files = [
    { path: join(folder, schema), text: `${schemaText}\n` },
    { path: file, text },
  ];
  await requirePlainPath(folder);
  await Deno.mkdir(folder, { recursive: true });
  const changed: typeof files = [];
  for (const each of files) {
    const found = await ifThere(() => readText(each.path));
    // A schema of this version may stay: another fixture of the folder has it too.
    if (found === each.text) continue;
    if (found !== null && !values.force) throw new OutputExists(each.path, "it is there already");
    changed.push(each);
  }
  for (const each of changed) await writeTextAtomically(each.path, each.text);
  const next = isModel
    ? [`use    headwise init ${join(folder, "workload.yaml")} --model ${file}`]
    : [`check  headwise fixture validate ${file}`, `try    headwise bench --fixture ${file}`];
  const wrote = changed.length === 0
    ? [`kept   ${file}, which is the starter already`]
    : changed.map(({ path }) => `wrote  ${path}`);
  writeLines(this.process.stdout, [...wrote, ...next]);
}

/** A fixture's name is its file's. */
function nameOf(file: string): string {
  const name = basename(file).replace(/\.ya?ml$/, "");
  if (name !== basename(file) && /^[a-z0-9][a-z0-9.-]*$/.test(name)) return name;
  const message =
    `Cannot write '${file}': a fixture is named as its file, with lower-case letters, ` +
    `digits, dots and hyphens, and ends in .yaml; such as 'results/my-workload.yaml'`;
  throw new SettingError(message, { kind: "flag", text: "FILE" });
}

/** The model, and its name as a file of the folder has it. */
async function readModel(nameOrPath: string, folder: string) {
  const model = requireLoaded(await loadModel(nameOrPath));
  if (!/[/\\]|\.ya?ml$/.test(nameOrPath)) return { model, modelName: nameOrPath };
  return { model, modelName: `./${relative(folder, nameOrPath).replaceAll("\\", "/")}` };
}
