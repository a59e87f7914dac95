// Codes of quantised caches: what both sides share.

//#if ANY_CODES
fn staticQuarter(at: u32) -> vec4<f32> {
  let start = params.scaleBase + at;
  return bitcast<vec4<f32>>(vec4<u32>(extras[start], extras[start + 1u], extras[start + 2u], extras[start + 3u]));
}

// Two values that the 16-bit type holds exactly.
fn packExact(pair: vec2<f32>) -> u32 {
//#if BF16
  let bits = bitcast<vec2<u32>>(pair);
  return (bits.x >> 16u) | (bits.y & 0xffff0000u);
//#else
  return pack2x16float(pair);
//#end
}

// Bytes 0 and 1 as the upper bytes of two halves.
fn fp8Spread(word: u32) -> u32 {
  return ((word & 0xffu) << 8u) | ((word & 0xff00u) << 16u);
}

// Codes as numbers without a conversion: under an exponent that gives their lowest bit the weight 1, a
// field of a word is the tail of an f32, and one subtraction, which is exact, leaves the code.

// Four int8, the lowest first. Turning the sign bit makes a code its value + 128.
fn int8Values(word: u32) -> vec4<f32> {
  let upper = word >> 16u;
  let biased = vec4<u32>(word & 0xffu, word & 0xff00u, upper & 0xffu, upper & 0xff00u) ^
    vec4<u32>(0x4b000080u, 0x47008000u, 0x4b000080u, 0x47008000u);
  return bitcast<vec4<f32>>(biased) - vec4<f32>(8388736.0, 32896.0, 8388736.0, 32896.0);
}

// Four 4-bit codes of a word, the lowest first: the lower ones plus INT4_LOW, the upper ones plus INT4_HIGH.
const INT4_LOW = vec4<f32>(8388608.0, 524288.0, 32768.0, 2048.0);
const INT4_HIGH = vec4<f32>(128.0, 8388608.0, 524288.0, 32768.0);

fn int4Low(word: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(
    (word & 0xfu) | 0x4b000000u,
    (word & 0xf0u) | 0x49000000u,
    (word & 0xf00u) | 0x47000000u,
    (word & 0xf000u) | 0x45000000u,
  ));
}

fn int4High(word: u32) -> vec4<f32> {
  let upper = word >> 20u;
  return bitcast<vec4<f32>>(vec4<u32>(
    (word & 0xf0000u) | 0x43000000u,
    (upper & 0xfu) | 0x4b000000u,
    (upper & 0xf0u) | 0x49000000u,
    (upper & 0xf00u) | 0x47000000u,
  ));
}

// A query in whole steps of two signed bytes: 127 · 256 + 127 of them are its largest element.
const MOST_STEPS = 32639.0;

// Bits of the largest magnitude, which order as the magnitudes do, with what is no number on top.
fn largestBits(values: vec4<f32>) -> u32 {
  let bits = bitcast<vec4<u32>>(values) & vec4<u32>(0x7fffffffu);
  return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

// Steps in 1, and none where the largest element is none or next to nothing: a step carries that on.
fn stepsPerUnit(largest: u32) -> f32 {
  let isPlain = largest >= 0x08000000u && largest < 0x7f800000u;
  return select(0.0, MOST_STEPS / bitcast<f32>(select(0x3f800000u, largest, isPlain)), isPlain);
}

fn packBytes(numbers: vec4<i32>) -> u32 {
  let bytes = vec4<u32>(numbers) & vec4<u32>(0xffu);
  return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

// Four numbers of steps as their upper and their lower bytes, both signed.
fn digitPair(numbers: vec4<i32>) -> vec2<u32> {
  return vec2<u32>(packBytes((numbers + vec4<i32>(128)) >> vec4<u32>(8u)), packBytes(numbers));
}

// The e4m3 codes in the upper bytes of two halves as f16 of 2^-8 times their value: sign, exponent and
// fraction come into place, and a code of all ones stays no number.
fn e4m3Pair(word: u32) -> u32 {
  let magnitudes = (word & 0x7f007f00u) >> 1u;
  return magnitudes | (word & 0x80008000u) | ((magnitudes + 0x00800080u) & 0x40004000u);
}

// Codes i and i + 4 of eight e2m1 as a pair of f16, 2^-14 times their value.
fn fp4Pairs(word: u32) -> vec4<u32> {
  let top = vec4<u32>(word << 12u, word << 8u, word << 4u, word);
  return ((top & vec4<u32>(0x70007000u)) >> vec4<u32>(3u)) | (top & vec4<u32>(0x80008000u));
}

// A block's scale, 2^-8 times its value.
fn blockScale(code: u32) -> f32 {
  return unpack2x16float(e4m3Pair(code << 8u)).x;
}

//#if MATRIX
// Bytes 0 and 2 of a word, signed, as f16: under the exponent of 1024 a code is its value + 1152.
fn int8Pair(word: u32) -> u32 {
  let biased = bitcast<vec2<f16>>((word & 0x00ff00ffu) ^ 0x64806480u);
  return bitcast<u32>(biased - vec2<f16>(1152.0));
}

// Eight e2m1 from fp4Pairs() times the e4m3 scale of their block: 2^-8 of their value, exactly.
fn scaledPairs(pairs: vec4<u32>, code: u32) -> vec4<u32> {
  let scale = bitcast<vec2<f16>>(e4m3Pair(code << 8u)).x * f16(16384.0);
  return vec4<u32>(
    bitcast<u32>(bitcast<vec2<f16>>(pairs.x) * scale),
    bitcast<u32>(bitcast<vec2<f16>>(pairs.y) * scale),
    bitcast<u32>(bitcast<vec2<f16>>(pairs.z) * scale),
    bitcast<u32>(bitcast<vec2<f16>>(pairs.w) * scale),
  );
}

//#end
//#end
