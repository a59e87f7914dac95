// Attention of many query rows: 64 rows by 64 keys in registers, for prefill and for rows of several
// tokens. Uses no subgroups.
//
//   128 lanes: lane (ty, tx) = (local / 8, local % 8) owns rows 4·ty … 4·ty + 3 and, of every 64
//   keys, keys 4·tx … 4·tx + 3 and 32 + 4·tx …; of every 64 output columns, 8·tx … 8·tx + 7
//   A score chunk is 64 elements of D (eight words); CV = D / 64
//   UD  pairs of elements, and UK keys, that the inner loops unroll: their code has to stay within
//       the instruction cache
//
// A tile of 64 keys goes through workgroup memory as it is stored, two elements in 32 bits: reading
// workgroup memory is what binds here, and a lane unpacks a pair for many multiply-adds. Queries and
// keys are transposed in registers on the way, so that a lane reads four rows or four keys at once,
// and swizzled by their word, so that the eight lanes that write one row meet no bank twice. Then
// come, twice 32 keys, the weights, transposed and swizzled, and the values as they are.
// The next chunk is read from the cache while the present one is used.
//
// Workgroup memory, in vec4<u32>: queries [32][16], keys [32][16]; then, in the same place, weights
// [32][16] and values [32][D / 8].

var<workgroup> tile: array<vec4<u32>, ${TILE_WORDS}>;
var<workgroup> sharedPartial: array<f32, 512>;
var<workgroup> sharedRows: array<u32, 64>;
var<workgroup> sharedKeys: array<u32, 64>;
var<workgroup> sharedState: array<vec2<f32>, 64>;
var<workgroup> needsMask: atomic<u32>;
//#if KEY_SCALES
var<workgroup> sharedKeyScales: array<f32, 64>;
//#end
//#if VALUE_SCALES
var<workgroup> sharedValueScales: array<f32, 64>;
//#end
//#if KEY_STATIC == 2
// Scales of the key's channels: they meet the query here, because its 16 bits do not hold the products.
var<workgroup> sharedChannelScales: array<vec4<f32>, ${D / 4}>;
//#end

fn weightIndex(key: u32, ty: u32) -> u32 {
  return key * 16u + (ty ^ ((key >> 2u) & 7u));
}

