/** A seeded stream of pseudo-random numbers. Not for cryptography. */
export interface Random {
  /** The next integer, uniform in [0, 2^32). */
  nextUint32(): number;
  /** The next number with 53 random bits, uniform in [0, 1). */
  nextFloat(): number;
  /** The next integer, uniform in [0, n) without modulo bias; n an integer in [1, 2^32]. */
  nextBelow(n: number): number;
  /** The next number of the standard normal distribution (mean 0, variance 1). */
  nextNormal(): number;
  /** Fills an array with the next normals: the numbers that as many calls of `nextNormal` give. */
  fillNormals(out: Float32Array | Float64Array): void;
}

const TWO_POW_32 = 4294967296;

// Seeds that differ in one bit would start xoshiro in correlated states; splitmix32 spreads them.
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/**
 * Creates the project's one random generator: xoshiro128** (Blackman and Vigna, 2018), its state
 * filled by splitmix32. The same seed gives the same stream on every machine.
 *
 * @param seed Any safe integer; both its low and its high 32 bits matter.
 * @throws {RangeError} When the seed is no safe integer, and by `nextBelow` when n is out of range.
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`Cannot seed a generator with "${seed}": give a safe integer`);
  }
  const fill = splitmix32((seed >>> 0) ^ Math.imul(Math.floor(seed / TWO_POW_32), 0x85ebca6b));
  const state = new Int32Array(4);
  // splitmix32 never repeats a value within its period, so the all-zero state, the generator's one
  // fixed point, cannot come up.
  for (let i = 0; i < 4; i++) state[i] = fill();

  function nextUint32(): number {
    const s1 = state[1];
    const scaled = Math.imul(s1, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const s2 = state[2] ^ state[0];
    const s3 = state[3] ^ s1;
    state[0] ^= s3;
    state[1] = s1 ^ s2;
    state[2] = s2 ^ (s1 << 9);
    state[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  function nextFloat(): number {
    const high = nextUint32() >>> 5;
    const low = nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  function nextBelow(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_POW_32) {
      throw new RangeError(`Cannot draw below "${n}": the bound is an integer in [1, 2^32]`);
    }
    const limit = TWO_POW_32 - (TWO_POW_32 % n);
    let draw = nextUint32();
    while (draw >= limit) draw = nextUint32();
    return draw % n;
  }

  // Marsaglia's polar method: two normals from one accepted point of the unit disc.
  function drawPair(out: Float32Array | Float64Array, at: number): void {
    let x = 0;
    let y = 0;
    let squared = 0;
    do {
      x = 2 * nextFloat() - 1;
      y = 2 * nextFloat() - 1;
      squared = x * x + y * y;
    } while (squared >= 1 || squared === 0);
    const factor = Math.sqrt(-2 * Math.log(squared) / squared);
    out[at] = x * factor;
    out[at + 1] = y * factor;
  }

  const pair = new Float64Array(2);
  let hasSpare = false;

  function nextNormal(): number {
    hasSpare = !hasSpare;
    if (!hasSpare) return pair[1];
    drawPair(pair, 0);
    return pair[0];
  }

  function fillNormals(out: Float32Array | Float64Array): void {
    let filled = 0;
    if (hasSpare && out.length > 0) out[filled++] = nextNormal();
    for (; filled + 1 < out.length; filled += 2) drawPair(out, filled);
    if (filled < out.length) out[filled] = nextNormal();
  }

  return { nextUint32, nextFloat, nextBelow, nextNormal, fillNormals };
}

/**
 * Draws a uniform permutation of 0..n-1 (Fisher and Yates, Durstenfeld's form).
 *
 * @param random The stream to draw from; n − 1 numbers or a few more are consumed.
 * @throws {RangeError} When n is no integer in [0, 2^31).
 */
export function shufflePermutation(n: number, random: Random): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2147483648) {
    throw new RangeError(`Cannot permute "${n}" elements: the count is an integer in [0, 2^31)`);
  }
  const permutation = new Uint32Array(n);
  for (let i = 0; i < n; i++) permutation[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = random.nextBelow(i + 1);
    const held = permutation[i];
    permutation[i] = permutation[j];
    permutation[j] = held;
  }
  return permutation;
}
