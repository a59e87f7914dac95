// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * Runs every kernel mutant in every arithmetic of the field, which takes a quarter of an hour, and
 * keeps what became of them: `deno task conformance:arithmetics`. With names of arithmetics, such as
 * `flash`, it runs those alone and keeps what is known of the others.
 *
 * @module
 */
import { FIELD_ARITHMETICS } from "../../kernel/mod.ts";
import kept from "./arithmetic_kills.json" with { type: "json" };
import { type ArithmeticKills, judgeInArithmetic } from "./arithmetic_kills.ts";

const names = FIELD_ARITHMETICS.map(({ name }) => name);
const stray = Deno.args.filter((name) => !names.includes(name));
if (stray.length > 0) {
  console.error(`Cannot judge "${stray.join('", "')}"; name arithmetics among ${names.join(", ")}`);
  Deno.exit(2);
}

const known: readonly ArithmeticKills[] = kept;
const kills = new Map(known.map((row) => [row.arithmetic, row]));
for (const field of FIELD_ARITHMETICS) {
  if (Deno.args.length > 0 && !Deno.args.includes(field.name)) continue;
  const row = await judgeInArithmetic(field);
  const missed = [...row.survivors, ...row.falseAlarms].join(", ");
  console.log(
    `${row.arithmetic}: ${row.mutants - row.survivors.length} of ${row.mutants} rejected` +
      (missed === "" ? "" : `; missed: ${missed}`),
  );
  kills.set(row.arithmetic, row);
  // After each of them: a quarter of an hour is easily interrupted.
  await writeKills();
}
if ([...kills.values()].some((row) => row.survivors.length + row.falseAlarms.length > 0)) {
  Deno.exit(1);
}

async function writeKills(): Promise<void> {
  const rows = names.flatMap((name) => kills.get(name) ?? []);
  await Deno.writeTextFile(
    new URL("./arithmetic_kills.json", import.meta.url),
    `${JSON.stringify(rows, null, 2)}\n`,
  );
}
