/** Prompts of a wanted number of tokens, made up from words. */

import { createRandom } from "../../allocator/mod.ts";
import type { TraceRequest } from "../../fixtures/mod.ts";

/**
 * Words that common vocabularies hold whole, with the space before them. A word is therefore taken
 * for a token; how many there really were is told by the server's usage counts alone.
 */
const WORDS =
  ("the of and to in is that for it as was with be by on not he his but at are this have from or " +
    "had an they which one you were all her she there would their we him been has when who will " +
    "more no if out so said what up its about into than them can only other time new some could " +
    "these two may first then do any like my now over such our man me even most made after also")
    .split(
      " ",
    );

/** What a prompt is made from. */
export interface PromptOptions {
  /** Tells runs apart, so that no run finds the prompts of another in a server's prefix cache. */
  readonly seed: number;
  /** Tokens of a prefix block of the trace. @default {512} */
  readonly blockTokens?: number;
}

/**
 * Makes the words of a prompt. Requests with equal prefix blocks get equal words there, so that a
 * server with a prefix cache finds what the trace says it would; all else is drawn again.
 *
 * @param request Its length in tokens, and the blocks of its prompt.
 * @returns As many words as the prompt has tokens.
 */
export function promptWords(request: TraceRequest, o: PromptOptions): string[] {
  const blockTokens = o.blockTokens ?? 512;
  const blocks = request.prefixBlocks ?? [];
  const words: string[] = [];
  while (words.length < request.inputTokens) {
    const block = Math.floor(words.length / blockTokens);
    const end = Math.min(request.inputTokens, (block + 1) * blockTokens);
    const shared = block < blocks.length;
    const name = shared ? blocks[block] : 0x40000000 + request.id * 4096 + block;
    const random = createRandom(mix(o.seed, name));
    while (words.length < end) words.push(WORDS[random.nextBelow(WORDS.length)]);
  }
  return words;
}

/**
 * Token ids of a prompt, for servers that take them: exactly as many as wanted. They are small, so
 * that every vocabulary has them.
 *
 * @param request Its length in tokens, and the blocks of its prompt.
 * @param o Seed and size of a block.
 * @returns Ids in [1000, 1000 + number of words).
 */
export function promptIds(request: TraceRequest, o: PromptOptions): number[] {
  return promptWords(request, o).map((word) => 1000 + WORD_INDEX.get(word)!);
}

const WORD_INDEX: ReadonlyMap<string, number> = new Map(
  WORDS.map((word, index) => [word, index]),
);

/** One 32-bit seed from two numbers, the second one up to 2^53. */
function mix(seed: number, name: number): number {
  let hash = seed ^ 0x9e3779b9;
  for (const part of [name % 0x100000000, Math.floor(name / 0x100000000)]) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return hash >>> 0;
}
