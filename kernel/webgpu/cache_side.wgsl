// One side of the cache: `side` reads as `key` or as `value`, for which this text is expanded each once.
//
// A chunk is SIDE_ELEMENTS elements of a row as they are stored, in SIDE_WORDS words; chunk n of a row is
// the n-th, and of SIDE_CHUNKS in all. A quarter is four of its elements. Elements are decoded in
// registers, as 1 / SIDE_UNIT of their value at unit scale; where unit and scale come in depends on what
// the scale belongs to:
//
//   SIDE_STATIC  1: a scale a head (or tensor), 2: a channel. Taken into the query (keys) or the output
//                (values), from `extras`, where the host laid them out as f32.
//   SIDE_SCALES  1: a scale a token, 2: one in the token's row, behind its codes. Multiplies the score
//                (keys) or the softmax weight (values).
//   SIDE_BLOCKS  blocks of 16 elements of a chunk. Their scales multiply a block's part of the score
//                (keys) or its softmax weights (values). In chunks of eight elements, which have none,
//                the scale of the block stands in a second word and multiplies the elements.
//   SIDE_ZEROS   a zero point a channel, taken from the codes, exactly.

//#if SIDE_WORDS == 1
alias SideElement = u32;
//#else
alias SideElement = vec${SIDE_WORDS}<u32>;
//#end
//#if SIDE_CODES == FP4_E2M1 && SIDE_BLOCKS == 0
alias SideChunk = vec2<u32>;
//#else
alias SideChunk = SideElement;
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
//#if SIDE_OWN_ZEROS
// Zero points of the chunk that a lane decodes, where it always has that one.
var<private> sideOwnZeros0: vec4<f32>;
var<private> sideOwnZeros1: vec4<f32>;
//#end

