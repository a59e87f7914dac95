// What both append programs read: packed heads, rotation and the table.
//
// Packed input is [T, Hq + 2H, D]: query heads, key heads, value heads. R is the number of rotated
// dimensions.
//
// Binding  Buffer    Element    What
// 0        params    uniform    as in attention
// 1        packed    u32        [T, (Hq + 2H)·D / 2]
// 2        table     i32        block table
// 3        tokens    vec2<u32>  [T] slot and absolute position
// 4        rotary    vec2<f32>  [positions, R / 2] cosine and sine; then shared scales, in pairs
// 5        query     u32        [T, Hq·D / 2], written
// 6        dropped   atomic     count of (token, KV head) whose page is a hole

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> packed: array<u32>;
@group(0) @binding(2) var<storage, read> blockTable: array<i32>;
@group(0) @binding(3) var<storage, read> tokens: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> rotary: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> query: array<u32>;
@group(0) @binding(6) var<storage, read_write> dropped: atomic<u32>;

fn decode(word: u32) -> vec2<f32> {
//#if BF16
  return vec2<f32>(bitcast<f32>(word << 16u), bitcast<f32>(word & 0xffff0000u));
//#else
  return unpack2x16float(word);
//#end
}

fn element(base: u32, index: u32) -> f32 {
  let pair = decode(packed[base + (index >> 1u)]);
  return select(pair.x, pair.y, (index & 1u) == 1u);
}

// One rotated element of a head. Products in f32; the cosines come from the host in f64 precision,
// because WGSL's sine has no useful accuracy at large angles.
fn rotated(base: u32, index: u32, position: u32) -> f32 {
//#if ROTARY == 0
  return element(base, index);
//#else
  if (index >= ${ROTARY_DIMENSIONS}u) {
    return element(base, index);
  }
//#if ROTARY == 1
  let turn = rotary[position * ${ROTARY_DIMENSIONS / 2}u + (index >> 1u)];
  let partner = element(base, index ^ 1u);
  let first = (index & 1u) == 0u;
//#else
  let first = index < ${ROTARY_DIMENSIONS / 2}u;
  let pair = select(index - ${ROTARY_DIMENSIONS / 2}u, index, first);
  let turn = rotary[position * ${ROTARY_DIMENSIONS / 2}u + pair];
  let partner = element(base, select(pair, pair + ${ROTARY_DIMENSIONS / 2}u, first));
//#end
  let own = element(base, index);
  return select(fma(own, turn.x, partner * turn.y), fma(own, turn.x, -(partner * turn.y)), first);
//#end
}

// Page id of a position of a KV head; negative where it is a hole.
fn pageOf(slot: u32, kvHead: u32, position: u32) -> i32 {
//#if UNIFORM
  return blockTable[params.tableBase + slot * params.columns + (position >> ${LOG2P}u)];
//#else
  return blockTable[params.tableBase + (slot * ${H}u + kvHead) * params.columns + (position >> ${LOG2P}u)];
//#end
}
