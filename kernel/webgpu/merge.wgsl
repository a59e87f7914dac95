// Joins the splits of a query row: one workgroup a row. First a lane a split for their states, then
// D / 8 lanes along the row, GROUPS of them side by side over the splits, UNROLL splits at a time: a
// row with many splits would otherwise wait for one read after the other.
//
// Binding  Buffer    Element    What
// 0        params    uniform    as in attention
// 1        merges    Merge      rows that were split
// 2        extras    u32        learned sinks
// 3        output    vec4<u32>  [T, Hq, D]
// 4        partials  f32        as in attention

// struct_layout.ts declares Merge.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> merges: array<Merge>;
@group(0) @binding(2) var<storage, read> extras: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

var<workgroup> sharedFactors: array<f32, ${MAX_SPLITS}>;
var<workgroup> sharedState: array<vec2<f32>, ${MAX_SPLITS}>;
var<workgroup> sharedLow: array<vec4<f32>, ${WORKGROUP}>;
var<workgroup> sharedHigh: array<vec4<f32>, ${WORKGROUP}>;

@compute @workgroup_size(${WORKGROUP})
fn mergeSplits(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * DISPATCH_WIDTH;
  if (index >= params.itemCount) {
    return;
  }
  let merge = merges[index];
  for (var split = local; split < merge.splits; split += ${WORKGROUP}u) {
    let at = params.partialStateBase + (merge.partialRow + split * merge.partialStride) * 2u;
    sharedState[split & ${MAX_SPLITS - 1}u] = vec2<f32>(partials[at], partials[at + 1u]);
  }
  workgroupBarrier();
  var largest = NO_SCORE;
  for (var split = 0u; split < merge.splits; split++) {
    largest = max(largest, sharedState[split & ${MAX_SPLITS - 1}u].x);
  }
  for (var split = local; split < merge.splits; split += ${WORKGROUP}u) {
    sharedFactors[split & ${MAX_SPLITS - 1}u] = exp2(sharedState[split & ${MAX_SPLITS - 1}u].x - largest);
  }
  workgroupBarrier();
  let chunk = local & ${LV - 1}u;
  let group = local / ${LV}u;
  var low = vec4<f32>(0.0);
  var high = vec4<f32>(0.0);
  for (var split = group; split < merge.splits; split += ${GROUPS * UNROLL}u) {
//#for u in 0..UNROLL
    {
      // Past the last split the last one counts nothing.
      let own = split + ${u * GROUPS}u;
      let real = min(own, merge.splits - 1u);
      let factor = select(0.0, sharedFactors[real & ${MAX_SPLITS - 1}u], own < merge.splits);
      let at = (merge.partialRow + real * merge.partialStride) * ${D}u + chunk * 8u;
      low += factor * vec4<f32>(partials[at], partials[at + 1u], partials[at + 2u], partials[at + 3u]);
      high += factor * vec4<f32>(partials[at + 4u], partials[at + 5u], partials[at + 6u], partials[at + 7u]);
    }
//#end
  }
  sharedLow[local] = low;
  sharedHigh[local] = high;
  workgroupBarrier();
  if (group > 0u) {
    return;
  }
//#for g in 1..GROUPS
  low += sharedLow[chunk + ${g * LV}u];
  high += sharedHigh[chunk + ${g * LV}u];
//#end
  var total = 0.0;
  for (var split = 0u; split < merge.splits; split++) {
    total += sharedFactors[split & ${MAX_SPLITS - 1}u] * sharedState[split & ${MAX_SPLITS - 1}u].y;
  }
  storeOutput(merge.outputRow, merge.head, chunk, vec2<f32>(largest, total), low, high);
}
