/** The commands that write results, as a killer sees them: how to start, to read and to continue. */
import { parseKernelResult, parseResult, parseSweep } from "../../bench/mod.ts";
import { parseReport } from "../../conformance/mod.ts";

/** A command that writes a file. */
export interface Writer {
  /** Name in reports. */
  readonly name: string;
  /** Arguments that start it, the file's path put in place of `OUT`. */
  readonly args: readonly string[];
  /** Arguments that make it continue; null where it starts again. */
  readonly resume: readonly string[] | null;
  /** What a stopped run says on standard error. */
  readonly stopped: RegExp;
  /** Reads a file; gives how much of the run is in it, or throws where it is torn. */
  readonly progress: (text: string, file: string) => number;
  /** Longest time from its start to its end on a slow machine, in milliseconds: kills fall inside. */
  readonly spanMs: number;
}

/** Every command that writes results over time. */
export const WRITERS: readonly Writer[] = [
  {
    name: "bench",
    args: ["bench", "--clock", "model", "--pairs", "60", "--out", "OUT"],
    resume: ["--resume"],
    stopped: /\d+ of 60 pairs are kept in .*--resume|^Stopped$/m,
    progress: (text, file) => parseResult(text, { file }).sides[0].runs.length,
    spanMs: 2000,
  },
  {
    name: "sweep",
    args: [
      ...["sweep", "run", "--window", "16,32,48,64", "--batch", "1,2,3,4,5,6,7,8", "--pairs", "4"],
      ...["--out", "OUT"],
    ],
    resume: [],
    stopped: /\d+ of \d+ points are kept in .*repeat the command/,
    progress: (text, file) => parseSweep(text, { file }).rows.length,
    spanMs: 1500,
  },
  {
    name: "conformance",
    args: ["conformance", "--subject", "oracle", "--filter", "allocator", "--out", "OUT"],
    resume: ["--resume"],
    stopped: /Stopped after \d+ of \d+ cases, which are kept in .*--resume/,
    progress: (text, file) => parseReport(text, file).cases.length,
    spanMs: 1200,
  },
  {
    name: "kernel bench",
    args: ["kernel", "bench", "--set", "smoke", "--runs", "8", "--checks", "1", "--json", "OUT"],
    resume: null,
    stopped: /Stopped after \d+ of \d+ cases; /,
    progress: (text, file) => parseKernelResult(text, { file }).cases.length,
    spanMs: 3000,
  },
];
