import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Serves /v1/completions and /v1/chat/completions from the replay engine: the fixture's scheduler and
pools decide, and a step takes as long as the model clock says. Answers are filler text, always as
long as max_tokens. It is there to test clients on, among them 'headwise bench --endpoint'; it
listens on loopback and ends with Ctrl-C.

With --ui it serves a page in its place that runs the kernel suites and a small benchmark in the
browser, on the visitor's own GPU; of the settings only host, port and allow-remote are for it.

EXAMPLES
  headwise serve --fixture trace-replay --port 8001 --side pooled-recycle
  headwise serve --port 8002 --step-scale 2
  headwise serve --faults disconnect=10,stall=25
  headwise serve --ui --port 8080             the browser page`;

/** `headwise serve`. */
export const serveCommand = buildSettingsCommand({
  command: "serve",
  loader: () => import("./run.ts"),
  brief: "Serve an OpenAI-compatible API timed by the replay engine",
  description: DESCRIPTION,
});
