/** The order in which sides alternate. */

/** One replay to make. */
export interface Turn {
  /** Index of the pair, from 0. */
  readonly pair: number;
  /** Index of the side. */
  readonly side: number;
}

/**
 * Interleaves the sides: pairs go forwards and backwards in turn (A B, B A, …; with three sides
 * A B C, C B A, …), so that a steady drift of the machine hits every side alike.
 */
export function interleaveSides(o: { sides: number; pairs: number }): readonly Turn[] {
  const turns: Turn[] = [];
  for (let pair = 0; pair < o.pairs; pair++) {
    for (let i = 0; i < o.sides; i++) {
      turns.push({ pair, side: pair % 2 === 0 ? i : o.sides - 1 - i });
    }
  }
  return turns;
}
