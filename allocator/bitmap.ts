/**
 * Bitmaps of three levels: sets of ordinals in [0, size) whose least member is found by touching a few
 * words. Level 0 has one bit an ordinal; a bit of level 1 or 2 says that a word of the level below is
 * not empty. All sets of one object are equally large, N/8 bytes each and 1/31 more.
 *
 * Level 2 has a word for 32,768 ordinals and is scanned from the first one that can hold any: a word
 * costs less than the branch that would spare it, so that further levels were slower at a million.
 *
 * Hot paths: arguments are positional and nothing is allocated. `| 0` and `Math.imul` say that a sum is
 * an int32, which spares a check for overflow at each step.
 *
 * @module
 */

/** Sets of ordinals. Words are int32, because values of 2^31 and more would be boxed. */
export interface Bitmaps {
  /** Number of ordinals that a set can hold. */
  readonly size: number;
  /** Words of a set in the lowest level. */
  readonly words0: number;
  /** Words of a set in the level above. */
  readonly words1: number;
  /** Words of a set in the highest level. */
  readonly words2: number;
  /** The lowest level of all sets; int32 [sets, words0]. */
  readonly level0: Int32Array;
  /** The level above; int32 [sets, words1]. */
  readonly level1: Int32Array;
  /** The highest level; int32 [sets, words2]. */
  readonly level2: Int32Array;
  /** For each set a level-0 word before which all words are empty; int32 [sets]. */
  readonly firstWords: Int32Array;
}

/**
 * Creates sets that hold every ordinal.
 *
 * @param sets Number of sets, ≥ 1.
 * @param size Ordinals of each, ≥ 1.
 */
export function createFullBitmaps(sets: number, size: number): Bitmaps {
  const words0 = Math.ceil(size / 32);
  const words1 = Math.ceil(words0 / 32);
  const words2 = Math.ceil(words1 / 32);
  return {
    size,
    words0,
    words1,
    words2,
    level0: fullLevel(sets, words0, size),
    level1: fullLevel(sets, words1, words0),
    level2: fullLevel(sets, words2, words1),
    firstWords: new Int32Array(sets),
  };
}

function fullLevel(sets: number, words: number, bits: number): Int32Array {
  const level = new Int32Array(sets * words).fill(-1);
  const rest = bits % 32;
  for (let set = 1; set <= sets && rest !== 0; set++) level[set * words - 1] = (1 << rest) - 1;
  return level;
}

/**
 * Takes the least ordinal out of a set.
 *
 * @param set A set that is not empty; the caller makes sure of it.
 */
export function takeLeast(bitmaps: Bitmaps, set: number): number {
  const { level0, words0, firstWords } = bitmaps;
  const base0 = Math.imul(set, words0);
  let place = firstWords[set];
  if (level0[base0 + place | 0] === 0) {
    place = findFirstWord(bitmaps, set, place);
    firstWords[set] = place;
  }
  const word = level0[base0 + place | 0];
  const rest = word & word - 1;
  level0[base0 + place | 0] = rest;
  if (rest === 0) clearAbove(bitmaps, set, place);
  return place * 32 + lowestBit(word) | 0;
}

/** The first word that is not empty, of a set that has none before `from`. */
function findFirstWord(bitmaps: Bitmaps, set: number, from: number): number {
  const { level1, level2, words1, words2 } = bitmaps;
  const base2 = Math.imul(set, words2);
  let upper = from >>> 10;
  while (level2[base2 + upper | 0] === 0) upper++;
  const middle = upper * 32 + lowestBit(level2[base2 + upper | 0]) | 0;
  return middle * 32 + lowestBit(level1[Math.imul(set, words1) + middle | 0]) | 0;
}

/** Notes that a word has become empty. */
function clearAbove({ level1, level2, words1, words2 }: Bitmaps, set: number, place: number): void {
  const middle = place >>> 5;
  const at = Math.imul(set, words1) + middle | 0;
  const rest = level1[at] & ~(1 << place);
  level1[at] = rest;
  if (rest === 0) level2[Math.imul(set, words2) + (middle >>> 5) | 0] &= ~(1 << middle);
}

