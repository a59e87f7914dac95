// Attention of many query rows: ROWS = RV · 16 · RW rows by 64 keys in registers, for prefill and for
// rows of several tokens. Uses no subgroups.
//
//   128 lanes: lane (ty, tx) = (local / 8, local % 8) owns rows v · 16 · RW + ty · RW + j and, of
//   every 64 keys, keys 4·tx … 4·tx + 3 and 32 + 4·tx …; of every 32 output columns, 4·tx … 4·tx + 3
//   DC  elements of D in one score chunk (DW words of 8), VK keys in one value chunk; CV = D / 32
//   WK  keys whose weights are in workgroup memory at a time: 64, or 32 where rows are many
//
// A tile of 64 keys goes through workgroup memory in chunks: queries and keys transposed, so that a
// lane reads RW rows or four keys at once; then the weights, transposed and swizzled so that the
// eight lanes of a row write to different banks; then values. The next chunk is read from the cache
// while the present one is used.

var<workgroup> sharedQueries: array<vec${RW}<f32>, ${16 * RV * DC}>;
var<workgroup> sharedTile: array<vec4<f32>, ${TILE_WORDS}>;
var<workgroup> sharedWeights: array<vec${RW}<f32>, ${WK * RV * 16}>;
var<workgroup> sharedPartial: array<f32, ${ROWS * 8}>;
var<workgroup> sharedRows: array<u32, 64>;
var<workgroup> sharedState: array<vec2<f32>, ${ROWS}>;

fn queryWord(item: Item, row: u32, word: u32) -> vec4<u32> {
  if (row >= item.rows) {
    return vec4<u32>(0u);
  }
  let packed = item.firstRow + row;
  let source = (item.queryToken + packed / ${G}u) * params.queryHeads + item.head * ${G}u + packed % ${G}u;
  return query[source * ${LV}u + word];
}

fn weightIndex(key: u32, v: u32, ty: u32) -> u32 {
  return (key * ${RV}u + v) * 16u + (ty ^ ((key >> 2u) & 7u));
}

fn putQuery(row: u32, element: u32, value: f32) {
  sharedQueries[element * ${16 * RV}u + row / ${RW}u][row & ${RW - 1}u] = value;
}

fn putKey(key: u32, element: u32, value: f32) {
  sharedTile[element * 16u + (key >> 2u)][key & 3u] = value;
}

