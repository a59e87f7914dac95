// Attention of a few query rows, for adapters with one fixed subgroup size T.
//
//   R      rows of an item, whose outputs a subgroup holds
//   WALKERS  subgroups; each walks its own tiles with its own softmax state
//   LK     lanes that share a key in the score phase; J keys of such a group in one tile
//   TILE   T / LK * J keys of a subgroup in one tile, all of one page; KC chunks of a key in one lane,
//          of KQ quarters each
//   LANES_V  lanes along D in the value phase; C chunks of a value in one lane, of VQ quarters each
//   KI     keys that one value step covers: T / LANES_V
//   PV_UNROLL  value steps whose loads are in flight at a time
//
// Score phase: a lane holds partial dot products of J keys, key (own ^ j) in place j, so that
// halving the list at each exchange needs no selection and leaves every lane with the score of its
// own key. Value phase: lanes lie along D and take the keys' weights by shuffle. Values of a tile
// are asked for before its scores, and keys of the next tile before the values are used, so that
// neither wait is on the way.
//
// Where a tile's values are few (VALUES_AHEAD) they are asked for a tile ahead, as its keys are: a short
// score phase hides no wait.
//
// A tile that every row sees whole (`unmasked`) takes its rows by counting and skips the masks.
//
// Keys of whole numbers (KEY_DIGITS) are not decoded: the query is rounded to 16 bits of its row's largest
// element, and its two signed bytes are multiplied with four codes at a time, exactly.

const MAX_GROWTH: f32 = 8.0;
//#if KEY_DIGITS && !QUERY_REGISTERS

// Upper and lower bytes of a query's elements, in the places of their quarters in sharedQuery.
var<workgroup> sharedDigits: array<vec2<u32>, ${R * D / 4}>;
//#end

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
  let lane = local & ${T - 1}u;
  let walker = local / ${T}u;
  let chunk = lane & ${LANES_V - 1}u;
  let keyGroup = lane / ${LANES_V}u;
  let keyLane = lane & ${LK - 1}u;
  let ownKey = (lane / ${LK}u) * ${J}u + keyLane / ${LK / J}u;
  // An item without keys still writes zeros; its table row is then read at column 0.
  let lastVisibleIndex = max(item.visibleEnd, 1u) - 1u;
  loadQuery(item, local);
  workgroupBarrier();
//#if KEY_DIGITS

//#for r in 0..R
  var largest${r} = 0u;
//#for c in 0..KC
//#for q in 0..KQ
  largest${r} = max(largest${r}, largestBits(sharedQuery[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane]));
//#end
//#end
  largest${r} = subgroupMax(largest${r});
  let step${r} = bitcast<f32>(largest${r}) / MOST_STEPS;
  let steps${r} = stepsPerUnit(largest${r});
//#if KEY_CODES == INT4
  var zero${r} = 0.0;
//#end
//#for c in 0..KC
//#if KEY_CODES == INT4
//#for p in 0..KQ / 2
  let first${r}_${c}_${p} = vec4<i32>(round(sharedQuery[${(r * KQ + p * 2) * KEY_CHUNKS + c * LK}u + keyLane] * steps${r}));
  let second${r}_${c}_${p} = vec4<i32>(round(sharedQuery[${(r * KQ + p * 2 + 1) * KEY_CHUNKS + c * LK}u + keyLane] * steps${r}));
  zero${r} += dot(vec4<f32>(first${r}_${c}_${p}), staticQuarter(${KEY_ZEROS_AT}u + item.head * ${D}u + (${c * LK}u + keyLane) * ${KEY_ELEMENTS}u + ${p * 8}u));
  zero${r} += dot(vec4<f32>(second${r}_${c}_${p}), staticQuarter(${KEY_ZEROS_AT}u + item.head * ${D}u + (${c * LK}u + keyLane) * ${KEY_ELEMENTS}u + ${p * 8 + 4}u));
  let query${r}_${c}_${p * 2} = digitPair(vec4<i32>(first${r}_${c}_${p}.xz, second${r}_${c}_${p}.xz));
  let query${r}_${c}_${p * 2 + 1} = digitPair(vec4<i32>(first${r}_${c}_${p}.yw, second${r}_${c}_${p}.yw));
//#end
//#else
//#for q in 0..KQ
  let query${r}_${c}_${q} = digitPair(vec4<i32>(round(sharedQuery[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane] * steps${r})));
//#end
//#end
//#if !QUERY_REGISTERS
//#for q in 0..KQ
  sharedDigits[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane] = query${r}_${c}_${q};
