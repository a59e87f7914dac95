// Attention of many query rows: RV · 64 rows by 64 keys in registers, for prefill and for rows of
// several tokens. Uses no subgroups.
//
//   128 lanes: lane (ty, tx) = (local / 8, local % 8) owns rows v · 64 + 4·ty + j and, of every 64
//   keys, keys 4·tx … 4·tx + 3 and 32 + 4·tx …; of every 32 output columns, 4·tx … 4·tx + 3
//   DC = 32 elements of D (four words) in one score chunk, VK keys in one value chunk; CV = D / 32
//   WK  keys whose weights are in workgroup memory at a time: 64 / RV
//   UD, UK  elements and keys that the inner loops unroll
//
// A tile of 64 keys goes through workgroup memory in chunks: queries and keys transposed in
// registers on the way, so that a lane reads four rows or four keys at once; then the weights,
// transposed and swizzled so that the eight lanes of a row write to different banks; then values.
// The next chunk is read from the cache while the present one is used.
//
// Workgroup memory, in vec4<f32>: queries [DC][RV · 16], keys [DC][16]; then, in the same place,
// weights [WK][RV][16] and values [VK][D / 4]; at the end, 32 columns of the output.

var<workgroup> tile: array<vec4<f32>, ${TILE_WORDS}>;
var<workgroup> sharedPartial: array<f32, ${ROWS * 8}>;
var<workgroup> sharedRows: array<u32, 64>;
var<workgroup> sharedKeys: array<u32, 64>;
var<workgroup> sharedState: array<vec2<f32>, ${ROWS}>;
var<workgroup> needsMask: atomic<u32>;

const NO_KEY: u32 = 0xffffffffu;

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