@compute @workgroup_size(128)
fn attend(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * DISPATCH_WIDTH;
  if (index >= params.itemCount) {
    return;
  }
  let item = items[params.itemBase + index];
  let tx = local & 7u;
  // The mask tells the compiler the range, so that it can drop bounds checks.
  let ty = (local >> 3u) & 15u;
//#for v in 0..RV
//#for j in 0..RW
//#let r = v * RW + j
  let row${r} = ${v * 16 * RW + j}u + ty * ${RW}u;
  let token${r} = (item.firstRow + row${r}) / ${G}u;
  var max${r} = NO_SCORE;
  var sum${r} = 0.0;
//#for c in 0..CV
  var out${r}_${c} = vec4<f32>(0.0);
//#end
//#end
//#end

  for (var tile = item.orderBegin; tile < item.orderEnd; tile += 64u) {
    if (local < 64u) {
      let order = tile + local;
      let key = keyAt(item, min(order, item.orderEnd - 1u));
      let id = blockTable[tableIndex(item, key)];
      let alive = order < item.orderEnd && id >= 0 && anyTokenSees(item, key);
      sharedRows[local] = select(item.anchorRow, cacheRow(item, id, key), alive);
    }
    workgroupBarrier();

//#for r in 0..RV * RW
    var low${r} = vec4<f32>(0.0);
    var high${r} = vec4<f32>(0.0);
//#end
//#for i in 0..KEY_LOADS
    let keySource${i} = sharedRows[(local + ${i * 128}u) & 63u];
    var keyNext${i} = keyWord(keySource${i}, ((local + ${i * 128}u) >> 6u) % ${DW}u);
//#end
//#for i in 0..QUERY_LOADS
    var queryNext${i} = queryWord(item, (local + ${i * 128}u) % ${ROWS}u, (local + ${i * 128}u) / ${ROWS}u % ${DW}u);
//#end
    for (var chunk = 0u; chunk < ${LV / DW}u; chunk++) {
//#for i in 0..KEY_LOADS
      if (local + ${i * 128}u < ${64 * DW}u) {
        let low = lowHalf(keyNext${i});
        let high = highHalf(keyNext${i});
        let key = (local + ${i * 128}u) & 63u;
        let element = ((local + ${i * 128}u) >> 6u) * 8u;
//#for e in 0..4
        putKey(key, element + ${e}u, low[${e}]);
        putKey(key, element + ${e + 4}u, high[${e}]);
//#end
      }
//#end
//#for i in 0..QUERY_LOADS
      if (local + ${i * 128}u < ${ROWS * DW}u) {
        let low = lowHalf(queryNext${i}) * params.scaleLog2;
        let high = highHalf(queryNext${i}) * params.scaleLog2;
        let row = (local + ${i * 128}u) % ${ROWS}u;
        let element = (local + ${i * 128}u) / ${ROWS}u * 8u;
//#for e in 0..4
        putQuery(row, element + ${e}u, low[${e}]);
        putQuery(row, element + ${e + 4}u, high[${e}]);
//#end
      }
//#end
      workgroupBarrier();
      if (chunk < ${LV / DW - 1}u) {
//#for i in 0..KEY_LOADS
        keyNext${i} = keyWord(keySource${i}, (chunk + 1u) * ${DW}u + ((local + ${i * 128}u) >> 6u) % ${DW}u);
//#end
//#for i in 0..QUERY_LOADS
        queryNext${i} = queryWord(item, (local + ${i * 128}u) % ${ROWS}u, (chunk + 1u) * ${DW}u + (local + ${i * 128}u) / ${ROWS}u % ${DW}u);
//#end
      }
//#for d in 0..DC
      {
        let lowKeys = sharedTile[${d * 16}u + tx];
        let highKeys = sharedTile[${d * 16 + 8}u + tx];
//#for v in 0..RV
        let rows${v} = sharedQueries[${(d * RV + v) * 16}u + ty];
//#for j in 0..RW
        low${v * RW + j} = fma(vec4<f32>(rows${v}[${j}]), lowKeys, low${v * RW + j});
        high${v * RW + j} = fma(vec4<f32>(rows${v}[${j}]), highKeys, high${v * RW + j});
//#end
//#end
      }
//#end
      workgroupBarrier();
    }

    // Values of the first chunk are on their way while the weights are worked out.
//#for i in 0..VALUE_LOADS
    var valueNext${i} = valueWord(sharedRows[(local + ${i * 128}u) / ${LV}u % ${VK}u], (local + ${i * 128}u) % ${LV}u);
//#end
//#for e in 0..8
    {
      let order = tile + ${e / 4 * 32 + e % 4}u + tx * 4u;
      let key = keyAt(item, min(order, item.orderEnd - 1u));
      let held = order < item.orderEnd && blockTable[tableIndex(item, key)] >= 0;
//#for r in 0..RV * RW
//#if e < 4
      low${r}[${e}] = select(NO_SCORE, low${r}[${e}], held && sees(item, token${r}, key));
//#else
      high${r}[${e - 4}] = select(NO_SCORE, high${r}[${e - 4}], held && sees(item, token${r}, key));
//#end
//#end
    }
//#end
//#for r in 0..RV * RW
    {
      let both = max(low${r}, high${r});
      sharedPartial[row${r} * 8u + tx] = max(max(both.x, both.y), max(both.z, both.w));
    }
//#end
    workgroupBarrier();
//#for r in 0..RV * RW
    {
      var larger = max${r};
//#for x in 0..8
      larger = max(larger, sharedPartial[row${r} * 8u + ${x}u]);
//#end
      let decay = exp2(max${r} - larger);
      max${r} = larger;
      low${r} = select(exp2(low${r} - larger), vec4<f32>(0.0), low${r} == vec4<f32>(NO_SCORE));
      high${r} = select(exp2(high${r} - larger), vec4<f32>(0.0), high${r} == vec4<f32>(NO_SCORE));
      let both = low${r} + high${r};
      sum${r} = sum${r} * decay + (both.x + both.y + both.z + both.w);
//#for c in 0..CV
      out${r}_${c} *= decay;
//#end
    }
//#end

//#for half in 0..64 / WK
//#for v in 0..RV
//#for e in 0..4
//#if WK == 64 || half == 0
    sharedWeights[weightIndex(tx * 4u + ${e}u, ${v}u, ty)] = vec${RW}<f32>(low${v * RW}[${e}]
//#for j in 1..RW
      , low${v * RW + j}[${e}]
//#end
    );
//#end
//#if WK == 64 || half == 1
    sharedWeights[weightIndex(${WK - 32}u + tx * 4u + ${e}u, ${v}u, ty)] = vec${RW}<f32>(high${v * RW}[${e}]
//#for j in 1..RW
      , high${v * RW + j}[${e}]
//#end
    );
//#end
//#end
//#end
    for (var chunk = 0u; chunk < ${WK / VK}u; chunk++) {
//#for i in 0..VALUE_LOADS
      if (local + ${i * 128}u < ${VK * LV}u) {
        sharedTile[(local + ${i * 128}u) * 2u] = lowHalf(valueNext${i});
        sharedTile[(local + ${i * 128}u) * 2u + 1u] = highHalf(valueNext${i});
      }
//#end
      workgroupBarrier();
      let next = ${half * WK}u + (chunk + 1u) * ${VK}u;
      if (next < 64u) {
//#for i in 0..VALUE_LOADS
        valueNext${i} = valueWord(sharedRows[next + (local + ${i * 128}u) / ${LV}u % ${VK}u], (local + ${i * 128}u) % ${LV}u);
//#end
      }
//#for k in 0..VK
      {
//#for v in 0..RV
        let weights${v} = sharedWeights[weightIndex(chunk * ${VK}u + ${k}u, ${v}u, ty)];
//#end
//#for c in 0..CV
        let values${c} = sharedTile[${k * D / 4 + c * 8}u + tx];
//#for v in 0..RV
//#for j in 0..RW
        out${v * RW + j}_${c} = fma(vec4<f32>(weights${v}[${j}]), values${c}, out${v * RW + j}_${c});
//#end
//#end
//#end
      }
//#end
      workgroupBarrier();
    }
//#end
  }

//#for r in 0..RV * RW
  sharedPartial[row${r} * 8u + tx] = sum${r};
//#end
  workgroupBarrier();
  if (tx == 0u) {
//#for r in 0..RV * RW
    {
      var total = 0.0;
//#for x in 0..8
      total += sharedPartial[row${r} * 8u + ${x}u];
//#end
      sharedState[row${r}] = vec2<f32>(max${r}, total);
    }
//#end
  }

  // 32 columns at a time through workgroup memory, so that a lane stores eight neighbours.
//#for c in 0..CV
  workgroupBarrier();
//#for r in 0..RV * RW
  {
    let at = row${r} * ${32 / RW}u + tx * ${4 / RW}u;
//#if RW == 4
    sharedWeights[at] = out${r}_${c};
//#else
    sharedWeights[at] = out${r}_${c}.xy;
    sharedWeights[at + 1u] = out${r}_${c}.zw;
//#end
  }
//#end
  workgroupBarrier();
  for (var store = local; store < ${ROWS * 4}u; store += 128u) {
    let row = store >> 2u;
    let chunk = ${c * 4}u + (store & 3u);
    if (row < item.rows) {
      let at = row * ${32 / RW}u + (store & 3u) * ${8 / RW}u;
//#if RW == 4
      storeItemRow(item, row, chunk, sharedState[row], sharedWeights[at], sharedWeights[at + 1u]);
//#else
      storeItemRow(item, row, chunk, sharedState[row], vec4<f32>(sharedWeights[at], sharedWeights[at + 1u]), vec4<f32>(sharedWeights[at + 2u], sharedWeights[at + 3u]));
//#end
    }
  }
//#end
}