//#end
//#end
//#end
//#if KEY_CODES == INT4
//#for s in 0..LOG2LK
  zero${r} += subgroupShuffleXor(zero${r}, ${1 << s}u);
//#end
//#end
//#end
//#if !QUERY_REGISTERS
  // Every subgroup of these rows has written the same.
  workgroupBarrier();
//#end
//#end

//#for r in 0..R
  let token${r} = (item.firstRow + ${r}u) / ${G}u;
  var max${r} = NO_SCORE;
  var sum${r} = 0.0;
//#for c in 0..C
//#for q in 0..VQ
  var out${r}_${c}_${q} = vec4<f32>(0.0);
//#end
//#end
//#if QUERY_REGISTERS && !KEY_DIGITS
//#for c in 0..KC
//#for q in 0..KQ
  let query${r}_${c}_${q} = sharedQuery[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane];
//#end
//#end
//#end
//#end
  let tiles = (item.visibleEnd - item.visibleBegin + ${WALKERS * TILE - 1}u) / ${WALKERS * TILE}u;
  var visibleIndex = item.visibleBegin + walker * ${TILE}u;
  var place = placeTile(item, visibleIndex, lastVisibleIndex, blockTable[tableIndex(item, keyAt(item, min(visibleIndex, lastVisibleIndex)))], ownKey);
  visibleIndex += ${WALKERS * TILE}u;
  var id = blockTable[tableIndex(item, keyAt(item, min(visibleIndex, lastVisibleIndex)))];
  var keys: Keys;
//#if KEY_SCALES
  var keyScale = 1.0;
//#end
  if (tiles > 0u) {
    keys = loadKeys(place, ownKey, keyLane);
//#if KEY_SCALES
    keyScale = keyRowScale(place.own);
//#end
  }
//#if VALUES_AHEAD
  var values: Values;
//#if VALUE_SCALES
  var valueScale = 0.0;
//#end
  if (tiles > 0u) {
    values = loadValues(place, 0u, keyGroup, chunk);
//#if VALUE_SCALES
    valueScale = select(0.0, valueRowScale(place.own), place.alive);
//#end
  }
