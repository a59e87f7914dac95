// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * Runs every kernel mutant in every arithmetic of the field, which takes a quarter of an hour of one
 * core, and keeps what became of them: `deno task conformance:arithmetics`. Cores work beside each other. With names of arithmetics, such as
 * `flash`, it runs those alone and keeps what is known of the others.
 *
 * @module
 */
import { FIELD_ARITHMETICS } from "../../kernel/mod.ts";
import kept from "./arithmetic_kills.json" with { type: "json" };
import type { ArithmeticKills } from "./arithmetic_kills.ts";

const names = FIELD_ARITHMETICS.map(({ name }) => name);
const stray = Deno.args.filter((name) => !names.includes(name));
if (stray.length > 0) {
  console.error(`Cannot judge "${stray.join('", "')}"; name arithmetics among ${names.join(", ")}`);
  Deno.exit(2);
}

const known: readonly ArithmeticKills[] = kept;
const kills = new Map(known.map((row) => [row.arithmetic, row]));
const asked = names.filter((name) => Deno.args.length === 0 || Deno.args.includes(name));
await Promise.all(
  Array.from({ length: Math.min(navigator.hardwareConcurrency, asked.length) }, judgeNext),
);
if ([...kills.values()].some((row) => row.survivors.length + row.falseAlarms.length > 0)) {
  Deno.exit(1);
}

/** Takes one arithmetic after the other, until none is left. */
async function judgeNext(): Promise<void> {
  const worker = new Worker(new URL("./arithmetic_worker.ts", import.meta.url), { type: "module" });
  for (let name = asked.shift(); name !== undefined; name = asked.shift()) {
    const row = await judgeBy(worker, name);
    const missed = [...row.survivors, ...row.falseAlarms].join(", ");
    console.log(
      `${row.arithmetic}: ${row.mutants - row.survivors.length} of ${row.mutants} rejected` +
        (missed === "" ? "" : `; missed: ${missed}`),
    );
    kills.set(row.arithmetic, row);
    // After each of them: a quarter of an hour is easily interrupted.
    await writeKills();
  }
  worker.terminate();
}

function judgeBy(worker: Worker, name: string): Promise<ArithmeticKills> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<ArithmeticKills>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`Cannot judge in "${name}": ${message}`));
    worker.postMessage(name);
  });
}

async function writeKills(): Promise<void> {
  const rows = names.flatMap((name) => kills.get(name) ?? []);
  await Deno.writeTextFile(
    new URL("./arithmetic_kills.json", import.meta.url),
    `${JSON.stringify(rows, null, 2)}\n`,
  );
}
