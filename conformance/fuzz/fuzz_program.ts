/** A sequence of commands with the allocator that it starts from, and how to run it. */
import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import { Mismatch } from "../outcome.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { CacheSpec, Capability, KernelSubject } from "../subject.ts";
import { cacheSpec } from "../suites/cache_spec.ts";
import { slotOf } from "../suites/cache_model.ts";
import { Driver } from "../suites/driver.ts";
import { describeCommand, type FuzzCommand, fuzzCommandSchema } from "./fuzz_command.ts";
import { createTableReplay, type TableReplay } from "./table_replay.ts";

/** Most steps that a sequence keeps in flight. */
const MAX_OPEN_STEPS = 2;

const specSchema = z.strictObject({
  layout: z.enum(["uniform", "headwise", "pooled"]),
  /** Share of window heads. */
  ratio: z.number().min(0).max(1),
  /** Which heads they are. */
  pattern: z.enum(["first", "last"]),
  /** Groups of layers: one, or a second one of full heads alone. */
  layerGroups: z.number().int().min(1).max(2),
  /** W in tokens. */
  windowTokens: z.number().int().min(0),
  /** S in tokens. */
  sinkTokens: z.number().int().min(0),
  /** B. */
  slots: z.number().int().min(1),
  /** N. */
  pagesPerHead: z.number().int().min(1),
  /** Pages handed out ahead of need. */
  preallocatedPages: z.number().int().min(0),
  /** Whether dead pages are freed before the end of a request. */
  recycle: z.boolean(),
  /** Seed of the page order; null for ids in order. */
  shuffleSeed: z.number().int().min(0).nullable(),
});

/** The allocator that a sequence starts from: what {@linkcode CacheSpec} has, where it varies. */
export type FuzzSpec = Stored<typeof specSchema>;

export const fuzzProgramSchema = z.strictObject({
  spec: specSchema,
  commands: z.array(fuzzCommandSchema),
});

/** A sequence of commands from an empty allocator. */
export type FuzzProgram = Stored<typeof fuzzProgramSchema>;

/** Fills in what sequences do not vary. */
export function specOfProgram({ spec }: FuzzProgram): CacheSpec {
  const { ratio, pattern, layerGroups, ...rest } = spec;
  const { kvHeads } = cacheSpec();
  const windows = Math.floor(kvHeads * ratio);
  const isWindow = (head: number): boolean =>
    pattern === "first" ? head < windows : head >= kvHeads - windows;
  const kinds = Array.from({ length: kvHeads }, (_, head) => isWindow(head) ? "window" : "full");
  return cacheSpec({
    ...rest,
    layers: 2,
    heads: layerGroups === 1
      ? { kind: "pattern", pattern, ratio }
      : { kind: "layers", kindsByLayer: [kinds, kinds.map(() => "full")] },
  });
}

/**
 * Runs a sequence against an allocator and the model; the first difference stops it with the
 * commands that led there.
 *
 * @throws {Mismatch} At the first difference.
 */
export async function runFuzzProgram(
  program: FuzzProgram,
  o: {
    readonly allocator: JudgedAllocator;
    readonly kernel?: KernelSubject;
    readonly seed: number;
  },
): Promise<void> {
  const driver = await Driver.create(o.allocator, specOfProgram(program));
  const replay = o.kernel === undefined ? null : createTableReplay(o.kernel, driver, o.seed);
  try {
    for (const [index, command] of program.commands.entries()) {
      try {
        if (isClaimed(command, o.allocator.claims)) await runCommand(driver, command, replay);
      } catch (error) {
        if (!(error instanceof Mismatch)) throw error;
        const place = `command ${index + 1} of ${program.commands.length}`;
        throw new Mismatch(`At ${place}, "${describeCommand(command)}": ${error.message}`);
      }
    }
  } finally {
    await replay?.release();
  }
}

