// One half of the cache in the matrix programs, expanded for keys and for values: chunks as f16 in a tile.
//
// Codes become f16 at unit scale, exactly, as shifts leave them: that permutes the eight elements of a
// word of the tile. The words of a chunk stand SIDE_CHUNKS apart, so that neighbouring lanes meet no
// bank twice. Queries are brought into the order of the keys, outputs back from that of the values.

// A chunk on its way into a tile.
struct StagedSide {
  chunk: SideChunk,
//#if SIDE_BLOCKS
  scales: u32,
//#end
}

// The key of a tile to which chunk `stage` of all its chunks belongs.
fn sideOfStage(stage: u32) -> u32 {
  return stage / ${SIDE_CHUNKS}u;
}

fn readSide(row: u32, stage: u32) -> StagedSide {
  var staged: StagedSide;
  staged.chunk = sideChunk(row, stage % ${SIDE_CHUNKS}u);
//#if SIDE_BLOCKS
  staged.scales = sideBlockScales(row, stage % ${SIDE_CHUNKS}u);
//#end
  return staged;
}

// A weight of 0 times NaN is NaN: what no row sees counts as zeros.
fn putSide(stage: u32, staged: StagedSide, isSeen: bool) {
  let at = ${SIDE_AT}u + sideOfStage(stage) * ${LV + 1}u + stage % ${SIDE_CHUNKS}u;
//#for p in 0..SIDE_ELEMENTS / 8
  tile[at + ${p * SIDE_CHUNKS}u] = select(vec4<u32>(0u), sideHalves${p}(staged), isSeen);
//#end
}

//#for p in 0..SIDE_ELEMENTS / 8
// Elements ${p * 8} to ${p * 8 + 7} of a chunk as f16, times 1 / SIDE_UNIT.
fn sideHalves${p}(staged: StagedSide) -> vec4<u32> {
//#if SIDE_BITS == 16
  return staged.chunk;
//#end
//#if SIDE_BITS == 8
  let first = sideWord${p * 2}(staged.chunk);
  let second = sideWord${p * 2 + 1}(staged.chunk);
//#if SIDE_CODES == FP8_E4M3
  return vec4<u32>(e4m3Pair(first << 8u), e4m3Pair(first), e4m3Pair(second << 8u), e4m3Pair(second));
//#end
//#if SIDE_CODES == FP8_E5M2
  return vec4<u32>(first << 8u, first, second << 8u, second) & vec4<u32>(0xff00ff00u);
//#end
//#if SIDE_CODES == INT8
  return vec4<u32>(int8Pair(first), int8Pair(first >> 8u), int8Pair(second), int8Pair(second >> 8u));
//#end
//#end
//#if SIDE_BITS == 4
  return scaledPairs(fp4Pairs(sideWord${p}(staged.chunk)), staged.scales >> ${p / 2 * 8}u);
//#end
}

//#end
// The word of a row that stands at a place of a tile's row.
fn sideWordAt(place: u32) -> u32 {
  return place % ${SIDE_CHUNKS}u * ${SIDE_ELEMENTS / 8}u + place / ${SIDE_CHUNKS}u;
}

// Eight f16 in the order that codes of a tile have.
fn sideOrder(word: vec4<u32>) -> vec4<u32> {
//#if SIDE_BITS == 16
  return word;
//#end
//#if SIDE_BITS == 8
  let first = word.xz;
  let second = word.yw;
//#end
//#if SIDE_BITS == 4
  let first = word.xy;
  let second = word.zw;
//#end
//#if SIDE_BITS < 16
  let even = (first & vec2<u32>(0xffffu)) | (second << vec2<u32>(16u));
  let odd = (first >> vec2<u32>(16u)) | (second & vec2<u32>(0xffff0000u));
  return vec4<u32>(even.x, odd.x, even.y, odd.y);
//#end
}

// The elements of four lower and four upper indices, from a tile's order.
fn lowSide(low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
//#if SIDE_BITS == 16
  return low;
//#end
//#if SIDE_BITS == 8
  return low.xzyw;
//#end
//#if SIDE_BITS == 4
  return vec4<f32>(low.xz, high.xz);
//#end
}

fn highSide(low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
//#if SIDE_BITS == 16
  return high;
//#end
//#if SIDE_BITS == 8
  return high.xzyw;
//#end
//#if SIDE_BITS == 4
  return vec4<f32>(low.yw, high.yw);
//#end
}
