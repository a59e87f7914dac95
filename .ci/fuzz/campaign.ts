/**
 * The whole campaign: `deno task fuzz [INPUTS [SEED]]`. Two workers share the readers; one that
 * shows no sign of life for long is ended, and the reader it was at is the finding.
 */
import { parseArgs } from "node:util";
import { TARGETS } from "./targets.ts";
import type { FuzzTask, FuzzWord } from "./worker.ts";
import { print } from "../../tools/print.ts";

const { positionals } = parseArgs({ allowPositionals: true, args: Deno.args });
const inputs = Number(positionals[0] ?? 100_000);
const seed = Number(positionals[1] ?? Math.floor(Math.random() * 2 ** 31));
if (!(Number.isInteger(inputs) && inputs >= TARGETS.length && Number.isInteger(seed))) {
  throw new RangeError(`Cannot fuzz: give a whole number of at least ${TARGETS.length} inputs`);
}

const WORKERS = 2;
/** Longest silence of a worker, in milliseconds: twenty inputs of the slowest kind, and room. */
const SILENCE_MS = 45_000;
/** Most bytes that the process may come to hold. */
const MAX_RSS_BYTES = 2 ** 31;
/** Inputs of one task; a reader's share is cut, so that the two workers end together. */
const TASK_INPUTS = 500;

/** Readers whose inputs are expensive get the smaller shares, never less than a thousand each. */
const SLOW =
  /^(fixtures\/(workload|model|engine)|bench\/(kernel-cases|result)|.*\/(report|expectations|settings-file))/;

const tasks = cutTasks();
const totals = new Map<string, { inputs: number; understood: number; slowestMs: number }>();
const findings: string[] = [];
let peakRssBytes = 0;
const watch = setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, Deno.memoryUsage().rss);
}, 100);

print(`seed ${seed}`);
await Promise.all(Array.from({ length: WORKERS }, work));
clearInterval(watch);
if (peakRssBytes > MAX_RSS_BYTES) findings.push(`Memory grew to ${peakRssBytes} bytes`);
report();
Deno.exit(findings.length === 0 ? 0 : 1);

function cutTasks(): FuzzTask[] {
  const slow = TARGETS.filter(({ name }) => SLOW.test(name));
  const ofSlow = Math.min(1500, Math.floor(inputs / TARGETS.length));
  const ofFast = Math.ceil((inputs - slow.length * ofSlow) / (TARGETS.length - slow.length));
  return TARGETS.flatMap(({ name }, index) => {
    const share = SLOW.test(name) ? ofSlow : ofFast;
    return Array.from({ length: Math.ceil(share / TASK_INPUTS) }, (_, part): FuzzTask => ({
      target: name,
      // Parts of a reader's share are streams of their own; the seed and the name repeat them.
      seed: (seed + index * 1_000_003 + part) % 2 ** 31,
      inputs: Math.min(TASK_INPUTS, share - part * TASK_INPUTS),
    }));
  }).sort((first, second) => Number(SLOW.test(second.target)) - Number(SLOW.test(first.target)));
}

async function work(): Promise<void> {
  while (tasks.length > 0) {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    let healthy = await next(worker, null) !== null;
    while (healthy && tasks.length > 0) {
      const task = tasks.shift()!;
      const word = await next(worker, task);
      if (word?.kind === "done") {
        const { inputs, understood, slowestMs } = word.account;
        const total = totals.get(task.target) ?? { inputs: 0, understood: 0, slowestMs: 0 };
        totals.set(task.target, {
          inputs: total.inputs + inputs,
          understood: total.understood + understood,
          slowestMs: Math.max(total.slowestMs, slowestMs),
        });
      } else if (word?.kind === "found") {
        findings.push(word.message);
      } else {
        findings.push(`Reader "${task.target}" hangs on an input of seed ${task.seed}`);
        healthy = false;
      }
    }
    worker.terminate();
  }
}

/** Gives a worker a task, or none; waits for its last word, or for too long a silence: null. */
function next(worker: Worker, task: FuzzTask | null): Promise<FuzzWord | null> {
  const { promise, resolve } = Promise.withResolvers<FuzzWord | null>();
  const late = (): void => resolve(null);
  let timer = setTimeout(late, SILENCE_MS);
  worker.onmessage = ({ data }: MessageEvent<FuzzWord>): void => {
    clearTimeout(timer);
    if (data.kind === "alive") timer = setTimeout(late, SILENCE_MS);
    else resolve(data);
  };
  worker.onerror = (event): void => {
    event.preventDefault();
    clearTimeout(timer);
    resolve({ kind: "found", message: `The worker broke: ${event.message}` });
  };
  if (task !== null) worker.postMessage(task);
  return promise;
}

function report(): void {
  let [all, understood] = [0, 0];
  for (const [name, total] of [...totals].sort()) {
    all += total.inputs;
    understood += total.understood;
    const share = Math.round(100 * total.understood / total.inputs);
    print(
      `${name.padEnd(30)} ${`${total.inputs}`.padStart(7)} inputs, ${share} % understood`,
    );
  }
  print(
    `${all} inputs of ${totals.size} readers: ${understood} understood, ${
      all - understood
    } refused, ` +
      `${findings.length} findings; at most ${Math.round(peakRssBytes / 2 ** 20)} MiB`,
  );
  for (const finding of findings) print(`\n${finding}`);
}
