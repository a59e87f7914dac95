// Attention of many query rows: 16 · RT rows by 64 keys in registers, for prefill and for rows of
// several tokens. Uses no subgroups.
//
//   128 lanes: lane (ty, tx) = (local / 8, local % 8) owns rows ty·RT … and, of every 64 keys,
//   keys 4·tx … 4·tx + 3 and 32 + 4·tx …; of every 32 output columns, 4·tx … 4·tx + 3
//   DC  elements of D in one score chunk, VK keys in one value chunk; CV = D / 32
//
// A tile of 64 keys goes through workgroup memory in chunks: queries and keys transposed, so that a
// lane reads four rows or four keys at once; then the weights, transposed and swizzled so that the
// eight lanes of a row write to different banks; then values. The next chunk is read from the cache
// while the present one is used.

var<workgroup> sharedQueries: array<vec${RT}<f32>, ${16 * DC}>;
var<workgroup> sharedTile: array<vec4<f32>, ${TILE_WORDS}>;
var<workgroup> sharedWeights: array<vec${RT}<f32>, 1024>;
var<workgroup> sharedPartial: array<f32, ${128 * RT}>;
var<workgroup> sharedRows: array<u32, 64>;
var<workgroup> sharedState: array<vec2<f32>, ${16 * RT}>;

fn queryWord(item: Item, row: u32, word: u32) -> vec4<u32> {
  if (row >= item.rows) {
    return vec4<u32>(0u);
  }
  let packed = item.firstRow + row;
  let source = (item.queryToken + packed / ${G}u) * params.queryHeads + item.head * ${G}u + packed % ${G}u;
  return query[source * ${LV}u + word];
}

