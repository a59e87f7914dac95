/** Tests of allocators as data: the cache that a case starts from, and the commands sent to it. */
import type { Layout } from "../../allocator/mod.ts";
import { PASS, type Verdict } from "../outcome.ts";
import type { CacheSpec } from "../subject.ts";
import {
  type CaseContext,
  type CaseParams,
  defineTest,
  type Needs,
  needsIn,
  type TestDefinition,
} from "../test_definition.ts";
import { CONTROL_SPEC, layoutCapability } from "./cache_spec.ts";
import { Driver } from "./driver.ts";

/** Parameters of a case; without a layout the control's is meant. */
type AllocatorParams = CaseParams & { readonly layout?: Layout };

/** A test of an allocator, in the case's layout. */
interface AllocatorTest<P extends AllocatorParams>
  extends Omit<TestDefinition<P>, "needs" | "run"> {
  /** What a case needs beside its layout. */
  readonly needs?: Needs<P>;
  /** Fields that differ from the control, beside the layout. */
  readonly spec?: (params: P, context: CaseContext<P>) => Partial<CacheSpec>;
  /** Commands to the empty allocator; a case passes unless one throws, or as the verdict says. */
  readonly run: (driver: Driver, params: P) => Promise<Verdict | void>;
}

/** Declares a test of an allocator that starts empty. */
export function defineAllocatorTest<P extends AllocatorParams>(
  { needs = [], spec, run, ...facts }: AllocatorTest<P>,
): TestDefinition {
  const layoutOf = (params: P): Pick<CacheSpec, "layout"> => ({
    layout: params.layout ?? CONTROL_SPEC.layout,
  });
  return defineTest<P>({
    ...facts,
    needs: (params) => [
      layoutCapability(layoutOf(params).layout),
      ...needsIn(needs, params),
    ],
    run: async (context) => {
      const { allocator, params } = context;
      const changes = { ...layoutOf(params), ...spec?.(params, context) };
      return await run(await Driver.create(allocator, changes), params) ?? PASS;
    },
  });
}
