// Append: rotates queries and keys, and writes keys and values through the block table, head by head.
//
// One invocation writes one 32-bit word (two elements) of one head of one token. Packed input is
// [T, Hq + 2H, D]: query heads, key heads, value heads. R is the number of rotated dimensions.
//
// Binding  Buffer    Element    What
// 0        params    uniform    as in attention
// 1        packed    u32        [T, (Hq + 2H)·D / 2]
// 2        table     i32        block table
// 3        tokens    vec2<u32>  [T] slot and absolute position
// 4        rotary    vec2<f32>  [positions, R / 2] cosine and sine
// 5        query     u32        [T, Hq·D / 2], written
// 6        dropped   atomic     count of (token, KV head) whose page is a hole
// 7 + n    keysN, 7 + BINDINGS + n  valuesN   cache words, as in attention, written

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> packed: array<u32>;
@group(0) @binding(2) var<storage, read> blockTable: array<i32>;
@group(0) @binding(3) var<storage, read> tokens: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> rotary: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> query: array<u32>;
@group(0) @binding(6) var<storage, read_write> dropped: atomic<u32>;
//#for n in 0..BINDINGS
@group(0) @binding(${7 + n}) var<storage, read_write> keys${n}: array<u32>;
@group(0) @binding(${7 + BINDINGS + n}) var<storage, read_write> values${n}: array<u32>;
//#end

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

// Rows of a large cache fit 32 bits where its words do not, so the binding is chosen by row.
fn writeKey(row: u32, word: u32, bits: u32) {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    keys${n}[(row - ${n}u * params.bindingRows) * ${D / 2}u + word] = bits;
    return;
  }
//#end
  keys${BINDINGS - 1}[(row - ${BINDINGS - 1}u * params.bindingRows) * ${D / 2}u + word] = bits;
}

fn writeValue(row: u32, word: u32, bits: u32) {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    values${n}[(row - ${n}u * params.bindingRows) * ${D / 2}u + word] = bits;
    return;
  }
//#end
  values${BINDINGS - 1}[(row - ${BINDINGS - 1}u * params.bindingRows) * ${D / 2}u + word] = bits;
}

@compute @workgroup_size(${WORKGROUP})
fn append(
  @builtin(global_invocation_id) invocation: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
) {
  let wordsPerToken = (params.queryHeads + ${2 * H}u) * ${D / 2}u;
  let total = params.itemCount * wordsPerToken;
  for (var index = invocation.x; index < total; index += workgroups.x * ${WORKGROUP}u) {
    let token = index / wordsPerToken;
    let head = (index % wordsPerToken) / ${D / 2}u;
    let word = index % ${D / 2}u;
    let base = index - word;
    let slot = tokens[token].x;
    let position = tokens[token].y;
    if (head < params.queryHeads) {
      let out = encode(rotated(base, word * 2u, position), rotated(base, word * 2u + 1u, position));
      query[(token * params.queryHeads + head) * ${D / 2}u + word] = out;
      continue;
    }
    let isKey = head < params.queryHeads + ${H}u;
    let kvHead = (head - params.queryHeads) % ${H}u;
//#if UNIFORM
    let id = blockTable[params.tableBase + slot * params.columns + (position >> ${LOG2P}u)];
//#else
    let id = blockTable[params.tableBase + (slot * ${H}u + kvHead) * params.columns + (position >> ${LOG2P}u)];
//#end
    if (id < 0) {
      if (isKey && word == 0u) {
        atomicAdd(&dropped, 1u);
      }
      continue;
    }
    let row = u32(id) * ${PAGE_ROWS}u + kvHead * ${HEAD_ROWS}u + (position & ${P - 1}u);
    if (isKey) {
      let out = encode(rotated(base, word * 2u, position), rotated(base, word * 2u + 1u, position));
      writeKey(row, word, out);
    } else {
      writeValue(row, word, packed[index]);
    }
  }
}
