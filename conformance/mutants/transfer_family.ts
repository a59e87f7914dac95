/** Allocators that free pages while a transfer reads or writes them. */
import { LAYOUTS } from "../suites/cache_spec.ts";
import { layoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";

export const transferMutants: readonly Mutant[] = [
  ...layoutFamily({
    name: "transfer_not_waited_for",
    origin: "field",
    violates: ["recycle/in-flight-transfer"],
    variants: named("at_all", "past_the_next_step"),
    fault: (how) => `a transfer keeps pages not ${how}`,
    test: (layout, how) =>
      `allocator:lifetime:transfer:layout=${layout};steps=${how === "at_all" ? 0 : 1};*`,
    layouts: LAYOUTS,
  }, (good, _, how) => {
    let open: number | null = null;
    return {
      beginTransfer: async (o) => {
        if (how === "at_all") return { kind: "ok", value: 1_000_000 };
        const reply = await good.beginTransfer!(o);
        open = reply.kind === "ok" ? reply.value : null;
        return reply;
      },
      completeStep: async (o) => {
        const reply = await good.completeStep(o);
        if (open !== null) await good.endTransfer!({ transfer: open });
        open = null;
        return reply;
      },
      endTransfer: (o) =>
        how === "at_all" || open === null
          ? Promise.resolve({ kind: "ok", value: null })
          : good.endTransfer!(o),
    };
  }),
  ...layoutFamily({
    name: "transfer_ends_the_oldest",
    violates: ["recycle/in-flight-transfer"],
    fault: "the end of a transfer is taken for that of the oldest",
    test: "allocator:lifetime:transfers",
    layouts: LAYOUTS,
  }, (good) => {
    const open: number[] = [];
    return {
      beginTransfer: async (o) => {
        const reply = await good.beginTransfer!(o);
        if (reply.kind === "ok") open.push(reply.value);
        return reply;
      },
      endTransfer: (o) => good.endTransfer!({ transfer: open.shift() ?? o.transfer }),
    };
  }),
];
