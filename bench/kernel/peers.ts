/** Times other implementations on the same steps, in a process of their own. */

import { z } from "zod";
import { type KernelCase, PEER_NAMES, type PeerName } from "./case.ts";
import { peerSchema } from "./case_schema.ts";
import { medianOf } from "./figures.ts";
import type { PeerOutcome, PeersReport } from "./result_schema.ts";

/** Options of {@linkcode runPeers}. */
export interface RunPeersOptions {
  /** Timed runs of each. */
  readonly runs: number;
  /** Seed of contents. */
  readonly seed: number;
  /** After so many seconds no further case is begun. @default {150} */
  readonly deadlineSeconds?: number;
  /** Called with each line that a peer says. */
  readonly onResult?: (peer: string, caseName: string) => void;
  /** Stops them. */
  readonly signal?: AbortSignal;
  /** Program and arguments in place of the script that comes with the project, for tests. */
  readonly command?: readonly [string, ...string[]];
}

/** The scripts that come with the project, what runs them, and the peers that each one times. */
const SCRIPTS: readonly {
  readonly program: string;
  readonly file: string;
  readonly peers: readonly PeerName[];
}[] = [
  {
    program: "python3",
    file: "../peers/torch_attention.py",
    peers: ["sdpa-flash", "sdpa-cudnn", "flex-attention"],
  },
  { program: "python3", file: "../peers/paged_triton.py", peers: ["triton"] },
  { program: "node", file: "../peers/ort_attention.mjs", peers: ["ort-webgpu"] },
  { program: "python3", file: "../peers/llama_ops.py", peers: ["llama-vulkan"] },
];

/** Beyond the deadline a case that has begun may end. */
const GRACE_SECONDS = 90;

const about = { peer: peerSchema, case: z.string() };
const lineSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("peer"),
    peer: peerSchema,
    version: z.string().nullable(),
    absent: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal("timed"),
    samplesMs: z.array(z.number().positive()).min(1),
    note: z.string(),
    ...about,
  }),
  z.strictObject({ kind: z.literal("skipped"), reason: z.string(), ...about }),
]);

type Peers = PeersReport["peers"][number];
type Result = PeersReport["results"][number];

/**
 * Times every peer that is installed on the cases that ask for it. A peer that is absent, that
 * refuses a shape or that breaks is reported as such and is no fault.
 *
 * @param cases Cases; each names its peers.
 */
export async function runPeers(
  cases: readonly KernelCase[],
  o: RunPeersOptions,
): Promise<PeersReport> {
  const peers = new Map<string, Peers>();
  const results: Result[] = [];
  const onLine = (text: string): void => {
    const line = parseLine(text);
    if (line === null) return;
    if (line.kind === "peer") {
      const { peer, version, absent } = line;
      peers.set(peer, { peer, version, absent });
      return;
    }
    const { peer, case: name } = line;
    o.onResult?.(peer, name);
    const outcome: PeerOutcome = line.kind === "skipped"
      ? { kind: "skipped", reason: line.reason }
      : {
        kind: "timed",
        samplesMs: line.samplesMs,
        medianMs: medianOf(line.samplesMs),
        note: line.note,
      };
    results.push({ peer, case: name, outcome });
  };
  for (const { command, names } of commandsOf(o)) {
    const failure = await runProcess(cases, { ...o, command }, onLine);
    for (const peer of names) {
      if (peers.has(peer)) continue;
      peers.set(peer, { peer, version: null, absent: failure ?? "its script did not name it" });
    }
    if (failure !== null) results.push(...unfinished(cases, { names, peers, results, failure }));
  }
  return { peers: [...peers.values()], results };
}

function commandsOf(o: RunPeersOptions): readonly {
  readonly command: readonly [string, ...string[]];
  readonly names: readonly PeerName[];
}[] {
  if (o.command !== undefined) return [{ command: o.command, names: PEER_NAMES }];
  return SCRIPTS.map(({ program, file, peers }) => ({
    command: [program, new URL(file, import.meta.url).pathname],
    names: peers,
  }));
}

/** What a process that broke left undone is said, not left out. */
function unfinished(cases: readonly KernelCase[], o: {
  readonly names: readonly PeerName[];
  readonly peers: ReadonlyMap<string, Peers>;
  readonly results: readonly Result[];
  readonly failure: string;
}): Result[] {
  return cases.flatMap((each) =>
    each.peers.filter((peer) => o.names.includes(peer)).flatMap((peer): Result[] => {
      const answers = o.peers.get(peer)?.absent === null;
      const done = o.results.some((result) => result.peer === peer && result.case === each.name);
      if (!answers || done) return [];
      return [{ peer, case: each.name, outcome: { kind: "skipped", reason: o.failure } }];
    })
  );
}

function parseLine(text: string): z.output<typeof lineSchema> | null {
  // Libraries print on standard output too.
  if (!text.startsWith("{")) return null;
  return lineSchema.parse(JSON.parse(text));
}

/** Runs the script over the cases; gives why it failed, or null. */
async function runProcess(
  cases: readonly KernelCase[],
  o: RunPeersOptions & { readonly command: readonly [string, ...string[]] },
  onLine: (text: string) => void,
): Promise<string | null> {
  const [program, ...args] = o.command;
  const deadlineSeconds = o.deadlineSeconds ?? 150;
  const timeout = AbortSignal.timeout((deadlineSeconds + GRACE_SECONDS) * 1000);
  const signal = o.signal === undefined ? timeout : AbortSignal.any([o.signal, timeout]);
  const child = spawn(program, args, signal);
  if (typeof child === "string") return child;
  const { runs, seed } = o;
  const request = JSON.stringify({ runs, seed, deadlineSeconds, cases });
  const errors = lastText(child.stderr);
  await new Response(request).body!.pipeTo(child.stdin).catch(() => {
    // It ended before it had read everything; its exit code says why.
  });
  let rest = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    lines.forEach(onLine);
  }
  const status = await child.status;
  const said = await errors;
  o.signal?.throwIfAborted();
  if (status.success) return null;
  return timeout.aborted
    ? `${program} was stopped after ${deadlineSeconds + GRACE_SECONDS} seconds`
    : `${program} ended with exit code ${status.code}: ${said}`;
}

function spawn(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Deno.ChildProcess | string {
  const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const start = (clearEnv: boolean): Deno.ChildProcess =>
    new Deno.Command(program, { args: [...args], signal, clearEnv, ...pipes }).spawn();
  try {
    return start(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no ${program}`;
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    // Variables that load libraries into a child need the permission to run anything at all.
    if (!error.message.includes("environment variable")) {
      return `${program} may not be run; give --allow-run=${program}`;
    }
    return start(true);
  }
}

/** The last line of a stream that is not empty. */
async function lastText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const lines = (await new Response(stream).text()).trim().split("\n");
  return lines.at(-1)!.slice(0, 300);
}
