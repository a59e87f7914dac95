// Attention of many query rows with subgroup matrices, for prefill and for rows of several tokens:
// f16 operands, f32 sums. Only Tint compiles it.
//
//   U    rows, columns and depth of one matrix (a fragment); CD = D / U fragments across a head
//   S    lanes of a subgroup; a subgroup owns RF · U query rows of the item, RF fragments high
//   KT   keys of a tile, KU = KT / U fragments
//   RPL  rows whose softmax a lane computes, LPR lanes that share one: RF · U = S · RPL / LPR
//   QF   query fragments that are staged at a time
//
// Fragments have no elements that a lane could address, so scores go through workgroup memory as
// f32, each lane turns its rows into f16 weights in the same place, and the weights come back as
// fragments. Outputs stay in fragments until the end. A row's reference maximum moves only when a
// score exceeds it by 2^GROWTH; then outputs pass through the scores' place to be scaled. Weights are
// stored times 2^BIAS, which cancels in the end: so none of them overflows f16, and what underflows
// is too small to matter.
//
// Of a key that is not to be read the safe row is read. The score of a key that no row sees is masked, and
// its value is zeroed on the way: a weight of 0 times NaN is NaN.
//
// While a tile's weights are worked out, its values and the next tile's keys are on their way, and so
// are the table entries of the tile after that: rows, positions and mask flags of four tiles are held.
// Workgroup memory, in vec4<u32>: keys [KT][LV + 1], values [KT][LV + 1], and
// scores [ROWS][KT / 4 + 1].

const SLOTS: u32 = 4u;

var<workgroup> tile: array<vec4<u32>, ${TILE_WORDS}>;
var<workgroup> sharedRows: array<u32, ${4 * KT}>;
var<workgroup> sharedKeys: array<u32, ${4 * KT}>;
var<workgroup> needsMask: array<atomic<u32>, 4>;
var<workgroup> sharedState: array<vec2<f32>, ${ROWS}>;
var<workgroup> moves: atomic<u32>;

const GROWTH: f32 = 4.0;
const BIAS: f32 = 11.0;
const MASKED: f32 = -3e38;

alias Left = subgroup_matrix_left<f16, ${U}, ${U}>;
alias Right = subgroup_matrix_right<f16, ${U}, ${U}>;
alias Sums = subgroup_matrix_result<f32, ${U}, ${U}>;

// The page of a lane's key of the tile that begins at a visible index.
fn pageOf(item: Item, begin: u32, at: u32) -> i32 {
  if (begin >= item.visibleEnd || at >= ${KT}u) {
    return -1;
  }
  return blockTable[tableIndex(item, keyAt(item, min(begin + at, item.visibleEnd - 1u)))];
}

// Rows, positions and the mask flag of the tile that begins at a visible index, into its slot.
fn findTile(item: Item, begin: u32, local: u32) {
  for (var at = local; at < ${KT}u; at += ${LANES}u) {
    findKey(item, begin, at, pageOf(item, begin, at));
  }
}

fn findKey(item: Item, begin: u32, at: u32, id: i32) {
  if (begin < item.visibleEnd && at < ${KT}u) {
    let slot = begin / ${KT}u % SLOTS;
    let visibleIndex = begin + at;
    let key = keyAt(item, min(visibleIndex, item.visibleEnd - 1u));
    let held = visibleIndex < item.visibleEnd && id >= 0;
    let alive = held && anyTokenSees(item, key);
    sharedRows[slot * ${KT}u + at] = select(item.safeRow, cacheRow(item, id, key), alive || (held && isWalked(item, key)));
    sharedKeys[slot * ${KT}u + at] = select(NO_KEY, key, alive);
//#if RANGES || TREE
    atomicStore(&needsMask[slot], 1u);
//#else
    if (!(alive && visibleIndex >= item.unmaskedBegin && visibleIndex < item.unmaskedEnd)) {
      atomicStore(&needsMask[slot], 1u);
    }
//#end
  }
}