//#end

  for (var tile = 0u; tile < tiles; tile++) {
//#if !VALUES_AHEAD
    var values = loadValues(place, 0u, keyGroup, chunk);
//#if VALUE_SCALES
    let valueScale = select(0.0, valueRowScale(place.own), place.alive);
//#end
//#end
//#if KEY_DIGITS
//#for r in 0..R
//#for j in 0..J
    var total${r}_${j} = 0i;
//#end
//#end
    // Upper bytes first, so that one sum a row and key is kept at a time.
//#for half in 0..2
//#for c in 0..KC
//#for q in 0..KQ
    {
//#for j in 0..J
      let key${j} = keyBytes${q}(keys.word${j}_${c});
//#end
//#for r in 0..R
      {
//#if QUERY_REGISTERS
        let query = query${r}_${c}_${q}[${half}];
//#else
        let query = sharedDigits[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane][${half}];
//#end
//#for j in 0..J
        total${r}_${j} += dot4I8Packed(key${j}, query);
//#end
      }
//#end
    }
//#end
//#end
//#if half == 0
//#for r in 0..R
//#for j in 0..J
    total${r}_${j} <<= 8u;
//#end
//#end
//#end
//#end
//#else
//#for r in 0..R
//#for j in 0..J
    var dot${r}_${j} = 0.0;
//#end
//#end
//#for c in 0..KC
//#for q in 0..KQ
//#if KEY_BLOCKS && q % 4 == 0
//#for r in 0..R
//#for j in 0..J
    var part${r}_${j}_${c * KQ + q} = 0.0;
//#end
//#end
//#end
    {
//#for j in 0..J
      let key${j} = keyQuarter${q}(keys.word${j}_${c}, ${c * LK}u + keyLane);
//#end
//#for r in 0..R
      {
//#if QUERY_REGISTERS
        let query = query${r}_${c}_${q};
//#else
        let query = sharedQuery[${(r * KQ + q) * KEY_CHUNKS + c * LK}u + keyLane];
//#end
//#for e in 0..4
//#for j in 0..J
//#if KEY_BLOCKS
        part${r}_${j}_${c * KQ + q / 4 * 4} = fma(key${j}[${e}], query[${e}], part${r}_${j}_${c * KQ + q / 4 * 4});
//#else
        dot${r}_${j} = fma(key${j}[${e}], query[${e}], dot${r}_${j});
//#end
//#end
//#end
      }
//#end
    }
//#if KEY_BLOCKS && q % 4 == 3
//#for j in 0..J
    {
      let scale = blockScale(keys.scales${j}_${c} >> ${q / 4 * 8}u);
//#for r in 0..R
      dot${r}_${j} = fma(part${r}_${j}_${c * KQ + q / 4 * 4}, scale, dot${r}_${j});
//#end
    }
//#end
//#end
//#end
//#end
//#end

//#if KEY_SCALES
    let tileScale = keyScale;
//#end
    let next = placeTile(item, visibleIndex, lastVisibleIndex, id, ownKey);
    visibleIndex += ${WALKERS * TILE}u;
//#if VALUES_AHEAD
    var nextValues: Values;
//#if VALUE_SCALES
    var nextValueScale = 0.0;
//#end
//#end
    if (tile + 1u < tiles) {
      id = blockTable[tableIndex(item, keyAt(item, min(visibleIndex, lastVisibleIndex)))];
      keys = loadKeys(next, ownKey, keyLane);
//#if KEY_SCALES
      keyScale = keyRowScale(next.own);
//#end
//#if VALUES_AHEAD
      nextValues = loadValues(next, 0u, keyGroup, chunk);
//#if VALUE_SCALES
      nextValueScale = select(0.0, valueRowScale(next.own), next.alive);
//#end
//#end
    }

//#if KEY_DIGITS
//#for s in 0..LOG2LK
//#for r in 0..R
//#if (J >> s) > 1
//#for j in 0..J >> (s + 1)
    total${r}_${j} += subgroupShuffleXor(total${r}_${j + (J >> (s + 1))}, ${LK >> (s + 1)}u);
//#end
//#else
    total${r}_0 += subgroupShuffleXor(total${r}_0, ${LK >> (s + 1)}u);
//#end
//#end
//#end
//#for r in 0..R
//#if KEY_CODES == INT4
    var dot${r}_0 = (f32(total${r}_0) - zero${r}) * step${r};
//#else
    var dot${r}_0 = f32(total${r}_0) * step${r};
//#end
//#end
//#else
//#for s in 0..LOG2LK
//#for r in 0..R
//#if (J >> s) > 1
//#for j in 0..J >> (s + 1)
    dot${r}_${j} += subgroupShuffleXor(dot${r}_${j + (J >> (s + 1))}, ${LK >> (s + 1)}u);
//#end
//#else
    dot${r}_0 += subgroupShuffleXor(dot${r}_0, ${LK >> (s + 1)}u);
//#end
//#end
//#end
//#end
//#if KEY_SCALES
//#for r in 0..R
    dot${r}_0 *= tileScale;
//#end
//#end
    if (!place.unmasked) {
//#for r in 0..R
      dot${r}_0 = select(NO_SCORE, dot${r}_0, place.alive && sees(item, token${r}, place.key));
//#end
    }
    // Weights are at most 2^MAX_GROWTH: sums stay exact to rounding, and most tiles, which hold no
    // score that much larger than those before, leave the outputs alone.
    if (subgroupAny(
      dot0_0 > max0 + MAX_GROWTH
//#for r in 1..R
      || dot${r}_0 > max${r} + MAX_GROWTH
//#end
    )) {
//#for r in 0..R
      {
        let larger = max(max${r}, subgroupMax(dot${r}_0));
        let decay = exp2(max${r} - larger);
        max${r} = larger;
        sum${r} *= decay;
//#for c in 0..C
//#for q in 0..VQ
        out${r}_${c}_${q} *= decay;
//#end
//#end
      }
//#end
    }
//#for r in 0..R
    var weight${r} = exp2(dot${r}_0 - max${r}) * HEADROOM;
//#end
    if (!place.unmasked) {
//#for r in 0..R
      weight${r} = select(weight${r}, 0.0, dot${r}_0 == NO_SCORE);
//#end
    }
//#for r in 0..R
    sum${r} += weight${r};
//#if VALUE_SCALES
    weight${r} *= valueScale;
//#end
//#end
//#for block in 0..PV_STEPS / PV_UNROLL
//#if block > 0
    values = loadValues(place, ${block * PV_UNROLL}u, keyGroup, chunk);
//#end
    if (!place.unmasked) {
//#for i in 0..PV_UNROLL
      {
        let seen = subgroupShuffle(select(0u, 1u, place.alive), sourceLane(${(block * PV_UNROLL + i) * KI}u + keyGroup)) != 0u;
//#for c in 0..C
        if (!seen) {
          values.word${i}_${c} = ValueChunk();
//#if VALUE_BLOCKS
          values.scales${i}_${c} = 0u;
//#end
        }
//#end
      }
//#end
    }
//#for i in block * PV_UNROLL..(block + 1) * PV_UNROLL
    {
//#for r in 0..R
      let weight${r}OfKey = subgroupShuffle(weight${r}, sourceLane(${i * KI}u + keyGroup));
//#end
//#for c in 0..C
//#for q in 0..VQ
//#if VALUE_BLOCKS && q % 4 == 0
      let scale${c}_${q} = blockScale(values.scales${i - block * PV_UNROLL}_${c} >> ${q / 4 * 8}u);
//#end
      {
        let value = valueQuarter${q}(values.word${i - block * PV_UNROLL}_${c}, ${c * LANES_V}u + chunk);
//#for r in 0..R
//#if VALUE_BLOCKS
        out${r}_${c}_${q} = fma(value, vec4<f32>(weight${r}OfKey * scale${c}_${q / 4 * 4}), out${r}_${c}_${q});
//#else
        out${r}_${c}_${q} = fma(value, vec4<f32>(weight${r}OfKey), out${r}_${c}_${q});
//#end
//#end
      }
//#end
//#end
    }
//#end
//#end
    place = next;
//#if VALUES_AHEAD
    values = nextValues;
//#if VALUE_SCALES
    valueScale = nextValueScale;
//#end
//#end
  }

