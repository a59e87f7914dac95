/** Requests of each replica behind a router. */

import type { TraceRequest } from "../../fixtures/mod.ts";
import { refuseDisorder, routeRequests } from "../replay/mod.ts";
import { optionError } from "../result/mod.ts";
import { type Bench, concurrencyOf } from "./prepare.ts";
import { serveSaturated } from "./saturation.ts";

/** What one replica is sent. */
export interface ReplicaShare {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Place of each among all requests, null where it gets them all. */
  readonly places: Int32Array | null;
  /** Requests under way at once in a closed loop, null for arrivals of their own. */
  readonly concurrency: number | null;
}

/** Requests by which the rate of a saturated replica is found. */
const SAMPLED_REQUESTS = 512;

/**
 * Shares the requests out among replicas, the same for every side. A router that goes by load drains
 * it at the rate at which the baseline serves the first requests when they all wait at once, by the
 * `model` clock.
 *
 * @throws {BenchError} When a closed loop is to be routed by load, which then depends on the replays.
 */
export async function shareRequests(bench: Bench): Promise<readonly ReplicaShare[]> {
  const { requests, resolved: { fleet }, options: { workload } } = bench;
  const concurrency = concurrencyOf(bench.options);
  if (fleet === undefined) return [{ requests, places: null, concurrency }];
  const { replicas, router } = fleet;
  // Here and not by each replica, which knows a request by another place.
  refuseDisorder(requests, concurrency !== null);
  if (router === "prefix-aware") refuseBlindRouter(bench);
  if (concurrency !== null && (router !== "round-robin" || concurrency < replicas)) {
    throw optionError(
      `Cannot route a closed loop of ${concurrency} requests to ${replicas} replicas by ` +
        `'${router}': its arrivals follow from the replays; give 'round-robin' and at least one ` +
        `request a replica`,
    );
  }
  const sample = requests.slice(0, SAMPLED_REQUESTS);
  const served = router === "round-robin" ? null : await serveSaturated(bench, sample);
  const { pagesPerHead, pageSizeTokens } = workload.cache;
  const assigned = routeRequests(requests, {
    router,
    replicas,
    tokensPerSecond: served?.totalTokensPerSecond ?? 0,
    prefixBlockTokens: bench.prefixBlockTokens,
    prefixBlocks: Math.floor(pagesPerHead * pageSizeTokens / bench.prefixBlockTokens),
  });
  const placeOf = new Int32Array(requests.length);
  const places = Array.from({ length: replicas }, (): number[] => []);
  assigned.forEach((replica, index) => placeOf[index] = places[replica].push(index) - 1);
  return places.map((indices, replica): ReplicaShare => {
    const share = concurrency === null
      ? null
      : Math.floor(concurrency / replicas) + (replica < concurrency % replicas ? 1 : 0);
    return {
      requests: indices.map((index) => inReplica(requests[index], placeOf)),
      places: Int32Array.from(indices),
      concurrency: share,
    };
  });
}

/** Refuses to route by prefixes where no replica keeps one, or no request has one. */
function refuseBlindRouter({ requests, resolved: { prefixCache } }: Bench): void {
  if (!prefixCache) {
    throw optionError(
      "Cannot route by 'prefix-aware': replicas keep no prefixes; switch the prefix cache on, or " +
        "take 'least-loaded'",
    );
  }
  if (requests.some(({ prefixBlocks = [] }) => prefixBlocks.length > 0)) return;
  throw optionError(
    "Cannot route by 'prefix-aware': no request names the blocks of its prompt; give a trace that " +
      "does, or take 'least-loaded', which does the same without them",
  );
}

/** A turn names the one before by its place among the requests of the replica. */
function inReplica(request: TraceRequest, placeOf: Int32Array): TraceRequest {
  const { after } = request;
  if (after === undefined) return request;
  return { ...request, after: { ...after, request: placeOf[after.request] } };
}