@compute @workgroup_size(${LANES})
fn attend(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * DISPATCH_WIDTH;
  if (index >= params.itemCount) {
    return;
  }
  let item = items[params.itemBase + index];
  let local = subgroup * ${S}u + lane;
  let lastToken = (item.firstRow + item.rows - 1u) / ${G}u;
  let scores = ${SCORES_AT}u + subgroup * ${RF * U * SCORE_STRIDE}u;
  let part = lane % ${LPR}u;
//#for x in 0..RPL
  let row${x} = ${x * S}u + lane / ${LPR}u;
  let token${x} = min((item.firstRow + subgroup * ${RF * U}u + row${x}) / ${G}u, lastToken);
  let scores${x} = scores + row${x} * ${SCORE_STRIDE}u + part * ${PART}u;
  let weights${x} = scores + row${x} * ${SCORE_STRIDE}u + part * ${PART / 2}u;
  var top${x} = NO_SCORE;
  var sum${x} = 0.0;
//#end
//#for r in 0..RF
//#for c in 0..CD
  var out${r}_${c} = Sums();
//#end
//#end

//#for i in 0..KEY_LOADS
  let keyStage${i} = local + ${i * LANES}u;
//#end
//#for i in 0..VALUE_LOADS
  let valueStage${i} = local + ${i * LANES}u;
//#end
//#if KEY_STATIC
  let scoreScale = params.scaleLog2 * keyStaticScale(item.head, 0u).x;
//#else
  let scoreScale = params.scaleLog2;
//#end
  if (local < SLOTS) {
    atomicStore(&needsMask[local], 0u);
  }
  if (local == 0u) {
    atomicStore(&moves, 0u);
  }
//#use attendMatrixQueries

  findTile(item, item.visibleBegin, local);
  findTile(item, item.visibleBegin + ${KT}u, local);
  workgroupBarrier();
  if (item.visibleBegin < item.visibleEnd) {
    let slot = item.visibleBegin / ${KT}u % SLOTS * ${KT}u;
//#for i in 0..KEY_LOADS
    putKey(keyStage${i}, readKey(sharedRows[slot + keyOfStage(keyStage${i})], keyStage${i}), true);
//#end
  }
  workgroupBarrier();

  for (var begin = item.visibleBegin; begin < item.visibleEnd; begin += ${KT}u) {
    let slot = begin / ${KT}u % SLOTS;
    let area = 0u;
    {
//#for c in 0..KU
//#for r in 0..RF
      var score${r}_${c} = Sums();
//#end
//#end
//#for k in 0..CD
      {
//#for c in 0..KU
        let keys${c} = subgroupMatrixLoad<Right, col_major>(&tile, ${c * U * (LV + 1) + k * U / 8}u, ${LV + 1}u);
//#for r in 0..RF
        score${r}_${c} = subgroupMatrixMultiplyAccumulate(query${r}_${k}, keys${c}, score${r}_${c});
//#end
//#end
      }
//#end
//#for c in 0..KU
//#for r in 0..RF
      subgroupMatrixStore<row_major>(&tile, area + scores + ${r * U * SCORE_STRIDE + c * U / 4}u, score${r}_${c}, ${SCORE_STRIDE}u);
//#end
//#end
    }
    workgroupBarrier();

    let isLast = begin + ${KT}u >= item.visibleEnd;
    let nextSlot = select((slot + 1u) % SLOTS, slot, isLast);
//#for i in 0..VALUE_LOADS
    let value${i} = readValue(sharedRows[slot * ${KT}u + valueOfStage(valueStage${i})], valueStage${i});
//#end
//#for i in 0..KEY_LOADS
    let keyNext${i} = readKey(sharedRows[nextSlot * ${KT}u + keyOfStage(keyStage${i})], keyStage${i});
//#end
    if (local == 0u) {
      atomicStore(&needsMask[(slot + 3u) % SLOTS], 0u);
    }
    findTile(item, begin + ${2 * KT}u, local);

    let masked = atomicLoad(&needsMask[slot]) != 0u;
//#for x in 0..RPL
//#for w in 0..PART
    var weight${x}_${w} = bitcast<vec4<f32>>(tile[area + scores${x} + ${w}u]) * scoreScale;
//#end
    if (masked) {
      for (var word = 0u; word < ${PART}u; word++) {
        let keys = slot * ${KT}u + (part * ${PART}u + word) * 4u;
        var four = bitcast<vec4<f32>>(tile[area + scores${x} + word]) * scoreScale;
//#for e in 0..4
        {
          let key = sharedKeys[keys + ${e}u];
          four[${e}] = select(NO_SCORE, four[${e}], key != NO_KEY && sees(item, token${x}, key));
        }
//#end
        tile[area + scores${x} + word] = bitcast<vec4<u32>>(four);
      }
//#for w in 0..PART
      weight${x}_${w} = bitcast<vec4<f32>>(tile[area + scores${x} + ${w}u]);
//#end
    }
//#end
//#use attendMatrixWeights
    workgroupBarrier();

    if (local == 0u) {
      atomicStore(&moves, 0u);
    }
//#for k in 0..KU
    {
//#for r in 0..RF
      let left${r} = subgroupMatrixLoad<Left, row_major>(&tile, area + scores + ${r * U * SCORE_STRIDE + k * U / 8}u, ${SCORE_STRIDE}u);
//#end
//#for c in 0..CD
      {
        let values = subgroupMatrixLoad<Right, row_major>(&tile, ${VALUE_AT + k * U * (LV + 1) + c * U / 8}u, ${LV + 1}u);
//#for r in 0..RF
        out${r}_${c} = subgroupMatrixMultiplyAccumulate(left${r}, values, out${r}_${c});
//#end
      }
//#end
    }
//#end
    workgroupBarrier();
  }
  workgroupBarrier();

//#use attendMatrixStore
}
