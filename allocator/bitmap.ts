/**
 * Hierarchical bitmaps: sets of ordinals in [0, size) whose least member is found by touching a few
 * words. Level 0 has one bit an ordinal; a bit of level k + 1 says that a word of level k is not
 * empty. All sets of one object are equally large and share one array, N/8 bytes each and 1/31 more.
 * There are three levels or more, so that the lowest three are walked without a loop over levels.
 *
 * Hot paths: arguments are positional and nothing is allocated. A branch that cannot be foreseen
 * costs more than the few words that it would spare, so there are as few as possible.
 *
 * @module
 */

/** Sets of ordinals. Words are int32, because values of 2^31 and more would be boxed. */
export interface Bitmaps {
  /** Number of ordinals that a set can hold. */
  readonly size: number;
  /** All words: for each set level 0, then level 1, up to a level of one word. */
  readonly words: Int32Array;
  /** Words of one set over all levels. */
  readonly stride: number;
  /** Where each level starts in a set's words; int32 [levels]. */
  readonly levelStarts: Int32Array;
  /** For each set a level-0 word before which all words are empty; int32 [sets]. */
  readonly firstWords: Int32Array;
}

const LEAST_LEVELS = 3;

/**
 * Creates sets that hold every ordinal.
 *
 * @param sets Number of sets, ≥ 1.
 * @param size Ordinals of each, ≥ 1.
 */
export function createFullBitmaps(sets: number, size: number): Bitmaps {
  const counts = [size];
  const starts = [0];
  let stride = 0;
  do {
    const words = Math.ceil(counts[counts.length - 1] / 32);
    stride += words;
    counts.push(words);
    starts.push(stride);
  } while (counts[counts.length - 1] > 1 || starts.length <= LEAST_LEVELS);
  const levels = starts.length - 1;
  const words = new Int32Array(sets * stride);
  for (let level = 0; level < levels; level++) {
    words.fill(-1, starts[level], starts[level + 1]);
    const rest = counts[level] % 32;
    if (rest !== 0) words[starts[level + 1] - 1] = (1 << rest) - 1;
  }
  for (let set = 1; set < sets; set++) words.copyWithin(set * stride, 0, stride);
  return {
    size,
    words,
    stride,
    levelStarts: Int32Array.from(starts.slice(0, levels)),
    firstWords: new Int32Array(sets),
  };
}

/**
 * Takes the least ordinal out of a set.
 *
 * @param set A set that is not empty; the caller makes sure of it.
 */
export function takeLeast(bitmaps: Bitmaps, set: number): number {
  const { words, stride, firstWords } = bitmaps;
  const base = set * stride;
  let first = firstWords[set];
  let word = words[base + first];
  if (word === 0) {
    first = findFirstWord(bitmaps, base, 0);
    firstWords[set] = first;
    word = words[base + first];
  }
  const rest = word & (word - 1);
  words[base + first] = rest;
  if (rest === 0) clearAbove(bitmaps, base, first, 1);
  return first * 32 + lowestBit(word);
}

/**
 * Takes the least ordinals out of a set, ascending, in one walk: of the lowest three levels the words
 * on the way are kept at hand, and each is written once when it is left.
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
  const { words, stride, levelStarts, firstWords } = bitmaps;
  if (count === 0) return;
  const base = set * stride;
  const [middle, upper] = [base + levelStarts[1], base + levelStarts[2]];
  const end = start + count;
  let at = start;
  let place = 0;
  while (at < end) {
    const upperPlace = findFirstWord(bitmaps, base, 2);
    let upperWord = words[upper + upperPlace];
    do {
      const middlePlace = upperPlace * 32 + lowestBit(upperWord);
      let middleWord = words[middle + middlePlace];
      do {
        place = middlePlace * 32 + lowestBit(middleWord);
        let word = words[base + place];
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
        words[base + place] = word;
        middleWord = withoutLowestIf(middleWord, word);
      } while (middleWord !== 0 && at < end);
      words[middle + middlePlace] = middleWord;
      upperWord = withoutLowestIf(upperWord, middleWord);
    } while (upperWord !== 0 && at < end);
    words[upper + upperPlace] = upperWord;
    if (upperWord === 0) clearAbove(bitmaps, base, upperPlace, 3);
  }
  firstWords[set] = place;
}

/**
 * Puts ordinals of one level-0 word into a set: several that lie together cost no more than one.
 *
 * @param place The word: ordinals [32·place, 32·place + 32).
 * @param bits A bit for each of them that is put in; the set holds none of these.
 */
export function addBits(bitmaps: Bitmaps, set: number, place: number, bits: number): void {
  const { words, stride, levelStarts, firstWords } = bitmaps;
  const base = set * stride;
  const word = words[base + place];
  words[base + place] = word | bits;
  if (word !== 0) return;
  if (place < firstWords[set]) firstWords[set] = place;
  const middlePlace = place >>> 5;
  words[base + levelStarts[1] + middlePlace] |= 1 << (place & 31);
  const upperPlace = place >>> 10;
  const at = base + levelStarts[2] + upperPlace;
  const upperWord = words[at];
  words[at] = upperWord | (1 << (middlePlace & 31));
  if (upperWord !== 0) return;
  let below = upperPlace;
  for (let level = 3; level < levelStarts.length; level++) {
    words[base + levelStarts[level] + (below >>> 5)] |= 1 << (below & 31);
    below >>>= 5;
  }
}

/** Tells whether a set holds an ordinal. */
export function hasOrdinal(bitmaps: Bitmaps, set: number, ordinal: number): boolean {
  const word = bitmaps.words[set * bitmaps.stride + (ordinal >>> 5)];
  return (word >>> (ordinal & 31) & 1) === 1;
}

/**
 * Checks a set's upper levels and its first word against level 0. O(size).
 *
 * @returns The first word that contradicts the level below it, or −1.
 */
export function findBrokenWord(bitmaps: Bitmaps, set: number): number {
  const { words, stride, levelStarts, firstWords, size } = bitmaps;
  const base = set * stride;
  for (let place = 0; place < firstWords[set]; place++) {
    if (words[base + place] !== 0) return place;
  }
  let count = size;
  for (let level = 0; level < levelStarts.length; level++) {
    const below = level === 0 ? -1 : levelStarts[level - 1];
    for (let i = 0; i < Math.ceil(count / 32) * 32; i++) {
      const place = levelStarts[level] + (i >>> 5);
      const bit = words[base + place] >>> (i & 31) & 1;
      const beyond = i >= count;
      const expected = level > 0 && !beyond && words[base + below + i] !== 0 ? 1 : 0;
      if ((beyond || level > 0) && bit !== expected) return place;
    }
    count = Math.ceil(count / 32);
  }
  return -1;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** A word without its lowest bit where what that bit stands for is empty; without a branch. */
function withoutLowestIf(word: number, below: number): number {
  return word & (word - (below === 0 ? 1 : 0));
}

/** The least word of a level that is not empty. */
function findFirstWord({ words, levelStarts }: Bitmaps, base: number, level: number): number {
  let place = 0;
  for (let above = levelStarts.length - 1; above > level; above--) {
    place = place * 32 + lowestBit(words[base + levelStarts[above] + place]);
  }
  return place;
}

function clearAbove(
  { words, levelStarts }: Bitmaps,
  base: number,
  below: number,
  from: number,
): void {
  let place = below;
  for (let level = from; level < levelStarts.length; level++) {
    const bit = 1 << (place & 31);
    place >>>= 5;
    const at = base + levelStarts[level] + place;
    const rest = words[at] & ~bit;
    words[at] = rest;
    if (rest !== 0) return;
  }
}