//#for n in 0..BINDINGS
// A chunk of a row of binding ${n}; `row` counts through all bindings.
fn sideChunkOf${n}(row: u32, chunk: u32) -> SideChunk {
  let element = sides${n}[(row - ${n}u * params.bindingRows) * ${SIDE_STRIDE}u + chunk];
//#if SIDE_CODES == FP4_E2M1 && SIDE_BLOCKS == 0
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

//#for w in 0..SIDE_WORDS
fn sideWord${w}(chunk: SideChunk) -> u32 {
//#if SIDE_WORDS == 1 && !(SIDE_CODES == FP4_E2M1 && SIDE_BLOCKS == 0)
  return chunk;
//#else
  return chunk[${w}];
//#end
}

//#end
//#if SIDE_BLOCKS
// Codes of the scales of a chunk's blocks, the lowest first.
fn sideBlockScales(row: u32, chunk: u32) -> u32 {
  let block = row * ${D / 16}u + chunk * ${SIDE_BLOCKS}u;
  return sideScales[block >> 2u] >> ((block & 3u) * 8u);
}

//#end
//#for q in 0..SIDE_ELEMENTS / 4
// Elements ${q * 4} to ${q * 4 + 3} of the chunk with that number in its row.
fn sideQuarter${q}(chunk: SideChunk, number: u32) -> vec4<f32> {
//#if SIDE_BITS == 16
//#if q == 0
  return lowHalf(chunk);
//#else
  return highHalf(chunk);
//#end
//#end
//#if SIDE_BITS == 8
//#if SIDE_CODES == INT8
  return int8Values(sideWord${q}(chunk));
//#else
  let word = sideWord${q}(chunk);
//#if SIDE_CODES == FP8_E4M3
  let even = unpack2x16float(e4m3Pair(word << 8u));
  let odd = unpack2x16float(e4m3Pair(word));
//#else
  // An e5m2 code is the upper byte of an f16.
  let even = unpack2x16float((word & 0x00ff00ffu) << 8u);
  let odd = unpack2x16float(word & 0xff00ff00u);
//#end
  return vec4<f32>(even.x, odd.x, even.y, odd.y);
//#end
//#end
//#if SIDE_CODES == FP4_E2M1
  let pairs = fp4Pairs(sideWord${q / 2}(chunk));
//#if q % 2 == 0
  let values = vec4<f32>(unpack2x16float(pairs.x).x, unpack2x16float(pairs.y).x, unpack2x16float(pairs.z).x, unpack2x16float(pairs.w).x);
//#else
  let values = vec4<f32>(unpack2x16float(pairs.x).y, unpack2x16float(pairs.y).y, unpack2x16float(pairs.z).y, unpack2x16float(pairs.w).y);
//#end
//#if SIDE_BLOCKS
  return values;
//#else
  return values * (blockScale(chunk.y) * 4194304.0);
//#end
//#end
//#if SIDE_CODES == INT4
//#if SIDE_OWN_ZEROS
  let zeros = sideOwnZeros${q % 2};
//#else
  let zeros = sideZeros[${q * SIDE_CHUNKS}u + number];
//#end
//#if q % 2 == 0
  return int4Low(sideWord${q / 2}(chunk)) - zeros;
//#else
  return int4High(sideWord${q / 2}(chunk)) - zeros;
//#end
//#end
}

//#end
//#if SIDE_CODES == INT8 || SIDE_CODES == INT4
//#for q in 0..SIDE_ELEMENTS / 4
//#if SIDE_CODES == INT8
// Elements ${q * 4} to ${q * 4 + 3} as signed bytes.
fn sideBytes${q}(chunk: SideChunk) -> u32 {
  return sideWord${q}(chunk);
}
//#else
// Every second element from ${q / 2 * 8 + q % 2} on, as bytes, zero points not taken off.
fn sideBytes${q}(chunk: SideChunk) -> u32 {
  return (sideWord${q / 2}(chunk) >> ${q % 2 * 4}u) & 0x0f0f0f0fu;
}
//#end

//#end
//#end
//#if SIDE_ELEMENTS == 8
// The chunk in the query's 16-bit type, which holds every value at unit scale exactly.
fn sidePacked(chunk: SideChunk, number: u32) -> vec4<u32> {
//#if SIDE_BITS == 16
  return chunk;
//#else
//#if SIDE_CODES == FP8_E4M3 && !BF16
  let even = vec2<u32>(e4m3Pair(chunk.x << 8u), e4m3Pair(chunk.y << 8u));
  let odd = vec2<u32>(e4m3Pair(chunk.x), e4m3Pair(chunk.y));
  let first = (even & vec2<u32>(0xffffu)) | (odd << vec2<u32>(16u));
  let second = (even >> vec2<u32>(16u)) | (odd & vec2<u32>(0xffff0000u));
  return vec4<u32>(first.x, second.x, first.y, second.y);
//#else
//#if SIDE_CODES == FP8_E5M2 && !BF16
  return vec4<u32>(fp8Spread(chunk.x), fp8Spread(chunk.x >> 16u), fp8Spread(chunk.y), fp8Spread(chunk.y >> 16u));
//#else
  let low = sideQuarter0(chunk, number);
  let high = sideQuarter1(chunk, number);
  return vec4<u32>(packExact(low.xy), packExact(low.zw), packExact(high.xy), packExact(high.zw));
//#end
//#end
//#end
}

//#end
// The scale that multiplies all elements of a row, times SIDE_UNIT.
fn sideRowScale(row: u32) -> f32 {
//#if SIDE_SCALES == 1
//#if SIDE_SCALE_TYPE == F32
  return bitcast<f32>(sideScales[row]) * ${SIDE_UNIT}.0;
//#else
  return sideScale16(sideScales[row >> 1u] >> ((row & 1u) * 16u)) * ${SIDE_UNIT}.0;
//#end
//#else
//#if SIDE_SCALES == 2
  let word = sideWord0(sideChunk(row, ${SIDE_CHUNKS}u));
//#if SIDE_SCALE_TYPE == F32
  return bitcast<f32>(word) * ${SIDE_UNIT}.0;
//#else
  return sideScale16(word) * ${SIDE_UNIT}.0;
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
// Scales that tokens share, of elements 4·quarter … 4·quarter + 3 of a head, times SIDE_UNIT.
fn sideStaticScale(head: u32, quarter: u32) -> vec4<f32> {
//#if SIDE_STATIC == 1
  return vec4<f32>(bitcast<f32>(extras[params.scaleBase + ${SIDE_STATIC_AT}u + head]) * ${SIDE_UNIT}.0);
//#else
//#if SIDE_STATIC == 2
  return staticQuarter(${SIDE_STATIC_AT}u + head * ${D}u + quarter * 4u) * ${SIDE_UNIT}.0;
//#else
  return vec4<f32>(1.0);
//#end
//#end
}

// Zero points of a head into workgroup memory, quarter by quarter of a chunk, each with what its codes are
// too large by; a barrier has to follow.
fn loadSideZeros(head: u32, local: u32) {
//#if SIDE_ZEROS
  for (var quarter = local; quarter < ${D / 4}u; quarter += ${WORKGROUP}u) {
    let place = quarter % ${SIDE_ELEMENTS / 4}u * ${SIDE_CHUNKS}u + quarter / ${SIDE_ELEMENTS / 4}u;
    let excess = select(INT4_HIGH, INT4_LOW, (quarter & 1u) == 0u);
    sideZeros[place] = staticQuarter(${SIDE_ZEROS_AT}u + head * ${D}u + quarter * 4u) + excess;
  }
//#end
}