//#for r in 0..R
  // LK / J lanes hold each weight.
  sum${r} = subgroupAdd(sum${r}) / ${LK / J}.0;
//#for x in 0..LOG2KI
//#for c in 0..C
//#for q in 0..VQ
  out${r}_${c}_${q} += subgroupShuffleXor(out${r}_${c}_${q}, ${LANES_V << x}u);
//#end
//#end
//#end
//#end
  if (keyGroup == 0u) {
//#for r in 0..R
//#for c in 0..C
//#for q in 0..VQ
    {
      let at = (walker * ${R}u + ${r}u) * ${D}u + (${c * LANES_V}u + chunk) * ${VALUE_ELEMENTS}u + ${q * 4}u;
      sharedOutput[at] = out${r}_${c}_${q}.x;
      sharedOutput[at + 1u] = out${r}_${c}_${q}.y;
      sharedOutput[at + 2u] = out${r}_${c}_${q}.z;
      sharedOutput[at + 3u] = out${r}_${c}_${q}.w;
    }
//#end
//#end
//#end
  }
  if (lane == 0u) {
//#for r in 0..R
    sharedState[walker * ${R}u + ${r}u] = vec2<f32>(max${r}, sum${r});
//#end
  }
  workgroupBarrier();
  finishItem(item, local);
//#if MERGES_INSIDE
  if (item.splits > 0u) {
    mergeIfLast(item, local);
  }
//#end
}

// Where a tile lies, and its lane's own key.
struct Place {
  // Every row sees every key.
  unmasked: bool,
  // Some row sees the own key.
  alive: bool,
  // Position of the own key.
  key: u32,
  // Row of the tile's first key.
  first: u32,
//#if BINDINGS > 1
  // The binding that holds every row of the tile, or MIXED where a lane may read the safe row.
  binding: u32,
//#end
  // Row of the own key, or the safe row, a key that some row sees, where the own key is not to be read.
  // Its value counts as zeros unless it is alive: 0 * NaN would reach the output.
  own: u32,
}

fn placeTile(item: Item, visibleIndex: u32, lastVisibleIndex: u32, id: i32, ownKey: u32) -> Place {
  var place: Place;
//#if RANGES || TREE
  place.unmasked = false;
//#else
  place.unmasked = visibleIndex >= item.unmaskedBegin && visibleIndex + ${TILE}u <= item.unmaskedEnd && id >= 0;
//#end
  let start = keyAt(item, min(visibleIndex, lastVisibleIndex) & ${4294967296 - TILE}u);
  place.first = cacheRow(item, id, start);
  place.key = start + ownKey;
//#if BINDINGS > 1
  place.binding = select(MIXED, place.first / params.bindingRows, place.unmasked);
//#end
  place.alive = place.unmasked;
  place.own = place.first + ownKey;
  if (!place.unmasked) {
    let held = visibleIndex + ownKey < item.visibleEnd && id >= 0;
    place.alive = held && anyTokenSees(item, place.key);
    place.own = select(item.safeRow, place.own, place.alive || (held && isWalked(item, place.key)));
  }
  return place;
}

