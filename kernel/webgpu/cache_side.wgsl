// One side of the cache: `side` reads as `key` or as `value`, for which this text is expanded each once.
//
// A chunk is eight elements of a row as they are stored: four words of C16, two of C8, one of C4 and,
// for fp4, the scale of its block next to it. Elements are decoded in registers at unit scale; where
// their scale comes in depends on what it belongs to:
//
//   SIDE_STATIC  1: a scale a head (or tensor), 2: a channel. Taken into the query (keys) or the output
//                (values), from `extras`, where the host laid them out as f32.
//   SIDE_SCALES  1: a scale a token, 2: one in the token's row, behind its codes. Multiplies the score
//                (keys) or the softmax weight (values).
//   SIDE_ZEROS   a zero point a channel, taken from the codes, exactly.

//#if SIDE_BITS == 16
alias SideChunk = vec4<u32>;
alias SideElement = vec4<u32>;
//#else
//#if SIDE_BITS == 8
alias SideChunk = vec2<u32>;
alias SideElement = vec2<u32>;
//#else
alias SideElement = u32;
//#if SIDE_CODES == FP4_E2M1
alias SideChunk = vec2<u32>;
//#else
alias SideChunk = u32;
//#end
//#end
//#end

//#for n in 0..BINDINGS
@group(0) @binding(${SIDE_BINDING + n}) var<storage, read> sides${n}: array<SideElement>;
//#end
//#if SIDE_SCALE_BINDING > 0
@group(0) @binding(${SIDE_SCALE_BINDING}) var<storage, read> sideScales: array<u32>;
//#end
//#if SIDE_ZEROS
var<workgroup> sideZeros: array<vec4<f32>, ${D / 4}>;
//#end

//#for n in 0..BINDINGS
// A chunk of a row of binding ${n}; `row` counts through all bindings.
fn sideChunkOf${n}(row: u32, chunk: u32) -> SideChunk {
  let element = sides${n}[(row - ${n}u * params.bindingRows) * ${SIDE_STRIDE}u + chunk];
//#if SIDE_CODES == FP4_E2M1
  let block = row * ${D / 16}u + (chunk >> 1u);
  return vec2<u32>(element, (sideScales[block >> 2u] >> ((block & 3u) * 8u)) & 0xffu);
//#else
  return element;
//#end
}

//#end
fn sideChunk(row: u32, chunk: u32) -> SideChunk {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    return sideChunkOf${n}(row, chunk);
  }
//#end
  return sideChunkOf${BINDINGS - 1}(row, chunk);
}

// Elements 0 to 3 and 4 to 7 of the chunk with that number in its row, at unit scale.
fn sideLow(chunk: SideChunk, number: u32) -> vec4<f32> {
//#if SIDE_BITS == 16
  return lowHalf(chunk);
//#else
//#if SIDE_BITS == 8
  return sideDecode(chunk.x);
//#else
//#if SIDE_CODES == FP4_E2M1
  let pairs = fp4Pairs(chunk.x);
  return vec4<f32>(unpack2x16float(pairs.x).x, unpack2x16float(pairs.y).x, unpack2x16float(pairs.z).x, unpack2x16float(pairs.w).x) * blockScale(chunk.y);
//#else
  return int4Values(chunk) - sideZeros[number * 2u];
//#end
//#end
//#end
}

fn sideHigh(chunk: SideChunk, number: u32) -> vec4<f32> {
//#if SIDE_BITS == 16
  return highHalf(chunk);
//#else
//#if SIDE_BITS == 8
  return sideDecode(chunk.y);
//#else
//#if SIDE_CODES == FP4_E2M1
  let pairs = fp4Pairs(chunk.x);
  return vec4<f32>(unpack2x16float(pairs.x).y, unpack2x16float(pairs.y).y, unpack2x16float(pairs.z).y, unpack2x16float(pairs.w).y) * blockScale(chunk.y);
//#else
  return int4Values(chunk >> 16u) - sideZeros[number * 2u + 1u];
//#end
//#end
//#end
}

