/**
 * Kills every command that writes results: `deno task faults [ROUNDS [SEED]]`. SIGKILL at random
 * moments must leave no file, the old one or a whole one, and the run must continue from there; SIGINT
 * must end it with exit code 130 and a line that says how; a full disk and one that is read-only must
 * be named.
 */
import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { ifThere } from "../../fixtures/mod.ts";
import { IGNORED_VARIABLES, VARIABLES } from "../../.ci/program_flags.ts";
import { print } from "../print.ts";
import { type Writer, WRITERS } from "./writers.ts";

const rounds = Number(Deno.args[0] ?? 8);
const seed = Number(Deno.args[1] ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`Cannot kill '${Deno.args[0]}' times: give a whole number of rounds`);
}

const SIGNALS = { kill: "SIGKILL", interrupt: "SIGINT" } as const;
const random = createRandom(seed);
const counts = new Map<string, number>();

print(`seed ${seed}`);
await Deno.mkdir("results", { recursive: true });
const FOLDER = await Deno.makeTempDir({ dir: "results", prefix: "faults-" });
const canTime = await hasTimedDevice();
for (const writer of WRITERS) {
  if (writer.name === "kernel bench" && !canTime) {
    print("kernel bench is left out: no device that can time passes");
    continue;
  }
  await killAtRandom(writer);
  await interrupt(writer);
}
await onSmallDisks();
await Deno.remove(FOLDER, { recursive: true });
print([...counts].map(([what, count]) => `${count} ${what}`).join(", "));

/** Kills a run again and again, continuing each time, until it is whole. */
async function killAtRandom(writer: Writer): Promise<void> {
  const out = `${FOLDER}/${writer.name.replace(" ", "-")}-killed`;
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    const isNew = !await isThere(out);
    const args = isNew || writer.resume === null ? [] : writer.resume;
    const child = start(writer, { out, args });
    const delayMs = random.nextBelow(writer.spanMs);
    const timer = setTimeout(() => signal(child, SIGNALS.kill), delayMs);
    await child.output();
    clearTimeout(timer);
    count("kills");
    const now = await progressOf(writer, out);
    const place = `${writer.name}, round ${round} of seed ${seed}, killed after ${delayMs} ms`;
    if (writer.resume !== null) assert.ok(now >= before, `${place}: ${before} became ${now}`);
    before = now;
  }
  const { code, stderr } = await finish(writer, { out, args: writer.resume ?? [] });
  assert.equal(code, 0, `${writer.name} cannot resume: ${stderr}`);
  assert.ok(await progressOf(writer, out) >= Math.max(1, before));
  const left = [...Deno.readDirSync(FOLDER)].filter(({ name }) => name.endsWith(".tmp"));
  // What a killed writer left is removed by the next one, but not before it is surely dead.
  for (const { name } of left) await Deno.remove(`${FOLDER}/${name}`);
  print(`${writer.name}: ${rounds} kills, ${left.length} of them while a file was written`);
}

async function interrupt(writer: Writer): Promise<void> {
  const out = `${FOLDER}/${writer.name.replace(" ", "-")}-interrupted`;
  const child = start(writer, { out, args: [] });
  // It has begun once it shows progress.
  const reader = child.stderr.getReader();
  let stderr = new TextDecoder().decode((await reader.read()).value);
  await new Promise((done) => setTimeout(done, 200));
  signal(child, SIGNALS.interrupt);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    stderr += new TextDecoder().decode(part.value);
  }
  const [{ code }] = await Promise.all([child.status, child.stdout.cancel()]);
  assert.equal(code, 130, `${writer.name} ended with ${code}: ${stderr}`);
  assert.match(stderr, writer.stopped);
  if (await isThere(out)) await progressOf(writer, out);
  count("interrupts");
}

/** Disks of a few pages, and read-only ones, where this user may mount them. */
async function onSmallDisks(): Promise<void> {
  const disk = `${FOLDER}/disk`;
  await Deno.mkdir(disk, { recursive: true });
  for (const options of ["size=16k", "size=64k", "size=16k,ro"]) {
    if (!await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk])) {
      print(`Disks of ${options} are left out: this user may not mount them`);
      continue;
    }
    try {
      for (const writer of WRITERS.filter(({ name }) => name !== "kernel bench")) {
        const out = `${disk}/${writer.name}`;
        const { code, stderr } = await finish(writer, { out, args: [] });
        const place = `${writer.name} on a disk of ${options}`;
        if (code !== 0) {
          assert.equal(code, 4, `${place} ended with ${code}: ${stderr}`);
          assert.match(stderr, /Cannot write the result .*(free some space|can be written)/, place);
        }
        if (await isThere(out)) await progressOf(writer, out);
        assert.ok(code !== 0 || !options.includes("16k"), `${place} was not noticed`);
        const left = [...Deno.readDirSync(disk)].filter(({ name }) => name.endsWith(".tmp"));
        assert.deepEqual(left, [], place);
        if (!options.includes("ro")) await Deno.remove(out).catch(() => {});
        count(options.includes("ro") ? "read-only disks" : "small disks");
      }
    } finally {
      await run("umount", [disk]);
    }
  }
}

interface Start {
  readonly out: string;
  readonly args: readonly string[];
}

function start(writer: Writer, o: Start): Deno.ChildProcess {
  const args = [...writer.args.map((word) => word === "OUT" ? o.out : word), ...o.args];
  return new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read=."],
      ...["--allow-write=results", `--allow-env=${VARIABLES},XDG_CACHE_HOME,HOME`],
      ...[IGNORED_VARIABLES, "cli/main.ts", ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finish(writer: Writer, o: Start): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await start(writer, o).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** How much of a run is in its file; a file that is there must be whole. */
async function progressOf(writer: Writer, out: string): Promise<number> {
  return await isThere(out) ? writer.progress(await Deno.readTextFile(out), out) : 0;
}

async function isThere(path: string): Promise<boolean> {
  return await ifThere(() => Deno.lstat(path)) !== null;
}

function signal(child: Deno.ChildProcess, name: "SIGKILL" | "SIGINT"): void {
  try {
    child.kill(name);
  } catch {
    // It has ended already.
  }
}

async function run(program: string, args: readonly string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args: [...args], stderr: "null" });
  return (await ifThere(() => command.output()))?.success ?? false;
}

async function hasTimedDevice(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter?.features.has("timestamp-query") ?? false;
}

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