// Writes one word of four rows or keys, pair by pair.
fn putTransposed(start: u32, a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>) {
  tile[start] = vec4<u32>(a.x, b.x, c.x, d.x);
  tile[start + 16u] = vec4<u32>(a.y, b.y, c.y, d.y);
  tile[start + 32u] = vec4<u32>(a.z, b.z, c.z, d.z);
  tile[start + 48u] = vec4<u32>(a.w, b.w, c.w, d.w);
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
  loadKeyZeros(item.head, local);
  loadValueZeros(item.head, local);
//#if KEY_OWN_ZEROS || VALUE_OWN_ZEROS
  workgroupBarrier();
//#end
//#if VALUE_OWN_ZEROS
  valueOwnZeros0 = valueZeros[local % ${LV}u];
  valueOwnZeros1 = valueZeros[${LV}u + local % ${LV}u];
//#end
//#if KEY_OWN_ZEROS
//#for c in 0..D / 64
  let keyZeros${c}_0 = keyZeros[${c * 8}u + tx];
  let keyZeros${c}_1 = keyZeros[${LV + c * 8}u + tx];
//#end
//#end
//#if KEY_STATIC == 2
  if (local < ${D / 4}u) {
    sharedChannelScales[local] = keyStaticScale(item.head, local);
  }
//#end
//#if KEY_STATIC == 1
  let scoreScale = params.scaleLog2 * keyStaticScale(item.head, 0u).x;
//#else
  let scoreScale = params.scaleLog2;
//#end
//#for j in 0..4
  let row${j} = ${j}u + ty * 4u;
  let token${j} = (item.firstRow + row${j}) / ${G}u;
  var max${j} = NO_SCORE;
  var sum${j} = 0.0;
//#for c in 0..CV * 2
  var out${j}_${c} = vec4<f32>(0.0);
//#end
//#end

  for (var begin = item.visibleBegin; begin < item.visibleEnd; begin += 64u) {
    if (local == 0u) {
      atomicStore(&needsMask, 0u);
    }
    workgroupBarrier();
    if (local < 64u) {
      let visibleIndex = begin + local;
      let key = keyAt(item, min(visibleIndex, item.visibleEnd - 1u));
      let id = blockTable[tableIndex(item, key)];
      let held = visibleIndex < item.visibleEnd && id >= 0;
      let alive = held && anyTokenSees(item, key);
      let row = select(item.safeRow, cacheRow(item, id, key), alive || (held && isWalked(item, key)));
      sharedRows[local] = row;
//#if KEY_SCALES
      sharedKeyScales[local] = keyRowScale(row);
//#end
//#if VALUE_SCALES
      sharedValueScales[local] = select(0.0, valueRowScale(row), alive);
//#end
      sharedKeys[local] = select(NO_KEY, key, alive);
//#if RANGES || TREE
      atomicStore(&needsMask, 1u);
//#else
      if (!(alive && visibleIndex >= item.unmaskedBegin && visibleIndex < item.unmaskedEnd)) {
        atomicStore(&needsMask, 1u);
      }
//#end
    }
    workgroupBarrier();
    let masked = atomicLoad(&needsMask) != 0u;

//#for r in 0..4
    var low${r} = vec4<f32>(0.0);
    var high${r} = vec4<f32>(0.0);
//#end
    // Eight neighbouring lanes read the eight words of a chunk of one key or query.
//#for k in 0..4
    var keyNext${k} = keyChunk(sharedRows[ty * 4u + ${k}u], tx);
//#end
    for (var chunk = 0u; chunk < ${D / 64}u; chunk++) {
//#for k in 0..4
      let queryNext${k} = queryWord(item, ty * 4u + ${k}u, chunk * 8u + tx);
//#end
      if (chunk > 0u) {
        workgroupBarrier();
      }
      let number = chunk * 8u + tx;
//#if KEY_OWN_ZEROS
//#for h in 0..2
//#if D == 64
      keyOwnZeros${h} = keyZeros0_${h};
//#else
      keyOwnZeros${h} = select(keyZeros0_${h}, keyZeros1_${h}, chunk > 0u);
//#end
//#end
//#end
      putTransposed(512u + tx * 64u + (ty ^ tx), keyPacked(keyNext0, number), keyPacked(keyNext1, number), keyPacked(keyNext2, number), keyPacked(keyNext3, number));
      putTransposed(tx * 64u + (ty ^ tx), queryNext0, queryNext1, queryNext2, queryNext3);
      workgroupBarrier();
      if (chunk < ${D / 64 - 1}u) {
//#for k in 0..4
        keyNext${k} = keyChunk(sharedRows[ty * 4u + ${k}u], (chunk + 1u) * 8u + tx);
//#end
      }
      for (var step = 0u; step < 32u; step += ${UD}u) {
//#for d in 0..UD
      {
        let swizzle = ((step + ${d}u) >> 2u) & 7u;
        let pair = ((step * 16u) & 511u) + ${d * 16}u;
        let lowWords = tile[pair + 512u + (tx ^ swizzle)];
        let highWords = tile[pair + 520u + (tx ^ swizzle)];
        let rowWords = tile[pair + (ty ^ swizzle)];
//#for h in 0..2
        {
//#if h == 0
          let lowKeys = firstOfPairs(lowWords);
          let highKeys = firstOfPairs(highWords);
//#else
          let lowKeys = secondOfPairs(lowWords);
          let highKeys = secondOfPairs(highWords);
//#end
//#if h == 0
          let queries = firstOfPairs(rowWords);
//#else
          let queries = secondOfPairs(rowWords);
//#end
//#if KEY_STATIC == 2
          let pairNumber = chunk * 32u + step + ${d}u;
          let rows = queries * sharedChannelScales[pairNumber >> 1u][(pairNumber & 1u) * 2u + ${h}u];
//#else
          let rows = queries;
//#end
//#for j in 0..4
          low${j} = fma(vec4<f32>(rows[${j}]), lowKeys, low${j});
          high${j} = fma(vec4<f32>(rows[${j}]), highKeys, high${j});
//#end
        }
//#end
      }
//#end
      }
    }

    // Values of the first half are on their way while the weights are worked out.
//#for i in 0..VALUE_LOADS
    var valueNext${i} = valueChunk(sharedRows[(local + ${i * 128}u) / ${LV}u % 32u], (local + ${i * 128}u) % ${LV}u);
//#end
//#for r in 0..4
    low${r} *= scoreScale;
    high${r} *= scoreScale;
//#if KEY_SCALES
    low${r} *= vec4<f32>(sharedKeyScales[tx * 4u], sharedKeyScales[tx * 4u + 1u], sharedKeyScales[tx * 4u + 2u], sharedKeyScales[tx * 4u + 3u]);
    high${r} *= vec4<f32>(sharedKeyScales[tx * 4u + 32u], sharedKeyScales[tx * 4u + 33u], sharedKeyScales[tx * 4u + 34u], sharedKeyScales[tx * 4u + 35u]);
//#end
//#end
    if (masked) {
//#for e in 0..8
      {
        let key = sharedKeys[${e / 4 * 32 + e % 4}u + tx * 4u];
//#for r in 0..4
//#if e < 4
        low${r}[${e}] = select(NO_SCORE, low${r}[${e}], key != NO_KEY && sees(item, token${r}, key));
//#else
        high${r}[${e - 4}] = select(NO_SCORE, high${r}[${e - 4}], key != NO_KEY && sees(item, token${r}, key));
//#end
//#end
      }
//#end
    }
//#for r in 0..4
    {
      let both = max(low${r}, high${r});
      sharedPartial[row${r} * 8u + tx] = max(max(both.x, both.y), max(both.z, both.w));
    }
//#end
    workgroupBarrier();
//#for r in 0..4
    {
      var larger = max${r};
//#for x in 0..8
      larger = max(larger, sharedPartial[row${r} * 8u + ${x}u]);
//#end
      let decay = exp2(max${r} - larger);
      max${r} = larger;
      // Where a row has seen no key yet, exp2(0) = 1 must not count.
      let counts = select(0.0, HEADROOM, larger > NO_SCORE);
      low${r} = exp2(low${r} - larger) * counts;
      high${r} = exp2(high${r} - larger) * counts;
      let both = low${r} + high${r};
      sum${r} = sum${r} * decay + (both.x + both.y + both.z + both.w);
//#for c in 0..CV * 2
      out${r}_${c} *= decay;
//#end
    }
//#end

    for (var half = 0u; half < 2u; half++) {
      if (half > 0u) {
        workgroupBarrier();
//#for r in 0..4
        low${r} = high${r};
//#end
      }
//#for e in 0..4
//#if VALUE_SCALES
      tile[weightIndex(tx * 4u + ${e}u, ty)] = bitcast<vec4<u32>>(vec4<f32>(low0[${e}], low1[${e}], low2[${e}], low3[${e}]) * sharedValueScales[half * 32u + tx * 4u + ${e}u]);
//#else
      tile[weightIndex(tx * 4u + ${e}u, ty)] = bitcast<vec4<u32>>(vec4<f32>(low0[${e}], low1[${e}], low2[${e}], low3[${e}]));
//#end
//#end
//#for i in 0..VALUE_LOADS
      tile[512u + local + ${i * 128}u] = valuePacked(valueNext${i}, (local + ${i * 128}u) % ${LV}u);
//#end
      // A weight of 0 times NaN is NaN: what no row sees counts as zeros.
      if (masked) {
//#for i in 0..VALUE_LOADS
        if (sharedKeys[half * 32u + (local + ${i * 128}u) / ${LV}u % 32u] == NO_KEY) {
          tile[512u + local + ${i * 128}u] = vec4<u32>(0u);
        }
//#end
      }
      workgroupBarrier();
      if (half == 0u) {
//#for i in 0..VALUE_LOADS
        valueNext${i} = valueChunk(sharedRows[32u + (local + ${i * 128}u) / ${LV}u % 32u], (local + ${i * 128}u) % ${LV}u);
//#end
      }
      for (var step = 0u; step < 32u; step += ${UK}u) {
//#for k in 0..UK
      {
        let key = (step + ${k}u) & 31u;
        let weights = bitcast<vec4<f32>>(tile[weightIndex(key, ty)]);
//#for c in 0..CV
        {
          let words = tile[key * ${LV}u + ${512 + c * 8}u + tx];
          let lowValues = lowHalf(words);
          let highValues = highHalf(words);
//#for j in 0..4
          out${j}_${c * 2} = fma(vec4<f32>(weights[${j}]), lowValues, out${j}_${c * 2});
          out${j}_${c * 2 + 1} = fma(vec4<f32>(weights[${j}]), highValues, out${j}_${c * 2 + 1});
//#end
        }
//#end
      }
//#end
      }
    }
    workgroupBarrier();
  }

//#for r in 0..4
  sharedPartial[row${r} * 8u + tx] = sum${r};
//#end
  workgroupBarrier();
  if (tx == 0u) {
//#for r in 0..4
    {
      var total = 0.0;
//#for x in 0..8
      total += sharedPartial[row${r} * 8u + ${x}u];
//#end
      sharedState[row${r}] = vec2<f32>(max${r}, total);
    }
//#end
  }
  workgroupBarrier();
//#for r in 0..4
  if (row${r} < item.rows) {
//#for c in 0..CV
    storeItemRow(item, row${r}, ${c * 8}u + tx, sharedState[row${r}], out${r}_${c * 2}, out${r}_${c * 2 + 1});
//#end
  }
//#end
}
