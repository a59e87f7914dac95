// Joins the splits of a query row: one workgroup a row, D / 8 lanes of it at work.
//
// Binding  Buffer    Element    What
// 0        params    uniform    as in attention
// 1        merges    Merge      rows that were split
// 2        extras    u32        learned sinks
// 3        output    vec4<u32>  [T, Hq, D]
// 4        partials  f32        as in attention

struct Merge {
  outputRow: u32,
  head: u32,
  partialRow: u32,
  partialStride: u32,
  splits: u32,
  reserved0: u32,
  reserved1: u32,
  reserved2: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> merges: array<Merge>;
@group(0) @binding(2) var<storage, read> extras: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(${WORKGROUP})
fn mergeSplits(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.x + workgroup.y * DISPATCH_WIDTH) * ${WORKGROUP / LV}u + local / ${LV}u;
  if (index >= params.itemCount) {
    return;
  }
  let merge = merges[index];
  let chunk = local & ${LV - 1}u;
  var largest = NO_SCORE;
  for (var split = 0u; split < merge.splits; split++) {
    let row = merge.partialRow + split * merge.partialStride;
    largest = max(largest, partials[params.partialStateBase + row * 2u]);
  }
  var total = 0.0;
  var low = vec4<f32>(0.0);
  var high = vec4<f32>(0.0);
  for (var split = 0u; split < merge.splits; split++) {
    let row = merge.partialRow + split * merge.partialStride;
    let factor = exp2(partials[params.partialStateBase + row * 2u] - largest);
    let at = row * ${D}u + chunk * 8u;
    total += factor * partials[params.partialStateBase + row * 2u + 1u];
    low += factor * vec4<f32>(partials[at], partials[at + 1u], partials[at + 2u], partials[at + 3u]);
    high += factor * vec4<f32>(partials[at + 4u], partials[at + 5u], partials[at + 6u], partials[at + 7u]);
  }
  storeOutput(merge.outputRow, merge.head, chunk, vec2<f32>(largest, total), low, high);
}