// The chunk in the query's 16-bit type, which holds every value at unit scale exactly.
fn sidePacked(chunk: SideChunk, number: u32) -> vec4<u32> {
//#if SIDE_BITS == 16
  return chunk;
//#else
//#if SIDE_CODES == FP8_E5M2 && !BF16
  // An e5m2 code is the upper byte of an f16.
  return vec4<u32>(fp8Spread(chunk.x), fp8Spread(chunk.x >> 16u), fp8Spread(chunk.y), fp8Spread(chunk.y >> 16u));
//#else
  let low = sideLow(chunk, number);
  let high = sideHigh(chunk, number);
  return vec4<u32>(packExact(low.xy), packExact(low.zw), packExact(high.xy), packExact(high.zw));
//#end
//#end
}

//#if SIDE_BITS == 8
fn sideDecode(word: u32) -> vec4<f32> {
//#if SIDE_CODES == INT8
  // With a bias of 128 a byte is the low end of the f32 2^23 + byte.
  let biased = word ^ 0x80808080u;
  let bytes = vec4<u32>(biased, biased >> 8u, biased >> 16u, biased >> 24u) & vec4<u32>(0xffu);
  return bitcast<vec4<f32>>(bytes | vec4<u32>(0x4b000000u)) - vec4<f32>(8388736.0);
//#else
//#if SIDE_CODES == FP8_E4M3
  // As f16 with sign, exponent and fraction in place, its bias 8 too large; a code of all ones is NaN.
  let magnitudes = vec2<u32>((word & 0x007f007fu) << 7u, (word & 0x7f007f00u) >> 1u);
  let signs = vec2<u32>((word & 0x00800080u) << 8u, word & 0x80008000u);
  let nans = (magnitudes + vec2<u32>(0x00800080u)) & vec2<u32>(0x40004000u);
  let halves = magnitudes | signs | nans;
  let even = unpack2x16float(halves.x);
  let odd = unpack2x16float(halves.y);
  return vec4<f32>(even.x, odd.x, even.y, odd.y) * 256.0;
//#else
  let even = unpack2x16float((word & 0x00ff00ffu) << 8u);
  let odd = unpack2x16float(word & 0xff00ff00u);
  return vec4<f32>(even.x, odd.x, even.y, odd.y);
//#end
//#end
}

//#end
// The scale that multiplies all elements of a row.
fn sideRowScale(row: u32) -> f32 {
//#if SIDE_SCALES == 1
//#if SIDE_SCALE_TYPE == F32
  return bitcast<f32>(sideScales[row]);
//#else
  return sideScale16(sideScales[row >> 1u] >> ((row & 1u) * 16u));
//#end
//#else
//#if SIDE_SCALES == 2
  let word = sideChunk(row, ${LV}u).x;
//#if SIDE_SCALE_TYPE == F32
  return bitcast<f32>(word);
//#else
  return sideScale16(word);
//#end
//#else
  return 1.0;
//#end
//#end
}

//#if SIDE_SCALES > 0 && SIDE_SCALE_TYPE != F32
fn sideScale16(bits: u32) -> f32 {
//#if SIDE_SCALE_TYPE == SCALE_BF16
  return bitcast<f32>(bits << 16u);
//#else
  return unpack2x16float(bits).x;
//#end
}

//#end
// Scales that tokens share, of elements 4·quarter … 4·quarter + 3 of a head.
fn sideStaticScale(head: u32, quarter: u32) -> vec4<f32> {
//#if SIDE_STATIC == 1
  return vec4<f32>(bitcast<f32>(extras[params.scaleBase + ${SIDE_STATIC_AT}u + head]));
//#else
//#if SIDE_STATIC == 2
  return staticQuarter(${SIDE_STATIC_AT}u + head * ${D}u + quarter * 4u);
//#else
  return vec4<f32>(1.0);
//#end
//#end
}

// Zero points of a head into workgroup memory; a barrier has to follow.
fn loadSideZeros(head: u32, local: u32) {
//#if SIDE_ZEROS
  for (var quarter = local; quarter < ${D / 4}u; quarter += ${WORKGROUP}u) {
    sideZeros[quarter] = staticQuarter(${SIDE_ZEROS_AT}u + head * ${D}u + quarter * 4u);
  }
//#end
}
