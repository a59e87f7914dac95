/**
 * A headwise adapter to start from.
 *
 *     headwise adapter smoke module:my_adapter.ts
 *     headwise conformance --subject module:my_adapter.ts
 *
 * It claims one capability. Claim the next one by adding its name and the methods that it needs; what
 * is not claimed is skipped and listed, never passed.
 */
import type { AllocatorSubject, Subject } from "@headwise/headwise/conformance";

/** Makes the implementation to judge; the module runs in a process without permissions. */
export function createSubject(): Subject {
  return {
    name: "my-adapter",
    capabilities: new Set(["allocator.tensor_parallel"] as const),
    // The other commands are not asked for before their capabilities are claimed.
    allocator: { shard } as unknown as AllocatorSubject,
  };
}

/** Shards heads over ranks, or refuses to before anything is allocated. */
function shard(
  o: Parameters<AllocatorSubject["shard"]>[0],
): ReturnType<AllocatorSubject["shard"]> {
  const { kvHeadsGlobal, queryHeadsGlobal, ranks, rank } = o;
  const replicated = kvHeadsGlobal < ranks;
  const sound =
    [kvHeadsGlobal, queryHeadsGlobal, ranks].every((each) => Number.isInteger(each) && each > 0) &&
    Number.isInteger(rank) && rank >= 0 && rank < ranks;
  const divides = queryHeadsGlobal % ranks === 0 && (replicated || kvHeadsGlobal % ranks === 0);
  if (!sound || !divides) {
    return Promise.resolve({
      kind: "refused",
      code: "tp/divisible",
      message: `Cannot shard ${kvHeadsGlobal} and ${queryHeadsGlobal} heads over ${ranks} ranks`,
    });
  }
  return Promise.resolve({
    kind: "ok",
    value: {
      kvHeads: replicated ? 1 : kvHeadsGlobal / ranks,
      queryHeads: queryHeadsGlobal / ranks,
    },
  });
}