// Writes eight elements of four rows or keys, element by element.
fn putTransposed(start: u32, stride: u32, a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>, factor: f32) {
  let al = lowHalf(a) * factor;
  let bl = lowHalf(b) * factor;
  let cl = lowHalf(c) * factor;
  let dl = lowHalf(d) * factor;
//#for e in 0..4
  tile[start + ${e}u * stride] = vec4<f32>(al[${e}], bl[${e}], cl[${e}], dl[${e}]);
//#end
  let ah = highHalf(a) * factor;
  let bh = highHalf(b) * factor;
  let ch = highHalf(c) * factor;
  let dh = highHalf(d) * factor;
//#for e in 0..4
  tile[start + ${e + 4}u * stride] = vec4<f32>(ah[${e}], bh[${e}], ch[${e}], dh[${e}]);
//#end
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
  let firstToken = item.firstRow / ${G}u;
  let lastToken = (item.firstRow + item.rows - 1u) / ${G}u;
//#for v in 0..RV
//#for j in 0..4
//#let r = v * 4 + j
  let row${r} = ${v * 64 + j}u + ty * 4u;
  let token${r} = (item.firstRow + row${r}) / ${G}u;
  var max${r} = NO_SCORE;
  var sum${r} = 0.0;
//#for c in 0..CV
  var out${r}_${c} = vec4<f32>(0.0);
//#end
//#end
//#end

  // Loads of a score chunk: lane → (four keys, word) for the first 64 lanes' worth of work, then
  // (four rows, word); with RV = 2 the rows take all lanes and the keys the first 64.
  let four = local & 15u;
  let word = (local >> 4u) & 3u;
//#for i in 0..QUERY_LOADS
  let rowFour${i} = (local + ${i * 128}u) % ${RV * 16}u;
  let rowWord${i} = (local + ${i * 128}u) / ${RV * 16}u % 4u;
//#end

  for (var begin = item.orderBegin; begin < item.orderEnd; begin += 64u) {
    if (local == 0u) {
      atomicStore(&needsMask, 0u);
    }
    workgroupBarrier();
    if (local < 64u) {
      let order = begin + local;
      let key = keyAt(item, min(order, item.orderEnd - 1u));
      let id = blockTable[tableIndex(item, key)];
      let held = order < item.orderEnd && id >= 0;
      let alive = held && anyTokenSees(item, key);
      sharedRows[local] = select(item.anchorRow, cacheRow(item, id, key), alive);
      sharedKeys[local] = select(NO_KEY, key, alive);
//#if RANGES || TREE
      atomicStore(&needsMask, 1u);
//#else
      let byAll = alive && key <= item.cached + firstToken && (item.windowTokens == 0u || key + item.windowTokens > item.cached + lastToken || key < params.sinkTokens);
      if (!byAll) {
        atomicStore(&needsMask, 1u);
      }
//#end
    }
    workgroupBarrier();
    let masked = atomicLoad(&needsMask) != 0u;

//#for r in 0..RV * 4
    var low${r} = vec4<f32>(0.0);
    var high${r} = vec4<f32>(0.0);
//#end
//#for k in 0..4
    var keyNext${k} = keyWord(sharedRows[four * 4u + ${k}u], word);
//#end
//#for i in 0..QUERY_LOADS
//#for k in 0..4
    var queryNext${i}_${k} = queryWord(item, rowFour${i} * 4u + ${k}u, rowWord${i});
//#end
//#end
    for (var chunk = 0u; chunk < ${D / DC}u; chunk++) {
//#if RV == 1
      if (local < 64u) {
        putTransposed(${DC * 16}u + word * 128u + four, 16u, keyNext0, keyNext1, keyNext2, keyNext3, 1.0);
      } else {
        putTransposed(rowWord0 * 128u + rowFour0, 16u, queryNext0_0, queryNext0_1, queryNext0_2, queryNext0_3, params.scaleLog2);
      }
//#else
      if (local < 64u) {
        putTransposed(${DC * RV * 16}u + word * 128u + four, 16u, keyNext0, keyNext1, keyNext2, keyNext3, 1.0);
      }
//#for i in 0..QUERY_LOADS
      putTransposed(rowWord${i} * ${8 * RV * 16}u + rowFour${i}, ${RV * 16}u, queryNext${i}_0, queryNext${i}_1, queryNext${i}_2, queryNext${i}_3, params.scaleLog2);
//#end
//#end
      workgroupBarrier();
      if (chunk < ${D / DC - 1}u) {
//#for k in 0..4
        keyNext${k} = keyWord(sharedRows[four * 4u + ${k}u], (chunk + 1u) * 4u + word);
//#end
//#for i in 0..QUERY_LOADS
//#for k in 0..4
        queryNext${i}_${k} = queryWord(item, rowFour${i} * 4u + ${k}u, (chunk + 1u) * 4u + rowWord${i});
//#end
//#end
      }
      for (var step = 0u; step < ${DC}u; step += ${UD}u) {
//#for d in 0..UD
      {
        let lowKeys = tile[step * 16u + ${DC * RV * 16 + d * 16}u + tx];
        let highKeys = tile[step * 16u + ${DC * RV * 16 + d * 16 + 8}u + tx];
//#for v in 0..RV
        let rows${v} = tile[step * ${RV * 16}u + ${(d * RV + v) * 16}u + ty];
//#for j in 0..4
        low${v * 4 + j} = fma(vec4<f32>(rows${v}[${j}]), lowKeys, low${v * 4 + j});
        high${v * 4 + j} = fma(vec4<f32>(rows${v}[${j}]), highKeys, high${v * 4 + j});
//#end
//#end
      }
//#end
      }
      workgroupBarrier();
    }

    // Values of the first chunk are on their way while the weights are worked out.
//#for i in 0..VALUE_LOADS
    var valueNext${i} = valueWord(sharedRows[(local + ${i * 128}u) / ${LV}u % ${VK}u], (local + ${i * 128}u) % ${LV}u);
//#end
    if (masked) {
//#for e in 0..8
      {
        let key = sharedKeys[${e / 4 * 32 + e % 4}u + tx * 4u];
//#for r in 0..RV * 4
//#if e < 4
        low${r}[${e}] = select(NO_SCORE, low${r}[${e}], key != NO_KEY && sees(item, token${r}, key));
//#else
        high${r}[${e - 4}] = select(NO_SCORE, high${r}[${e - 4}], key != NO_KEY && sees(item, token${r}, key));
//#end
//#end
      }
//#end
    }
//#for r in 0..RV * 4
    {
      let both = max(low${r}, high${r});
      sharedPartial[row${r} * 8u + tx] = max(max(both.x, both.y), max(both.z, both.w));
    }
//#end
    workgroupBarrier();
//#for r in 0..RV * 4
    {
      var larger = max${r};
//#for x in 0..8
      larger = max(larger, sharedPartial[row${r} * 8u + ${x}u]);
//#end
      let decay = exp2(max${r} - larger);
      max${r} = larger;
      // Where a row has seen no key yet, exp2(0) = 1 must not count.
      let counts = select(0.0, 1.0, larger > NO_SCORE);
      low${r} = exp2(low${r} - larger) * counts;
      high${r} = exp2(high${r} - larger) * counts;
      let both = low${r} + high${r};
      sum${r} = sum${r} * decay + (both.x + both.y + both.z + both.w);
//#for c in 0..CV
      out${r}_${c} *= decay;
//#end
    }
//#end

//#for half in 0..RV
//#for v in 0..RV
//#for e in 0..4
//#if RV == 1 || half == 0
    tile[weightIndex(tx * 4u + ${e}u, ${v}u, ty)] = vec4<f32>(low${v * 4}[${e}], low${v * 4 + 1}[${e}], low${v * 4 + 2}[${e}], low${v * 4 + 3}[${e}]);
//#end
//#if RV == 1 || half == 1
    tile[weightIndex(${WK - 32}u + tx * 4u + ${e}u, ${v}u, ty)] = vec4<f32>(high${v * 4}[${e}], high${v * 4 + 1}[${e}], high${v * 4 + 2}[${e}], high${v * 4 + 3}[${e}]);
//#end
//#end
//#end
    for (var chunk = 0u; chunk < ${WK / VK}u; chunk++) {
//#for i in 0..VALUE_LOADS
      if (local + ${i * 128}u < ${VK * LV}u) {
        tile[1024u + (local + ${i * 128}u) * 2u] = lowHalf(valueNext${i});
        tile[1024u + (local + ${i * 128}u) * 2u + 1u] = highHalf(valueNext${i});
      }
//#end
      workgroupBarrier();
      let next = ${half * WK}u + (chunk + 1u) * ${VK}u;
      if (next < 64u) {
//#for i in 0..VALUE_LOADS
        valueNext${i} = valueWord(sharedRows[next + (local + ${i * 128}u) / ${LV}u % ${VK}u], (local + ${i * 128}u) % ${LV}u);
//#end
      }
      for (var step = 0u; step < ${VK}u; step += ${UK}u) {
//#for k in 0..UK
      {
//#for v in 0..RV
        let weights${v} = tile[weightIndex(chunk * ${VK}u + step + ${k}u, ${v}u, ty)];
//#end
//#for c in 0..CV
        let values${c} = tile[1024u + (step + ${k}u) * ${D / 4}u + ${c * 8}u + tx];
//#for v in 0..RV
//#for j in 0..4
        out${v * 4 + j}_${c} = fma(vec4<f32>(weights${v}[${j}]), values${c}, out${v * 4 + j}_${c});
//#end
//#end
//#end
      }
//#end
      }
      workgroupBarrier();
    }
//#end
  }

//#for r in 0..RV * 4
  sharedPartial[row${r} * 8u + tx] = sum${r};
//#end
  workgroupBarrier();
  if (tx == 0u) {
//#for r in 0..RV * 4
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
//#for r in 0..RV * 4
  tile[row${r} * 8u + tx] = out${r}_${c};
//#end
  workgroupBarrier();
  for (var store = local; store < ${ROWS * 4}u; store += 128u) {
    let row = store >> 2u;
    if (row < item.rows) {
      let at = row * 8u + (store & 3u) * 2u;
      storeItemRow(item, row, ${c * 4}u + (store & 3u), sharedState[row], tile[at], tile[at + 1u]);
    }
  }
//#end
}