// The words of a tile that a lane works on at a time.
struct Keys {
//#for j in 0..J
//#for c in 0..KC
  word${j}_${c}: KeyChunk,
//#if KEY_BLOCKS
  scales${j}_${c}: u32,
//#end
//#end
//#end
}

struct Values {
//#for i in 0..PV_UNROLL
//#for c in 0..C
  word${i}_${c}: ValueChunk,
//#if VALUE_BLOCKS
  scales${i}_${c}: u32,
//#end
//#end
//#end
}

//#if BINDINGS > 1
const MIXED: u32 = 0xffffffffu;

//#end
// Of a cache that is split, a tile lies in one binding, and a tile that every row sees is read by
// counting: choosing once for all loads leaves them side by side, where a choice for each would put one
// behind the other.
fn loadKeys(place: Place, ownKey: u32, keyLane: u32) -> Keys {
  var keys: Keys;
//#if BINDINGS > 1
//#for n in 0..BINDINGS
  if (place.binding == ${n}u) {
//#for j in 0..J
//#for c in 0..KC
    keys.word${j}_${c} = keyChunkOf${n}(place.first + (ownKey ^ ${j}u), ${c * LK}u + keyLane);
//#if KEY_BLOCKS
    keys.scales${j}_${c} = keyBlockScales(place.first + (ownKey ^ ${j}u), ${c * LK}u + keyLane);
//#end
//#end
//#end
  }
//#end
  if (place.binding != MIXED) {
    return keys;
  }
//#else
  if (place.unmasked) {
//#for j in 0..J
//#for c in 0..KC
    keys.word${j}_${c} = keyChunk(place.first + (ownKey ^ ${j}u), ${c * LK}u + keyLane);
//#if KEY_BLOCKS
    keys.scales${j}_${c} = keyBlockScales(place.first + (ownKey ^ ${j}u), ${c * LK}u + keyLane);
//#end
//#end
//#end
    return keys;
  }
//#end
//#for j in 0..J
  {
    let row = subgroupShuffleXor(place.own, ${j * (LK / J)}u);
//#for c in 0..KC
    keys.word${j}_${c} = keyChunk(row, ${c * LK}u + keyLane);
//#if KEY_BLOCKS
    keys.scales${j}_${c} = keyBlockScales(row, ${c * LK}u + keyLane);
//#end
//#end
  }
//#end
  return keys;
}

fn loadValues(place: Place, firstStep: u32, keyGroup: u32, chunk: u32) -> Values {
  var values: Values;
//#if BINDINGS > 1
//#for n in 0..BINDINGS
  if (place.binding == ${n}u) {
    let first = place.first + firstStep * ${KI}u + keyGroup;
//#for i in 0..PV_UNROLL
//#for c in 0..C
    values.word${i}_${c} = valueChunkOf${n}(first + ${i * KI}u, ${c * LANES_V}u + chunk);
//#if VALUE_BLOCKS
    values.scales${i}_${c} = valueBlockScales(first + ${i * KI}u, ${c * LANES_V}u + chunk);
//#end
//#end
//#end
  }
//#end
  if (place.binding != MIXED) {
    return values;
  }
//#else
  if (place.unmasked) {
    let first = place.first + firstStep * ${KI}u + keyGroup;
//#for i in 0..PV_UNROLL
//#for c in 0..C
    values.word${i}_${c} = valueChunk(first + ${i * KI}u, ${c * LANES_V}u + chunk);
//#if VALUE_BLOCKS
    values.scales${i}_${c} = valueBlockScales(first + ${i * KI}u, ${c * LANES_V}u + chunk);
//#end
//#end
//#end
    return values;
  }
//#end
//#for i in 0..PV_UNROLL
  {
    let row = subgroupShuffle(place.own, sourceLane((firstStep + ${i}u) * ${KI}u + keyGroup));
//#for c in 0..C
    values.word${i}_${c} = valueChunk(row, ${c * LANES_V}u + chunk);
//#if VALUE_BLOCKS
    values.scales${i}_${c} = valueBlockScales(row, ${c * LANES_V}u + chunk);
//#end
//#end
  }
//#end
  return values;
}

// The lane that holds the weight of a tile's key.
fn sourceLane(index: u32) -> u32 {
  return (index / ${J}u) * ${LK}u + (index & ${J - 1}u) * ${LK / J}u;
}
