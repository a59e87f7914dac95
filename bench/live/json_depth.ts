/** How deep a JSON text nests, told before anything parses it. */

/**
 * Tells whether lists and objects of a text nest deeper than is allowed. One pass, whatever the text
 * is: where it is not JSON, a parser says so.
 *
 * @param maxDepth Most lists and objects around one value.
 * @returns True once one more is opened.
 */
export function isNestedDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === BRACKET || code === BRACE) {
      if (++depth > maxDepth) return true;
    } else if (code === BRACKET_END || code === BRACE_END) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = [...'"\\[]{}']
  .map((character) => character.charCodeAt(0)) as [number, number, number, number, number, number];
