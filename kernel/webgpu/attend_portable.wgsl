// Attention of up to five query rows without subgroups: a workgroup of T lanes is one subgroup, and
// everything that crosses lanes goes through workgroup memory.
//
//   LANES_V  lanes along D in the value phase, C words of a value in one lane
//   KI       keys that one value step covers; each of the KI lane groups keeps its own output

var<workgroup> sharedWeights: array<f32, ${R * T}>;
var<workgroup> sharedRows: array<u32, ${T}>;
var<workgroup> sharedSeen: array<u32, ${T}>;
var<workgroup> sharedLargest: array<f32, ${R}>;

@compute @workgroup_size(${WORKGROUP})
fn attend(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * DISPATCH_WIDTH;
  if (index >= params.itemCount) {
    return;
  }
  let item = items[params.itemBase + index];
  let chunk = local & ${LANES_V - 1}u;
  let keyGroup = local / ${LANES_V}u;
  // An item without keys still writes zeros; its table row is then read at column 0.
  let lastVisibleIndex = max(item.visibleEnd, 1u) - 1u;
  loadQuery(item, local);
//#for r in 0..R
  let token${r} = (item.firstRow + ${r}u) / ${G}u;
  var max${r} = NO_SCORE;
  var sum${r} = 0.0;
//#for c in 0..C
  var low${r}_${c} = vec4<f32>(0.0);
  var high${r}_${c} = vec4<f32>(0.0);
//#end
//#end

  for (var tile = item.visibleBegin; tile < item.visibleEnd; tile += ${T}u) {
    workgroupBarrier();
    let visibleIndex = tile + local;
    let key = keyAt(item, min(visibleIndex, lastVisibleIndex));
    let id = blockTable[tableIndex(item, key)];
    let held = visibleIndex < item.visibleEnd && id >= 0;
    let alive = held && anyTokenSees(item, key);
    let row = select(item.safeRow, cacheRow(item, id, key), alive || (held && isWalked(item, key)));
//#for r in 0..R
    var score${r} = 0.0;
//#end
    for (var c = 0u; c < ${LV}u; c++) {
      let words = keyChunk(row, c);
      let lowKey = keyQuarter0(words, c);
      let highKey = keyQuarter1(words, c);
//#for r in 0..R
      score${r} += dot(lowKey, sharedQuery[${r * LV * 2}u + c]) + dot(highKey, sharedQuery[${(r * 2 + 1) * LV}u + c]);
//#end
    }
    sharedRows[local] = row;
    sharedSeen[local] = select(0u, 1u, alive);
//#if KEY_SCALES
    let keyScale = keyRowScale(row);
//#end
//#if VALUE_SCALES
    let valueScale = select(0.0, valueRowScale(row), alive);
//#end
//#for r in 0..R
//#if KEY_SCALES
    score${r} *= keyScale;
//#end
    score${r} = select(NO_SCORE, score${r}, alive && sees(item, token${r}, key));
    sharedWeights[${r * T}u + local] = score${r};
//#end
    workgroupBarrier();
    if (local < ${R}u) {
      var largest = NO_SCORE;
      for (var index = 0u; index < ${T}u; index++) {
        largest = max(largest, sharedWeights[local * ${T}u + index]);
      }
      sharedLargest[local] = largest;
    }
    workgroupBarrier();
//#for r in 0..R
    {
      let larger = max(max${r}, sharedLargest[${r}]);
      let decay = exp2(max${r} - larger);
      max${r} = larger;
      let weight = select(exp2(score${r} - larger) * HEADROOM, 0.0, score${r} == NO_SCORE);
//#if VALUE_SCALES
      sharedWeights[${r * T}u + local] = weight * valueScale;
//#else
      sharedWeights[${r * T}u + local] = weight;
//#end
      sum${r} = sum${r} * decay + weight;
//#for c in 0..C
      low${r}_${c} *= decay;
      high${r}_${c} *= decay;
//#end
    }
//#end
    workgroupBarrier();
    for (var step = 0u; step < ${T / KI}u; step++) {
      let source = step * ${KI}u + keyGroup;
//#for c in 0..C
      // A weight of 0 times NaN is NaN: what no row sees counts as zeros.
      let seen${c} = sharedSeen[source] != 0u;
      let words${c} = valueChunk(sharedRows[source], ${c * LANES_V}u + chunk);
      let lowValue${c} = select(vec4<f32>(0.0), valueQuarter0(words${c}, ${c * LANES_V}u + chunk), seen${c});
      let highValue${c} = select(vec4<f32>(0.0), valueQuarter1(words${c}, ${c * LANES_V}u + chunk), seen${c});
//#end
//#for r in 0..R
      {
        let weight = vec4<f32>(sharedWeights[${r * T}u + source]);
//#for c in 0..C
        low${r}_${c} = fma(lowValue${c}, weight, low${r}_${c});
        high${r}_${c} = fma(highValue${c}, weight, high${r}_${c});
//#end
      }
//#end
    }
  }

  workgroupBarrier();
//#for r in 0..R
  sharedWeights[${r * T}u + local] = sum${r};
//#for c in 0..C
  {
    let at = (keyGroup * ${R}u + ${r}u) * ${D}u + (${c * LANES_V}u + chunk) * 8u;
    sharedOutput[at] = low${r}_${c}.x;
    sharedOutput[at + 1u] = low${r}_${c}.y;
    sharedOutput[at + 2u] = low${r}_${c}.z;
    sharedOutput[at + 3u] = low${r}_${c}.w;
    sharedOutput[at + 4u] = high${r}_${c}.x;
    sharedOutput[at + 5u] = high${r}_${c}.y;
    sharedOutput[at + 6u] = high${r}_${c}.z;
    sharedOutput[at + 7u] = high${r}_${c}.w;
  }
//#end
//#end
  workgroupBarrier();
  if (local < ${R}u) {
    var total = 0.0;
    for (var index = 0u; index < ${T}u; index++) {
      total += sharedWeights[local * ${T}u + index];
    }
    var largest = max0;
//#for r in 1..R
    largest = select(largest, max${r}, local == ${r}u);
//#end
    // Every lane group shares the maximum; the first one carries the sum.
//#for s in 0..STATES
    sharedState[${s * R}u + local] = vec2<f32>(largest, ${s == 0}.0 * total);
//#end
  }
  workgroupBarrier();
  finishItem(item, local);
}
