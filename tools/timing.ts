/** What scripts share that time things: the processor's time, and processes of their own. */

import process from "node:process";
import { median } from "../bench/statistics/mod.ts";

/** Time of the processor that this process took so far, in milliseconds: others' is not in it. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Ratios as a column of a table: their median, the least and the most. */
export function describeRatios(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return `${median(ratios).toFixed(2).padStart(13)}  ${least.toFixed(2).padStart(7)} … ` +
    most.toFixed(2).padEnd(5);
}

/**
 * Runs a script in a process of its own, where nothing spoils its compiled code or its memory.
 *
 * @param o Address of the script, flags of Deno, arguments, and what it means when it fails.
 * @returns What it prints.
 */
export async function runScript(o: {
  readonly url: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
  readonly failure: string;
}): Promise<string> {
  const { success, stdout } = await new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...o.flags, new URL(o.url).pathname, ...o.args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(o.failure);
  return new TextDecoder().decode(stdout);
}
