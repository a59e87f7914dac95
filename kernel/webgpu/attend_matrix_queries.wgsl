// The item's queries into fragments, for both matrix programs, by way of the scores' place.
//#for i in 0..CD / QF
  workgroupBarrier();
  for (var at = local; at < ${ROWS * QF * U / 8}u; at += ${LANES}u) {
    let row = at / ${QF * U / 8}u;
    let word = at % ${QF * U / 8}u;
    tile[${SCORES_AT}u + row * ${SCORE_STRIDE}u + word] = keyOrder(queryWord(item, row, keyWordAt(${i * QF * U / 8}u + word)));
  }
  workgroupBarrier();
//#for k in 0..QF
//#for r in 0..RF
  let query${r}_${i * QF + k} = subgroupMatrixLoad<Left, row_major>(&tile, scores + ${r * U * SCORE_STRIDE + k * U / 8}u, ${SCORE_STRIDE}u);
//#end
//#end
//#end
