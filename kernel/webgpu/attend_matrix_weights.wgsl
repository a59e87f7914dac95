// From the scores of a tile to its f16 weights, for both matrix programs: maximum, decay and weights of
// each row that a lane computes, and the outputs scaled where a maximum moved. Before it stand
// `weightX_W`, the masked scores; `scores` is where those of the subgroup begin, in the present `area`.
//#for x in 0..RPL
    var larger${x} = top${x};
    {
      var four = weight${x}_0;
//#for w in 1..PART
      four = max(four, weight${x}_${w});
//#end
      larger${x} = max(max(four.x, four.y), max(four.z, four.w));
//#if LPR > 1
      larger${x} = max(larger${x}, subgroupShuffleXor(larger${x}, 1u));
//#end
    }
    var decay${x} = 1.0;
    if (larger${x} > top${x} + GROWTH) {
      decay${x} = exp2(top${x} - larger${x});
      top${x} = larger${x};
      if (begin > item.visibleBegin) {
        atomicStore(&moves, 1u);
      }
    }
//#end
//#if !READS_AHEAD
//#for i in 0..VALUE_LOADS
    putValue(valueStage${i}, value${i}, sharedKeys[slot * ${KT}u + valueOfStage(valueStage${i})] != NO_KEY);
//#end
//#for i in 0..KEY_LOADS
    putKey(keyStage${i}, keyNext${i}, true);
//#end
//#end
    let anyMoves = workgroupUniformLoad(&moves) != 0u;
//#for x in 0..RPL
    {
      // Where a row has seen no key yet, exp2(0) = 1 must not count.
      let counts = select(0.0, 1.0, top${x} > NO_SCORE);
      var four = vec4<f32>(0.0);
//#for w in 0..PART
      weight${x}_${w} = exp2(weight${x}_${w} - top${x} + BIAS) * counts;
      four += weight${x}_${w};
//#end
      sum${x} = sum${x} * decay${x} + (four.x + four.y + four.z + four.w);
    }
//#end
    if (anyMoves) {
//#for i in 0..CD / KU
//#for c in 0..KU
//#for r in 0..RF
      subgroupMatrixStore<row_major>(&tile, area + scores + ${r * U * SCORE_STRIDE + c * U / 4}u, out${r}_${i * KU + c}, ${SCORE_STRIDE}u);
//#end
//#end
      workgroupBarrier();
//#for x in 0..RPL
      for (var word = 0u; word < ${PART}u; word++) {
        tile[area + scores${x} + word] = bitcast<vec4<u32>>(bitcast<vec4<f32>>(tile[area + scores${x} + word]) * decay${x});
      }
//#end
      workgroupBarrier();
//#for c in 0..KU
//#for r in 0..RF
      out${r}_${i * KU + c} = subgroupMatrixLoad<Sums, row_major>(&tile, area + scores + ${r * U * SCORE_STRIDE + c * U / 4}u, ${SCORE_STRIDE}u);
//#end
//#end
      workgroupBarrier();
//#end
    }
//#for x in 0..RPL
//#for w in 0..PART / 2
    tile[area + weights${x} + ${w}u] = vec4<u32>(
      pack2x16float(weight${x}_${2 * w}.xy),
      pack2x16float(weight${x}_${2 * w}.zw),
      pack2x16float(weight${x}_${2 * w + 1}.xy),
      pack2x16float(weight${x}_${2 * w + 1}.zw),
    );
//#end
//#end
