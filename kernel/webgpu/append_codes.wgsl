// Append to a cache of which at least one side is quantised: a workgroup takes one head of one token,
// turns it where it has to, finds the largest magnitude, and writes codes and scales.
//
// Binding  Buffer    Element    What
// 0 … 6    as in append_input.wgsl
// 7 + n    keysN, 7 + BINDINGS + n  valuesN   cache words, written
// 7 + 2·BINDINGS …  keyScales, valueScales, written, where tokens or blocks have scales of their own
//
// Scales and zero points that tokens share lie behind the rotary table: with a binding of their own,
// two sides whose tokens have scales would need more than the ten that some adapters allow.

fn sharedScale(index: u32) -> f32 {
  return rotary[params.scaleBase + (index >> 1u)][index & 1u];
}

var<workgroup> vector: array<f32, ${D}>;
var<workgroup> partialLargest: array<f32, ${WORKGROUP}>;
//#if ANY_BLOCKS
var<workgroup> blockLargest: array<f32, ${D / 16}>;
//#end

fn largestOfVector() -> f32 {
  var largest = 0.0;
  for (var lane = 0u; lane < ${WORKGROUP}u; lane++) {
    largest = max(largest, partialLargest[lane]);
  }
  return largest;
}

//#if ANY_BLOCKS
fn e4m3Value(code: u32) -> f32 {
  return f32(select((code & 7u) + 8u, code & 7u, code < 8u)) * bitcast<f32>((max(code >> 3u, 1u) + 117u) << 23u);
}

// The e4m3 scale of a block: the largest magnitude over 6 and over the tensor's scale, to nearest even.
fn blockScaleCode(block: u32, tensorScale: f32) -> u32 {
  if (!(tensorScale > 0.0)) {
    return 0u;
  }
  let scale = min(blockLargest[block] * 0.16666667 / tensorScale, 1e30);
  let exponent = clamp(i32(bitcast<u32>(scale) >> 23u), 121, 135);
  let steps = round(min(scale * bitcast<f32>(u32(257 - exponent) << 23u), 16.0));
  return min(u32(steps) + (u32(exponent - 121) << 3u), 0x7eu);
}

//#end
@compute @workgroup_size(${WORKGROUP})
fn append(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let heads = params.queryHeads + ${2 * H}u;
  for (var index = workgroup.x; index < params.itemCount * heads; index += workgroups.x) {
    let token = index / heads;
    let head = index % heads;
    let base = index * ${D / 2}u;
    let slot = tokens[token].x;
    let position = tokens[token].y;
    let turns = head < params.queryHeads + ${H}u;
    workgroupBarrier();
    var largest = 0.0;
    for (var place = local; place < ${D}u; place += ${WORKGROUP}u) {
      var value = element(base, place);
      if (turns) {
        value = rotated(base, place, position);
      }
      vector[place] = value;
      largest = max(largest, abs(value));
    }
    partialLargest[local] = largest;
    workgroupBarrier();
//#if ANY_BLOCKS
    if (local < ${D / 16}u) {
      var largestOfBlock = 0.0;
      for (var place = 0u; place < 16u; place++) {
        largestOfBlock = max(largestOfBlock, abs(vector[local * 16u + place]));
      }
      blockLargest[local] = largestOfBlock;
    }
    workgroupBarrier();
//#end
    if (head < params.queryHeads) {
      for (var word = local; word < ${D / 2}u; word += ${WORKGROUP}u) {
        query[(token * params.queryHeads + head) * ${D / 2}u + word] = encode(vector[word * 2u], vector[word * 2u + 1u]);
      }
      continue;
    }
    let kvHead = (head - params.queryHeads) % ${H}u;
    let id = pageOf(slot, kvHead, position);
    if (id < 0) {
      if (turns && local == 0u) {
        atomicAdd(&dropped, 1u);
      }
      continue;
    }
    let row = u32(id) * ${PAGE_ROWS}u + kvHead * ${HEAD_ROWS}u + (position & ${P - 1}u);
    if (turns) {
//#if KEY_BITS < 16
      storeKey(row, kvHead, local);
//#else
      for (var word = local; word < ${D / 2}u; word += ${WORKGROUP}u) {
        writeKey(row, word, encode(vector[word * 2u], vector[word * 2u + 1u]));
      }
//#end
    } else {
//#if VALUE_BITS < 16
      storeValue(row, kvHead, local);
//#else
      for (var word = local; word < ${D / 2}u; word += ${WORKGROUP}u) {
        writeValue(row, word, packed[base + word]);
      }
//#end
    }
  }
}
