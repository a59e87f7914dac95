/**
 * Times other implementations on the same steps, in processes of their own. Each gets a case when the
 * kernel has just been timed on it, so that both see the same card and a run that is cut has pairs.
 */

import { z } from "zod";
import type { KernelCase, PeerName } from "./case.ts";
import { PEER_NAMES, peerSchema } from "./case_schema.ts";
import { medianOf } from "./figures.ts";
import type { PeerOutcome, PeersReport } from "./result_schema.ts";

/** Options of {@linkcode openPeers}. */
export interface OpenPeersOptions {
  /** Timed runs of each. */
  readonly runs: number;
  /** Seed of contents. */
  readonly seed: number;
  /** After so many seconds of a script it begins no further case. @default {150} */
  readonly deadlineSeconds?: number;
  /** Called with each line that a peer says. */
  readonly onResult?: (peer: string, caseName: string) => void;
  /** Stops them. */
  readonly signal?: AbortSignal;
  /** Program and arguments in place of the scripts that come with the project, for tests. */
  readonly command?: readonly [string, ...string[]];
}

/** Peers that wait for cases. */
export interface PeerSession {
  /** Times every peer that the case names; gives all that was found so far. */
  readonly time: (kernelCase: KernelCase) => Promise<PeersReport>;
  /** Ends their processes. */
  readonly close: () => Promise<void>;
}

/** A script and the peers that it times. */
interface PeerScript {
  readonly command: readonly [string, ...string[]];
  readonly names: readonly PeerName[];
}

const script = (program: string, file: string, names: readonly PeerName[]): PeerScript => ({
  command: [program, new URL(`../peers/${file}`, import.meta.url).pathname],
  names,
});

/** The scripts that come with the project. */
const SCRIPTS: readonly PeerScript[] = [
  script("python3", "torch_attention.py", ["sdpa-flash", "sdpa-cudnn", "flex-attention"]),
  script("python3", "paged_triton.py", ["triton"]),
  script("node", "ort_attention.mjs", ["ort-webgpu"]),
  script("python3", "llama_ops.py", ["llama-vulkan"]),
];

const DEFAULT_DEADLINE_SECONDS = 150;
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
  z.strictObject({ kind: z.literal("done"), case: z.string() }),
]);

type Line = z.output<typeof lineSchema>;
type Peers = PeersReport["peers"][number];
type Result = PeersReport["results"][number];

/**
 * Makes every peer that is installed ready for cases; a script starts with the first case that names one
 * of its peers. A peer that is absent, that refuses a shape or that breaks is reported as such and is no
 * fault.
 */
export function openPeers(o: OpenPeersOptions): PeerSession {
  const peers = new Map<string, Peers>();
  const results: Result[] = [];
  const report = (): PeersReport => ({ peers: [...peers.values()], results: [...results] });
  const { deadlineSeconds = DEFAULT_DEADLINE_SECONDS } = o;
  const given = o.command === undefined ? SCRIPTS : [{ command: o.command, names: PEER_NAMES }];
  const scripts = given.map((each) => ({
    ...each,
    deadlineMs: deadlineSeconds * 1000,
    process: null as PeerProcess | null,
  }));
  const take = (line: Line): void => {
    if (line.kind === "done") return;
    const { peer } = line;
    if (line.kind === "peer") {
      peers.set(peer, { peer, version: line.version, absent: line.absent });
      return;
    }
    o.onResult?.(peer, line.case);
    results.push({ peer, case: line.case, outcome: outcomeOf(line) });
  };
  const timeWith = async (script: typeof scripts[number], kernelCase: KernelCase) => {
    const asked = kernelCase.peers.filter((peer) => script.names.includes(peer));
    if (asked.length === 0) return;
    script.process ??= startProcess(script.command, { ...o, deadlineSeconds });
    const began = performance.now();
    const failure = script.deadlineMs <= 0
      ? `${deadlineSeconds} seconds for peers were over`
      : await script.process.ask({ ...kernelCase, peers: asked }, take);
    script.deadlineMs -= performance.now() - began;
    // Stopped by the user: nothing is said of what was not timed.
    if (o.signal?.aborted) return;
    for (const peer of script.names) {
      if (peers.has(peer)) continue;
      peers.set(peer, { peer, version: null, absent: failure ?? "its script did not name it" });
    }
    // What a process that broke left undone is said, not left out.
    for (const peer of failure === null ? [] : asked) {
      const isDone = results.some((each) => each.peer === peer && each.case === kernelCase.name);
      if (isDone || peers.get(peer)?.absent !== null) continue;
      results.push({
        peer,
        case: kernelCase.name,
        outcome: { kind: "skipped", reason: failure! },
      });
    }
  };
  return {
    time: async (kernelCase) => {
      for (const script of scripts) await timeWith(script, kernelCase);
      return report();
    },
    close: async () => {
      for (const { process } of scripts) await process?.close();
    },
  };
}

function outcomeOf(line: Extract<Line, { kind: "timed" | "skipped" }>): PeerOutcome {
  if (line.kind === "skipped") return { kind: "skipped", reason: line.reason };
  const { samplesMs, note } = line;
  return { kind: "timed", samplesMs, medianMs: medianOf(samplesMs), note };
}

function parseLine(text: string): Line | null {
  // Libraries print on standard output too.
  if (!text.startsWith("{")) return null;
  return lineSchema.parse(JSON.parse(text));
}

/** A script that runs. */
interface PeerProcess {
  /** Hands over a case and takes lines until it is done; gives why it failed, or null. */
  readonly ask: (kernelCase: KernelCase, onLine: (line: Line) => void) => Promise<string | null>;
  /** Lets it end. */
  readonly close: () => Promise<void>;
}

function startProcess(
  [program, ...args]: readonly [string, ...string[]],
  o: OpenPeersOptions & { readonly deadlineSeconds: number },
): PeerProcess {
  const late = new AbortController();
  const signal = o.signal === undefined ? late.signal : AbortSignal.any([o.signal, late.signal]);
  const child = spawn(program, args, signal);
  if (typeof child === "string") {
    return { ask: () => Promise.resolve(child), close: () => Promise.resolve() };
  }
  const { deadlineSeconds } = o;
  const input = child.stdin.getWriter();
  const errors = lastText(child.stderr);
  const lines = linesOf(child.stdout);
  const send = async (line: object): Promise<void> => {
    await input.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`)).catch(() => {
      // It ended before it had read everything; its exit code says why.
    });
  };
  const begun = send({ runs: o.runs, seed: o.seed, deadlineSeconds });
  let failure: string | null = null;
  return {
    ask: async (kernelCase, onLine) => {
      if (failure !== null) return failure;
      const seconds = deadlineSeconds + GRACE_SECONDS;
      const timer = setTimeout(() => late.abort(), seconds * 1000);
      await begun;
      await send(kernelCase);
      let isDone = false;
      while (!isDone) {
        const { value: text, done } = await lines.next();
        if (done) break;
        const line = parseLine(text);
        if (line === null) continue;
        onLine(line);
        isDone = line.kind === "done" && line.case === kernelCase.name;
      }
      clearTimeout(timer);
      if (isDone) return null;
      const { code } = await child.status;
      const said = await errors;
      failure = late.signal.aborted
        ? `${program} was stopped after ${seconds} seconds`
        : `${program} ended with exit code ${code}: ${said}`;
      return failure;
    },
    close: async () => {
      await input.close().catch(() => {
        // It has ended by itself.
      });
      while (!(await lines.next()).done) {
        // What it still says belongs to no case.
      }
      await child.status;
      await errors;
    },
  };
}

async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  return undefined;
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
