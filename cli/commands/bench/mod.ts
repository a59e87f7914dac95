import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Replays a workload through the head-wise allocator and a step clock on three sides: uniform (1-D
table, whole rows walked), uniform-clipped (1-D table, reads clipped to the window: the control)
and headwise (2-D table), and judges mean TTFT and mean TBT. Every run also checks sampled outputs
against the oracle: a wrong kernel has no timing. Exits 0 once it has measured, or by the verdict
with --enforce.

Also read: FD_HEAD_WISE_KV_CACHE (--head-wise), FD_T53_HEAD_WISE_SWA_RATIO (--ratio),
FD_T53_HEAD_WISE_SWA_FIXTURE (--window-fixture), FD_T53_DEBUG_BLOCK_TABLES (--debug-tables).

A server that asks for a bearer token gets it from HEADWISE_ENDPOINT_TOKEN, that of --against from
HEADWISE_AGAINST_TOKEN; a token is sent only to the host and port that it was given for.

EXAMPLES
  headwise bench
  headwise bench --trace requests.csv --limit 200
  headwise bench --clock gpu --pairs 8 --enforce
  headwise bench --fixture my.yaml --watch
  headwise bench --gate read,capacity --ratio 0.75 --window 4096
  headwise bench --endpoint http://127.0.0.1:8001/v1 --against http://127.0.0.1:8002/v1
  HEADWISE_CLOCK=model headwise bench --explain-config`;

/** `headwise bench`. */
export const benchCommand = buildSettingsCommand({
  command: "bench",
  loader: () => import("./run.ts"),
  brief: "Replay a workload and judge TTFT and TBT",
  description: DESCRIPTION,
});