fn weightIndex(key: u32, ty: u32) -> u32 {
  return key * 16u + (ty ^ ((key >> 2u) & 7u));
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
  let ty = local >> 3u;
//#for r in 0..RT
  let token${r} = (item.firstRow + ty * ${RT}u + ${r}u) / ${G}u;
  var max${r} = NO_SCORE;
  var sum${r} = 0.0;
//#for c in 0..CV
  var out${r}_${c} = vec4<f32>(0.0);
//#end
//#end

  for (var tile = item.orderBegin; tile < item.orderEnd; tile += 64u) {
    // Two lanes look up each of the tile's keys; the first half of the workgroup writes the rows.
    if (local < 64u) {
      let order = tile + local;
      let key = keyAt(item, min(order, item.orderEnd - 1u));
      let id = blockTable[tableIndex(item, key)];
      let alive = order < item.orderEnd && id >= 0 && anyTokenSees(item, key);
      sharedRows[local] = select(item.anchorRow, cacheRow(item, id, key), alive);
    }
    workgroupBarrier();

//#for r in 0..RT
    var low${r} = vec4<f32>(0.0);
    var high${r} = vec4<f32>(0.0);
//#end
    let loadedKey = local & 63u;
    let loadedHalf = local >> 6u;
    let keyRow = sharedRows[loadedKey];
    var keyNext = keyWord(keyRow, loadedHalf);
//#for i in 0..QUERY_LOADS
    var queryNext${i} = queryWord(item, (local + ${i * 128}u) % ${16 * RT}u, (local + ${i * 128}u) / ${16 * RT}u);
//#end
    for (var chunk = 0u; chunk < ${D / DC}u; chunk++) {
      let keyLow = lowHalf(keyNext);
      let keyHigh = highHalf(keyNext);
//#for e in 0..4
      sharedTile[(loadedHalf * 8u + ${e}u) * 16u + (loadedKey >> 2u)][loadedKey & 3u] = keyLow[${e}];
      sharedTile[(loadedHalf * 8u + ${e + 4}u) * 16u + (loadedKey >> 2u)][loadedKey & 3u] = keyHigh[${e}];
//#end
//#for i in 0..QUERY_LOADS
      {
        let loadedRow = (local + ${i * 128}u) % ${16 * RT}u;
        let loadedWord = (local + ${i * 128}u) / ${16 * RT}u;
        let queryLow = lowHalf(queryNext${i}) * params.scaleLog2;
        let queryHigh = highHalf(queryNext${i}) * params.scaleLog2;
        if (loadedWord < 2u) {
//#for e in 0..4
          sharedQueries[(loadedWord * 8u + ${e}u) * 16u + loadedRow / ${RT}u][loadedRow % ${RT}u] = queryLow[${e}];
          sharedQueries[(loadedWord * 8u + ${e + 4}u) * 16u + loadedRow / ${RT}u][loadedRow % ${RT}u] = queryHigh[${e}];
//#end
        }
      }
//#end
      workgroupBarrier();
      if (chunk < ${D / DC - 1}u) {
        keyNext = keyWord(keyRow, (chunk + 1u) * 2u + loadedHalf);
//#for i in 0..QUERY_LOADS
        queryNext${i} = queryWord(item, (local + ${i * 128}u) % ${16 * RT}u, (chunk + 1u) * 2u + (local + ${i * 128}u) / ${16 * RT}u);
//#end
      }
//#for d in 0..DC
      {
        let rows = sharedQueries[${d * 16}u + ty];
        let lowKeys = sharedTile[${d * 16}u + tx];
        let highKeys = sharedTile[${d * 16 + 8}u + tx];
//#for r in 0..RT
        low${r} = fma(vec4<f32>(rows[${r}]), lowKeys, low${r});
        high${r} = fma(vec4<f32>(rows[${r}]), highKeys, high${r});
//#end
      }
//#end
      workgroupBarrier();
    }

    // Values of the first chunk are on their way while the weights are worked out.
//#for i in 0..VALUE_LOADS
    var valueNext${i} = valueWord(sharedRows[(local + ${i * 128}u) / ${LV}u], (local + ${i * 128}u) % ${LV}u);
//#end
//#for e in 0..8
    {
      let order = tile + ${e / 4 * 32 + e % 4}u + tx * 4u;
      let key = keyAt(item, min(order, item.orderEnd - 1u));
      let held = order < item.orderEnd && blockTable[tableIndex(item, key)] >= 0;
//#for r in 0..RT
//#if e < 4
      low${r}[${e}] = select(NO_SCORE, low${r}[${e}], held && sees(item, token${r}, key));
//#else
      high${r}[${e - 4}] = select(NO_SCORE, high${r}[${e - 4}], held && sees(item, token${r}, key));
//#end
//#end
    }
//#end
//#for r in 0..RT
    {
      let both = max(low${r}, high${r});
      sharedPartial[(ty * ${RT}u + ${r}u) * 8u + tx] = max(max(both.x, both.y), max(both.z, both.w));
    }
//#end
    workgroupBarrier();
//#for r in 0..RT
    {
      var larger = max${r};
//#for x in 0..8
      larger = max(larger, sharedPartial[(ty * ${RT}u + ${r}u) * 8u + ${x}u]);
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
//#for e in 0..4
    sharedWeights[weightIndex(tx * 4u + ${e}u, ty)] = vec${RT}<f32>(low0[${e}], low1[${e}]
//#for r in 2..RT
      , low${r}[${e}]
//#end
    );
    sharedWeights[weightIndex(32u + tx * 4u + ${e}u, ty)] = vec${RT}<f32>(high0[${e}], high1[${e}]
//#for r in 2..RT
      , high${r}[${e}]
//#end
    );
//#end

    for (var chunk = 0u; chunk < ${64 / VK}u; chunk++) {
//#for i in 0..VALUE_LOADS
      sharedTile[(local + ${i * 128}u) * 2u] = lowHalf(valueNext${i});
      sharedTile[(local + ${i * 128}u) * 2u + 1u] = highHalf(valueNext${i});
//#end
      workgroupBarrier();
      if (chunk < ${64 / VK - 1}u) {
//#for i in 0..VALUE_LOADS
        valueNext${i} = valueWord(sharedRows[(chunk + 1u) * ${VK}u + (local + ${i * 128}u) / ${LV}u], (local + ${i * 128}u) % ${LV}u);
//#end
      }
//#for k in 0..VK
      {
        let weights = sharedWeights[weightIndex(chunk * ${VK}u + ${k}u, ty)];
//#for c in 0..CV
        let values${c} = sharedTile[${k * D / 4 + c * 8}u + tx];
//#for r in 0..RT
        out${r}_${c} = fma(vec4<f32>(weights[${r}]), values${c}, out${r}_${c});
//#end
//#end
      }
//#end
      workgroupBarrier();
    }
  }

//#for r in 0..RT
  sharedPartial[(ty * ${RT}u + ${r}u) * 8u + tx] = sum${r};
//#end
  workgroupBarrier();
  if (tx == 0u) {
//#for r in 0..RT
    {
      var total = 0.0;
//#for x in 0..8
      total += sharedPartial[(ty * ${RT}u + ${r}u) * 8u + ${x}u];
//#end
      sharedState[ty * ${RT}u + ${r}u] = vec2<f32>(max${r}, total);
    }
//#end
  }

  // 64 columns at a time through workgroup memory, so that a lane stores eight neighbours.
//#for half in 0..D / 64
  workgroupBarrier();
//#for r in 0..RT
//#for c in 0..2
  {
    let at = (ty * ${RT}u + ${r}u) * ${64 / RT}u + (${c * 32}u + tx * 4u) / ${RT}u;
//#if RT == 4
    sharedWeights[at] = out${r}_${half * 2 + c};
//#else
    sharedWeights[at] = out${r}_${half * 2 + c}.xy;
    sharedWeights[at + 1u] = out${r}_${half * 2 + c}.zw;
//#end
  }
//#end
//#end
  workgroupBarrier();
  for (var store = local; store < ${16 * RT * 8}u; store += 128u) {
    let row = store >> 3u;
    let chunk = ${half * 8}u + (store & 7u);
    if (row < item.rows) {
      let at = row * ${64 / RT}u + (store & 7u) * ${8 / RT}u;
//#if RT == 4
      storeItemRow(item, row, chunk, sharedState[row], sharedWeights[at], sharedWeights[at + 1u]);
//#else
      storeItemRow(item, row, chunk, sharedState[row], vec4<f32>(sharedWeights[at], sharedWeights[at + 1u]), vec4<f32>(sharedWeights[at + 2u], sharedWeights[at + 3u]));
//#end
    }
  }
//#end
}