/** What commands need beyond a layout; the others are every allocator's own. */
const COMMAND_NEEDS: Readonly<Partial<Record<FuzzCommand["kind"], Capability>>> = {
  recycle: "allocator.recycle",
  swap: "allocator.moves",
  reorder: "allocator.moves",
  condense: "allocator.moves",
  begin: "allocator.fence",
  complete: "allocator.fence",
};

/** A sequence continues without the commands that the subject does not claim. */
function isClaimed({ kind }: FuzzCommand, claims: ReadonlySet<Capability>): boolean {
  const need = COMMAND_NEEDS[kind];
  return need === undefined || claims.has(need);
}

async function runCommand(
  driver: Driver,
  command: FuzzCommand,
  replay: TableReplay | null,
): Promise<void> {
  const { model } = driver;
  const slots = model.slots.length;
  // Undefined where there is no such slot; 0 where it is empty.
  const held = "slot" in command ? model.slots[command.slot]?.lengthTokens : undefined;
  switch (command.kind) {
    case "admit":
      if (held === 0) await driver.admit(command.slot, command.tokens);
      return;
    case "extend":
      if (held) await driver.extend(command.slot, held + command.tokens);
      return;
    case "decode":
      return await decode(driver);
    case "speculate":
      if (held) await speculate(driver, command);
      return;
    case "recycle":
      if (held) await driver.recycle(command.slot, Math.max(0, held - command.recomputed));
      return;
    case "abort":
      if (held !== undefined) await driver.release(command.slot);
      return;
    case "preempt":
      if (held) {
        await driver.release(command.slot);
        await driver.admit(command.slot, held);
      }
      return;
    case "swap":
      if (command.first < slots && command.second < slots) {
        await driver.swap(command.first, command.second);
      }
      return;
    case "reorder":
      if (command.order.toSorted((a, b) => a - b).join() === [...model.slots.keys()].join()) {
        await driver.reorder(command.order);
      }
      return;
    case "condense":
      return await driver.condense(model.slots.map(({ lengthTokens }) => lengthTokens > 0));
    case "begin":
      if (model.openSteps.size < MAX_OPEN_STEPS) await driver.beginStep();
      return;
    case "complete":
      for (const step of [...model.openSteps].slice(0, 1)) await driver.completeStep(step);
      return;
    case "capture":
      return await replay?.run();
    default:
      return command satisfies never;
  }
}

async function decode(driver: Driver): Promise<void> {
  const step = await openStep(driver);
  for (let slot = 0; slot < driver.model.slots.length; slot++) {
    const { lengthTokens } = slotOf(driver.model, slot);
    if (lengthTokens === 0) continue;
    await recycleIfClaimed(driver, slot, lengthTokens);
    // A request that cannot grow gives its pages to the others, as a scheduler would.
    if (!await driver.extend(slot, lengthTokens + 1)) await driver.release(slot);
  }
  if (step !== null) await driver.completeStep(step);
}

/** A step in flight, where there are any. */
async function openStep(driver: Driver): Promise<number | null> {
  return driver.allocator.claims.has("allocator.fence") ? await driver.beginStep() : null;
}

async function recycleIfClaimed(driver: Driver, slot: number, next: number): Promise<void> {
  if (driver.allocator.claims.has("allocator.recycle")) await driver.recycle(slot, next);
}

async function speculate(
  driver: Driver,
  o: { readonly slot: number; readonly drafts: number; readonly accepted: number },
): Promise<void> {
  const { lengthTokens } = slotOf(driver.model, o.slot);
  const step = await openStep(driver);
  const fits = await driver.extend(o.slot, lengthTokens + 1 + o.drafts);
  if (step !== null) await driver.completeStep(step);
  if (!fits) return;
  const kept = lengthTokens + 1 + Math.min(o.drafts, o.accepted);
  await driver.extend(o.slot, kept);
  await recycleIfClaimed(driver, o.slot, kept);
}
