// The softmax states and outputs of a subgroup's rows into memory, for both matrix programs, by way of the
// scores' place.
//#for x in 0..RPL
//#if LPR > 1
  sum${x} += subgroupShuffleXor(sum${x}, 1u);
//#end
  if (part == 0u) {
    sharedState[subgroup * ${RF * U}u + row${x}] = vec2<f32>(top${x}, sum${x} * exp2(-BIAS));
  }
//#end
//#for i in 0..CD / KU
//#for c in 0..KU
//#for r in 0..RF
  subgroupMatrixStore<row_major>(&tile, scores + ${r * U * SCORE_STRIDE + c * U / 4}u, out${r}_${i * KU + c}, ${SCORE_STRIDE}u);
//#end
//#end
  workgroupBarrier();
  for (var store = local; store < ${ROWS * KT / 8}u; store += ${LANES}u) {
    let row = store / ${KT / 8}u;
    let chunk = store % ${KT / 8}u;
    if (row < item.rows) {
      let at = ${SCORES_AT}u + row * ${SCORE_STRIDE}u + chunk * 2u;
      let low = bitcast<vec4<f32>>(tile[at]) * exp2(-BIAS);
      let high = bitcast<vec4<f32>>(tile[at + 1u]) * exp2(-BIAS);
      storeItemRow(item, row, valueWordAt(${i * KT / 8}u + chunk), sharedState[row], lowValue(low, high), highValue(low, high));
    }
  }
  workgroupBarrier();
//#end
