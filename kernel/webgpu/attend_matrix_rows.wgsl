// Attention of one fragment of query rows with subgroup matrices, for decode: one subgroup a workgroup,
// f16 operands, f32 sums. Only Tint compiles it. Letters, scores, growth and bias are those of
// attend_matrix.wgsl.
//
// A tile of KT keys lies in one page. Its keys and values are read a whole tile ahead, 16 bytes a lane,
// and pass through workgroup memory when the tile before is done: so a read has all of a tile's
// arithmetic to arrive in. Page ids are read a tile before that. A tile that every row sees whole takes
// its rows by counting and skips the masks.
//
// Workgroup memory, in vec4<u32>: keys [KT][LV + 1], values [KT][LV + 1], scores [ROWS][KT / 4 + 1].

var<workgroup> tile: array<vec4<u32>, ${TILE_WORDS}>;
var<workgroup> sharedState: array<vec2<f32>, ${ROWS}>;
var<workgroup> moves: atomic<u32>;

const GROWTH: f32 = 4.0;
const BIAS: f32 = 11.0;

alias Left = subgroup_matrix_left<f16, ${U}, ${U}>;
alias Right = subgroup_matrix_right<f16, ${U}, ${U}>;
alias Sums = subgroup_matrix_result<f32, ${U}, ${U}>;

struct Place {
  // Every row sees every key.
  unmasked: bool,
  // Whether the page is held.
  held: bool,
  // Index of the first key among those that the item's tiles see.
  visibleIndex: u32,
  // Its position.
  start: u32,
  // Its row of the cache.
  first: u32,
}

fn pageAt(item: Item, visibleIndex: u32) -> i32 {
  return blockTable[tableIndex(item, keyAt(item, min(visibleIndex, max(item.visibleEnd, 1u) - 1u)))];
}

fn placeTile(item: Item, visibleIndex: u32, id: i32) -> Place {
  var place: Place;
//#if RANGES || TREE
  place.unmasked = false;
//#else
  place.unmasked = visibleIndex >= item.unmaskedBegin && visibleIndex + ${KT}u <= item.unmaskedEnd && id >= 0;
//#end
  place.held = id >= 0;
  place.visibleIndex = visibleIndex;
  place.start = keyAt(item, min(visibleIndex, max(item.visibleEnd, 1u) - 1u) & ${4294967296 - KT}u);
  place.first = cacheRow(item, id, place.start);
  return place;
}

fn isAlive(item: Item, place: Place, key: u32) -> bool {
  return place.held && place.visibleIndex + key < item.visibleEnd && anyTokenSees(item, place.start + key);
}

fn tileRow(item: Item, place: Place, key: u32) -> u32 {
  let walked = place.held && place.visibleIndex + key < item.visibleEnd && isWalked(item, place.start + key);
  return select(item.safeRow, place.first + key, walked || isAlive(item, place, key));
}

@compute @workgroup_size(${S})
fn attend(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = workgroup.x + workgroup.y * DISPATCH_WIDTH;
  if (index >= params.itemCount) {
    return;
  }
  let item = items[params.itemBase + index];
  let lastToken = (item.firstRow + item.rows - 1u) / ${G}u;
  let local = lane;
  let subgroup = 0u;
  let scores = ${SCORES_AT}u;
  let area = 0u;
//#if KEY_STATIC
  let scoreScale = params.scaleLog2 * keyStaticScale(item.head, 0u).x;
//#else
  let scoreScale = params.scaleLog2;
//#end
  let part = lane % ${LPR}u;
//#for x in 0..RPL
  let row${x} = ${x * S}u + lane / ${LPR}u;
  let token${x} = min((item.firstRow + row${x}) / ${G}u, lastToken);
  let scores${x} = ${SCORES_AT}u + row${x} * ${SCORE_STRIDE}u + part * ${PART}u;
  let weights${x} = ${SCORES_AT}u + row${x} * ${SCORE_STRIDE}u + part * ${PART / 2}u;
  var top${x} = NO_SCORE;
  var sum${x} = 0.0;
//#end
//#for r in 0..RF
//#for c in 0..CD
  var out${r}_${c} = Sums();
//#end
//#end
  if (lane == 0u) {
    atomicStore(&moves, 0u);
  }
  var id = pageAt(item, item.visibleBegin);
  var next = placeTile(item, item.visibleBegin, id);
  id = pageAt(item, item.visibleBegin + ${KT}u);
//#for i in 0..KEY_LOADS
  var key${i}: StagedKey;
//#end
//#for i in 0..VALUE_LOADS
  var value${i}: StagedValue;
//#end
  if (item.visibleBegin < item.visibleEnd) {
//#use attendMatrixRead
  }
//#use attendMatrixQueries

  for (var begin = item.visibleBegin; begin < item.visibleEnd; begin += ${KT}u) {
    let place = next;
    workgroupBarrier();
//#for i in 0..VALUE_LOADS
    var isSeen${i} = true;
//#end
    if (!place.unmasked) {
//#for i in 0..VALUE_LOADS
      isSeen${i} = isAlive(item, place, valueOfStage(lane + ${i * S}u));
//#end
    }
//#for i in 0..KEY_LOADS
    putKey(lane + ${i * S}u, key${i}, true);
//#end
//#for i in 0..VALUE_LOADS
    putValue(lane + ${i * S}u, value${i}, isSeen${i});
//#end
    if (begin + ${KT}u < item.visibleEnd) {
      next = placeTile(item, begin + ${KT}u, id);
//#use attendMatrixRead
      id = pageAt(item, begin + ${2 * KT}u);
    }
    workgroupBarrier();
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
      subgroupMatrixStore<row_major>(&tile, ${SCORES_AT + r * U * SCORE_STRIDE + c * U / 4}u, score${r}_${c}, ${SCORE_STRIDE}u);
//#end
//#end
    }
    workgroupBarrier();

//#for x in 0..RPL
//#for w in 0..PART
    var weight${x}_${w} = bitcast<vec4<f32>>(tile[scores${x} + ${w}u]) * scoreScale;
//#end
    if (!place.unmasked) {
//#for w in 0..PART
//#for e in 0..4
      {
        let key = (part * ${PART}u + ${w}u) * 4u + ${e}u;
        let seen = isAlive(item, place, key) && sees(item, token${x}, place.start + key);
        weight${x}_${w}[${e}] = select(NO_SCORE, weight${x}_${w}[${e}], seen);
      }
//#end
//#end
    }
//#end
//#use attendMatrixWeights
    workgroupBarrier();
    if (lane == 0u) {
      atomicStore(&moves, 0u);
    }

//#for k in 0..KU
    {
//#for r in 0..RF
      let left${r} = subgroupMatrixLoad<Left, row_major>(&tile, ${SCORES_AT + r * U * SCORE_STRIDE + k * U / 8}u, ${SCORE_STRIDE}u);
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
  }
  workgroupBarrier();

//#use attendMatrixStore
}
