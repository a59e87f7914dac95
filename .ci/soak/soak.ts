/**
 * `deno task soak [SHARE [SEED]]`: ten million allocator commands and a hundred thousand steps each of
 * replays and of a server's engine, or a share of them, with memory that must stay flat.
 */
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { soakAllocator } from "./allocator_soak.ts";
import { soakConnections } from "./connection_soak.ts";
import { createFlatHeap } from "./flat_heap.ts";
import { soakEngine, soakReplay } from "./replay_soak.ts";
import { print } from "../../tools/print.ts";

const share = Number(Deno.args[0] ?? 1);
const seed = Number(Deno.args[1] ?? 1);
if (!(share >= 0.05 && share <= 100 && Number.isInteger(seed))) {
  throw new RangeError(`Cannot soak a share of '${Deno.args[0]}': give a number in [0.05, 100]`);
}

const OPERATIONS = 10_000_000;
const STEPS = 100_000;
const STORMS = 12;
const LOOKS = 40;
/** Growth that garbage collection leaves to chance: counters that become floats, compiled code. */
const SLACK_BYTES = 512 << 10;

let isFlat = true;
const layouts = ["uniform", "headwise", "pooled"] as const;
const perLayout = Math.ceil(OPERATIONS * share / layouts.length);
for (const layout of layouts) {
  await measured(`allocator, ${layout}`, (look) => {
    const operationsPerLook = Math.ceil(perLayout / LOOKS);
    const options = { layout, seed, operations: perLayout, operationsPerLook, onLook: look };
    const { operations, grown, refused, recycled } = soakAllocator(options);
    return `${operations} commands: ${grown} growths, ${refused} refused, ${recycled} pages recycled`;
  });
}
const workload = requireLoaded(await loadWorkload("smoke"));
await measured("replay", async (look) => {
  const { steps, replays } = await soakReplay(workload, { steps: STEPS * share, onLook: look });
  return `${steps} steps in ${replays} replays`;
});
await measured("engine of the server", async (look) => {
  const stepsPerLook = Math.ceil(STEPS * share / LOOKS);
  const options = { steps: STEPS * share, stepsPerLook, onLook: look };
  const { steps, requests } = await soakEngine(workload, options);
  return `${steps} steps, ${requests} requests`;
});
await measured("connections to the server", async (look) => {
  const storms = Math.max(6, Math.ceil(STORMS * share));
  const connections = await soakConnections(workload, { connections: 1000, storms, onLook: look });
  return `${connections} connections in ${storms} storms`;
});
print(isFlat ? "Memory stays flat" : "Memory grows");
Deno.exit(isFlat ? 0 : 1);

async function measured(
  name: string,
  run: (look: () => void) => string | Promise<string>,
): Promise<void> {
  const heap = createFlatHeap();
  const what = await run(heap.look);
  const { looks, earlyBytes, lateBytes, grownBytes } = heap.compare();
  const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
  print(`${name}: ${what}; heap ${kib(earlyBytes)}, then ${kib(lateBytes)} over ${looks} looks`);
  isFlat &&= looks >= 4 && grownBytes < SLACK_BYTES;
}