/**
 * Takes the least ordinals out of a set, ascending, in one walk: words on the way are kept at hand,
 * and each is written once when it is left.
 *
 * @param set A set that holds as many; the caller makes sure of it.
 * @param count How many, ≥ 0.
 */
export function takeLeastOf(
  bitmaps: Bitmaps,
  set: number,
  into: Int32Array,
  start: number,
  count: number,
): void {
  if (count === 0) return;
  const { level0, level1, level2, words0, words1, words2, firstWords } = bitmaps;
  const [base0, base1, base2] = [set * words0, set * words1, set * words2];
  const end = start + count;
  let at = start;
  let place = firstWords[set];
  let upper = place >>> 10;
  while (at < end) {
    while (level2[base2 + upper] === 0) upper++;
    let upperWord = level2[base2 + upper];
    do {
      const middle = upper * 32 + lowestBit(upperWord);
      let middleWord = level1[base1 + middle];
      do {
        place = middle * 32 + lowestBit(middleWord);
        let word = level0[base0 + place];
        const first = place * 32;
        if (word === -1 && end - at >= 32) {
          for (let bit = 0; bit < 32; bit++) into[at + bit] = first + bit;
          at += 32;
          word = 0;
        } else {
          do {
            into[at++] = first + lowestBit(word);
            word &= word - 1;
          } while (word !== 0 && at < end);
        }
        level0[base0 + place] = word;
        middleWord = withoutLowestIf(middleWord, word);
      } while (middleWord !== 0 && at < end);
      level1[base1 + middle] = middleWord;
      upperWord = withoutLowestIf(upperWord, middleWord);
    } while (upperWord !== 0 && at < end);
    level2[base2 + upper] = upperWord;
  }
  firstWords[set] = place;
}

/** Puts an ordinal into a set that does not hold it. */
export function addOrdinal(bitmaps: Bitmaps, set: number, ordinal: number): void {
  const { level0, level1, level2, words0, words1, words2, firstWords } = bitmaps;
  const place = ordinal >>> 5;
  const at = Math.imul(set, words0) + place | 0;
  const word = level0[at];
  level0[at] = word | 1 << ordinal;
  if (word !== 0) return;
  level1[Math.imul(set, words1) + (place >>> 5) | 0] |= 1 << place;
  level2[Math.imul(set, words2) + (place >>> 10) | 0] |= 1 << (place >>> 5);
  if (place < firstWords[set]) firstWords[set] = place;
}

/** Tells whether a set holds an ordinal. */
export function hasOrdinal({ level0, words0 }: Bitmaps, set: number, ordinal: number): boolean {
  return isSet(level0, set * words0, ordinal);
}

/**
 * Checks a set's upper levels and its first word against level 0. O(size).
 *
 * @returns The first word that contradicts the level below it, those of level 1 counted behind those
 *   of level 0, or −1.
 */
export function findBrokenWord(bitmaps: Bitmaps, set: number): number {
  const { level0, level1, level2, words0, words1, words2, firstWords, size } = bitmaps;
  const [base0, base1, base2] = [set * words0, set * words1, set * words2];
  for (let word = 0; word < firstWords[set]; word++) if (level0[base0 + word] !== 0) return word;
  if (size % 32 !== 0 && level0[base0 + words0 - 1] >>> size % 32 !== 0) return words0 - 1;
  const levels = [
    { above: level1, from: base1, below: level0.subarray(base0, base0 + words0), before: words0 },
    {
      above: level2,
      from: base2,
      below: level1.subarray(base1, base1 + words1),
      before: words0 + words1,
    },
  ];
  for (const { above, from, below, before } of levels) {
    for (let bit = 0; bit < Math.ceil(below.length / 32) * 32; bit++) {
      const expected = bit < below.length && below[bit] !== 0;
      if (isSet(above, from, bit) !== expected) return before + (bit >>> 5);
    }
  }
  return -1;
}

function isSet(level: Int32Array, base: number, bit: number): boolean {
  return (level[base + (bit >>> 5)] >>> (bit & 31) & 1) === 1;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** A word without its lowest bit where what that bit stands for is empty; without a branch. */
function withoutLowestIf(word: number, below: number): number {
  return word & (word - (below === 0 ? 1 : 0));
}
