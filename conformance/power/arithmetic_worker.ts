/** Judges the kernel mutants in one arithmetic after the other, beside other workers. */
/// <reference lib="deno.worker" />
import { FIELD_ARITHMETICS } from "../../kernel/mod.ts";
import { judgeInArithmetic } from "./arithmetic_kills.ts";

self.onmessage = async ({ data }: MessageEvent<string>) => {
  const field = FIELD_ARITHMETICS.find(({ name }) => name === data)!;
  self.postMessage(await judgeInArithmetic(field));
};
