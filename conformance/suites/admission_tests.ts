/** Tests of admission where the pools are almost full: both right answers, and running to the end. */
import type { Layout } from "../../allocator/mod.ts";
import { requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import type { CacheSpec } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { freePagesOfAll } from "./cache_model.ts";
import { cacheSpec, layoutCapability, LAYOUTS } from "./cache_spec.ts";
import { Driver } from "./driver.ts";
import { demandOf, holdsDemand, leastDemandOf, type PageDemand } from "./page_demand.ts";

/** What takes pages before the question, and what the request itself is like. */
const SITUATIONS = {
  alone: { ratio: 1, chunkTokens: 16, sinks: 0, ahead: 0 },
  mixed: { ratio: 0.5, chunkTokens: 16, sinks: 0, ahead: 0 },
  full: { ratio: 0, chunkTokens: 16, sinks: 0, ahead: 0 },
  sinks: { ratio: 1, chunkTokens: 16, sinks: 20, ahead: 0 },
  decode_sinks: { ratio: 1, chunkTokens: 1, sinks: 20, ahead: 0 },
  decode: { ratio: 1, chunkTokens: 1, sinks: 0, ahead: 0 },
  chunk: { ratio: 1, chunkTokens: 96, sinks: 0, ahead: 0 },
  odd_chunk: { ratio: 1, chunkTokens: 112, sinks: 4, ahead: 0 },
  ahead: { ratio: 1, chunkTokens: 16, sinks: 0, ahead: 3 },
  others: { ratio: 1, chunkTokens: 16, sinks: 0, ahead: 0 },
  others_ahead: { ratio: 1, chunkTokens: 16, sinks: 0, ahead: 2 },
  fence: { ratio: 1, chunkTokens: 16, sinks: 0, ahead: 0 },
  fence_first_full: { ratio: 0.75, chunkTokens: 16, sinks: 0, ahead: 0 },
  fence_last_full: { ratio: 0.75, chunkTokens: 16, sinks: 0, ahead: 0 },
} as const;

/** Whether pages wait for a step while admission is asked. */
function hasFence(situation: string): boolean {
  return situation.startsWith("fence");
}

type Situation = keyof typeof SITUATIONS;

/** Tokens of the request that asks; fewer where each is a step. */
function lengthOf(situation: Situation): number {
  return SITUATIONS[situation].chunkTokens === 1 ? 100 : 300;
}

/** Tokens of the request that holds pages, or has just let them go. */
const OTHER_TOKENS = 64;

/** Asks, compares with what the free pages allow, and runs what was granted. */
async function judge(driver: Driver, situation: Situation): Promise<void> {
  const { chunkTokens } = SITUATIONS[situation];
  const { spec } = driver.model;
  const lengthTokens = lengthOf(situation);
  const question = { lengthTokens, stepTokens: chunkTokens };
  const granted = await driver.canAdmit(question);
  const place = `${lengthTokens} tokens, ${chunkTokens} a step, in pools of ${spec.pagesPerHead}`;
  requireThat(
    granted || !holds(driver, demandOf(spec, question)),
    `Expected ${place} to be admissible: ${describeFree(driver)} free pages hold it`,
  );
  requireThat(
    !granted || holds(driver, leastDemandOf(spec, question)),
    `Expected ${place} not to be admissible: ${describeFree(driver)} free pages are too few`,
  );
  if (!granted || hasFence(situation)) return;
  await driver.grow(1, chunkTokens);
  for (let length = chunkTokens; length < lengthTokens; length += chunkTokens) {
    await driver.recycle(1, length);
    const wanted = Math.min(length + chunkTokens, lengthTokens);
    requireThat(
      await driver.extend(1, wanted),
      `Expected the admitted ${place} to reach ${wanted} tokens, found a shortage`,
    );
  }
}

/** Lets another request take or leave pages; gives the step that keeps them, if there is one. */
async function prepare(
  driver: Driver,
  situation: Situation,
): Promise<number | null | "no-room"> {
  const others = situation === "others" || situation === "others_ahead" || hasFence(situation);
  if (!others) return null;
  const pages = OTHER_TOKENS / 16 + driver.model.spec.preallocatedPages;
  if (!holds(driver, { full: pages, window: pages })) return "no-room";
  await driver.grow(0, OTHER_TOKENS);
  if (!hasFence(situation)) return null;
  const step = await driver.beginStep();
  await driver.release(0);
  return step;
}

function holds({ model }: Driver, demand: PageDemand): boolean {
  const freePages = freePagesOfAll(model);
  return holdsDemand(model.spec.layout, model.kinds.flat(), { demand, freePages });
}

function describeFree({ model }: Driver): string {
  return freePagesOfAll(model).join(", ");
}

function specOf(layout: Layout, situation: Situation, windowTokens: number): CacheSpec {
  const { ratio, sinks, ahead } = SITUATIONS[situation];
  return cacheSpec({
    layout,
    windowTokens,
    sinkTokens: sinks,
    preallocatedPages: ahead,
    // The one full head is the last one, or the first.
    heads: { kind: "pattern", pattern: situation === "fence_first_full" ? "last" : "first", ratio },
  });
}

export const admissionTests: readonly TestDefinition[] = [
  defineTest({
    id: "allocator:admission:truth",
    clauses: ["pool/admission"],
    description: "Pool by pool size, admission grants what runs to its end and nothing else",
    needs: ({ layout, situation }) => [
      layoutCapability(layout),
      "allocator.admission",
      "allocator.recycle",
      SITUATIONS[situation].sinks > 0 && "allocator.sinks",
      SITUATIONS[situation].ahead > 0 && "allocator.preallocation",
      hasFence(situation) && "allocator.fence",
    ],
    cases: grid({
      layout: LAYOUTS,
      situation: Object.keys(SITUATIONS) as Situation[],
      window: [16, 40],
    }),
    run: async ({ allocator, params: { layout, situation, window } }) => {
      const spec = specOf(layout, situation, window);
      const most = Math.ceil(lengthOf(situation) / 16) + 8;
      for (let pagesPerHead = 1; pagesPerHead <= most; pagesPerHead++) {
        const driver = await Driver.create(allocator, { ...spec, pagesPerHead });
        const step = await prepare(driver, situation);
        if (step === "no-room") continue;
        await judge(driver, situation);
        if (step !== null) await driver.completeStep(step);
      }
      return PASS;
    },
  }),
];
