/**
 * Routers in front of replicas. A router knows what it has sent and nothing of what becomes of it:
 * load is the tokens sent to a replica, drained at the rate at which one replica serves tokens when it
 * is saturated. So the assignment depends on the requests alone, and replicas are replayed apart.
 */

import type { RouterName, TraceRequest } from "../../fixtures/mod.ts";

/** What a router knows. */
export interface RouterOptions {
  readonly router: RouterName;
  /** Replicas behind it. */
  readonly replicas: number;
  /** Tokens, prompts and answers together, that one replica serves in a second. */
  readonly tokensPerSecond: number;
  readonly prefixBlockTokens: number;
  /** Prefix blocks that one replica's cache holds; the oldest are forgotten first. */
  readonly prefixBlocks: number;
}

/**
 * Assigns every request to a replica.
 *
 * `round-robin` takes replicas in turn. `least-loaded` takes the one with the fewest tokens left, the
 * first of equals. `prefix-aware` takes the one that would be done first: with the fewest tokens left
 * and, of the prompt, those to compute that its cache does not have. The turns of a session stay
 * with the replica of its first one.
 *
 * @returns [requests] the replica of each.
 */
export function routeRequests(requests: readonly TraceRequest[], o: RouterOptions): Int32Array {
  const assigned = new Int32Array(requests.length);
  const loads = new Float64Array(o.replicas);
  const known = Array.from({ length: o.replicas }, () => new Set<number>());
  let beforeMs = 0;
  requests.forEach((request, index) => {
    const drained = (request.arrivalMs - beforeMs) / 1000 * o.tokensPerSecond;
    for (let replica = 0; replica < o.replicas; replica++) {
      loads[replica] = Math.max(0, loads[replica] - drained);
    }
    beforeMs = request.arrivalMs;
    const spared = (replica: number): number =>
      o.router === "prefix-aware" ? knownTokens(known[replica], request, o) : 0;
    let chosen = index % o.replicas;
    // A turn starts when the one before has ended, which only the replica of that one knows.
    if (request.after !== undefined) chosen = assigned[request.after.request];
    else if (o.router !== "round-robin") {
      chosen = 0;
      for (let replica = 1; replica < o.replicas; replica++) {
        if (loads[replica] - spared(replica) < loads[chosen] - spared(chosen)) chosen = replica;
      }
    }
    assigned[index] = chosen;
    loads[chosen] += request.inputTokens - spared(chosen) + request.outputTokens;
    remember(known[chosen], request, o.prefixBlocks);
  });
  return assigned;
}

/** Tokens of the prompt whose blocks a replica knows, from the front. */
function knownTokens(
  known: ReadonlySet<number>,
  { prefixBlocks = [], inputTokens }: TraceRequest,
  o: RouterOptions,
): number {
  let blocks = 0;
  while (blocks < prefixBlocks.length && known.has(prefixBlocks[blocks])) blocks++;
  return Math.min(inputTokens, blocks * o.prefixBlockTokens);
}

function remember(known: Set<number>, { prefixBlocks = [] }: TraceRequest, most: number): void {
  for (const block of prefixBlocks) {
    known.delete(block);
    known.add(block);
  }
  for (const block of known) {
    if (known.size <= most) return;
    known.delete(block);
  }
}
