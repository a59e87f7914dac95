/** Lists of `name=value` whose parts are read where they are used: here only what no part can be. */

import { nearestWord } from "../../fixtures/nearest_word.ts";

/**
 * Makes a parser that accepts `name=value` with commas between, and gives the text as it is.
 *
 * @param o What a value looks like, and an example of one part.
 * @returns A parser that throws with the names, or with the likely one.
 */
export function pairListOf(
  names: readonly string[],
  o: { readonly value: RegExp; readonly example: string },
): (text: string) => string {
  return (text) => {
    const seen = new Set<string>();
    for (const part of text.split(",")) {
      const [name = "", value = "", ...more] = part.split("=").map((word) => word.trim());
      if (!names.includes(name)) {
        const nearest = nearestWord(name, names);
        const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
        throw new RangeError(`expected ${names.join(", ")} with a value, as ${o.example}${hint}`);
      }
      if (seen.has(name)) throw new RangeError(`expected '${name}' once`);
      seen.add(name);
      if (more.length === 0 && o.value.test(value)) continue;
      throw new RangeError(`expected a value of '${name}' as in ${o.example}`);
    }
    return text;
  };
}
