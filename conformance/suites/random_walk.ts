/** A seeded sequence of commands that any scheduler might give. */
import type { Random } from "../../allocator/mod.ts";
import { Mismatch } from "../outcome.ts";
import type { AllocatorSubject, CacheSpec } from "../subject.ts";
import {
  admit,
  beginStep,
  completeStep,
  condense,
  createDriver,
  type Driver,
  extend,
  recycle,
  release,
  reorder,
  swap,
} from "./driver.ts";
import { slotOf } from "./cache_model.ts";

/**
 * Runs random commands against an allocator and the model; the first difference stops the walk
 * with the commands that led there.
 */
export async function randomWalk(o: {
  allocator: AllocatorSubject;
  spec: CacheSpec;
  random: Random;
  commands: number;
}): Promise<void> {
  const driver = await createDriver(o.allocator, o.spec);
  const history: string[] = [];
  for (let count = 0; count < o.commands; count++) {
    try {
      await randomCommand(driver, o.random, history);
    } catch (error) {
      if (error instanceof Mismatch) {
        const recent = history.slice(-4).join(", ");
        throw new Mismatch(`After ${history.length} commands (… ${recent}): ${error.message}`);
      }
      throw error;
    }
  }
}

async function randomCommand(driver: Driver, random: Random, history: string[]): Promise<void> {
  const { spec, slots, openSteps } = driver.model;
  const slot = random.nextBelow(spec.slots);
  const { lengthTokens } = slotOf(driver.model, slot);
  const page = spec.pageSizeTokens;
  const choice = random.nextBelow(100);
  if (choice < 55) {
    if (lengthTokens === 0) {
      const length = 1 + random.nextBelow(10 * page);
      history.push(`admit ${slot} ${length}`);
      await admit(driver, slot, length);
      return;
    }
    const toBoundary = page - lengthTokens % page;
    const grown = lengthTokens + (random.nextBelow(2) === 0 ? toBoundary : random.nextBelow(40));
    history.push(`extend ${slot} ${grown}`);
    await extend(driver, slot, grown);
  } else if (choice < 70 && lengthTokens > 0) {
    // A step may recompute its last tokens (a draft that was refused), never older ones.
    const next = lengthTokens - random.nextBelow(Math.min(8, lengthTokens));
    history.push(`recycle ${slot} ${next}`);
    await recycle(driver, slot, next);
  } else if (choice < 80) {
    history.push(`release ${slot}`);
    await release(driver, slot);
  } else if (choice < 85) {
    const other = random.nextBelow(spec.slots);
    history.push(`swap ${slot} ${other}`);
    await swap(driver, slot, other);
  } else if (choice < 88) {
    history.push("condense");
    await condense(driver, slots.map((state) => state.lengthTokens > 0));
  } else if (choice < 91) {
    const order = slots.map((_, index) => (index + slot) % spec.slots);
    history.push(`reorder ${order.join()}`);
    await reorder(driver, order);
  } else if (openSteps.size < 2) {
    history.push(`begin step ${await beginStep(driver)}`);
  } else {
    const [oldest = 0] = openSteps;
    history.push(`complete step ${oldest}`);
    await completeStep(driver, oldest);
  }
}
