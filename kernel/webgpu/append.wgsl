// Append to a C16 cache: rotates queries and keys, and writes keys and values through the block table,
// head by head. One invocation writes one 32-bit word (two elements) of one head of one token.
//
// Binding  Buffer    Element    What
// 0 … 6    as in append_input.wgsl
// 7 …      as in append_side.wgsl

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
    let id = pageOf(slot, kvHead, position);
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
