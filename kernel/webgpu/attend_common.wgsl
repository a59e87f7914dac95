// What every attention entry point shares: bindings, storage formats, and the end of an item.
//
// Letters: B slots, H KV heads, G query heads of a KV head, D head size, P tokens a page,
// R query rows of an item (a row is one token of one query head, tokens first), LV = D / 8 words of
// 16 bytes in a key row, W window, S sink tokens.
//
// Binding  Buffer    Element    What
// 0        params    uniform    scalars of the step
// 1        items     Item       the work list; one workgroup takes one item
// 2        table     i32        block table, all layer groups
// 3        query     vec4<u32>  [T, Hq, D], rotated
// 4        extras    u32        mask ranges, tree bits, learned sinks (offsets in params)
// 5        output    vec4<u32>  [T, Hq, D]
// 6        partials  f32        split outputs [rows, D], split states [rows, 2], log-sum-exps [T, Hq]
// 7 + n    keysN     vec4<u32>  rows [n·bindingRows, (n + 1)·bindingRows) of the key cache
// 7 + BINDINGS + n  valuesN     the same of the value cache

// Pages [firstPage, firstPage + firstPages) and then those from secondShift on are visible to some
// row; `order` counts their tokens without the gap.
struct Item {
  queryToken: u32,
  slot: u32,
  head: u32,
  rows: u32,
  firstRow: u32,
  cached: u32,
  orderBegin: u32,
  orderEnd: u32,
  firstPages: u32,
  firstPage: u32,
  secondShift: u32,
  windowTokens: u32,
  partialRow: u32,
  anchorRow: u32,
  keyCount: u32,
  reserved: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> items: array<Item>;
@group(0) @binding(2) var<storage, read> blockTable: array<i32>;
@group(0) @binding(3) var<storage, read> query: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> extras: array<u32>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;
//#for n in 0..BINDINGS
@group(0) @binding(${7 + n}) var<storage, read> keys${n}: array<vec4<u32>>;
@group(0) @binding(${7 + BINDINGS + n}) var<storage, read> values${n}: array<vec4<u32>>;
//#end

const NOT_SPLIT: u32 = 0xffffffffu;

var<workgroup> sharedQuery: array<vec4<f32>, ${R * D / 4}>;
var<workgroup> sharedOutput: array<f32, ${STATES * R * D}>;
var<workgroup> sharedState: array<vec2<f32>, ${STATES * R}>;

fn keyWord(row: u32, word: u32) -> vec4<u32> {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    return keys${n}[(row - ${n}u * params.bindingRows) * ${LV}u + word];
  }
//#end
  return keys${BINDINGS - 1}[(row - ${BINDINGS - 1}u * params.bindingRows) * ${LV}u + word];
}

fn valueWord(row: u32, word: u32) -> vec4<u32> {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    return values${n}[(row - ${n}u * params.bindingRows) * ${LV}u + word];
  }
//#end
  return values${BINDINGS - 1}[(row - ${BINDINGS - 1}u * params.bindingRows) * ${LV}u + word];
}

// Key position of the order-th visible token.
fn keyAt(item: Item, order: u32) -> u32 {
  let page = order >> ${LOG2P}u;
  let column = page + select(item.secondShift, item.firstPage, page < item.firstPages);
  return (column << ${LOG2P}u) | (order & ${P - 1}u);
}

// Row of the cache that holds the key at a position of head `item.head`, given its page id.
fn cacheRow(item: Item, id: i32, position: u32) -> u32 {
  return u32(id) * ${PAGE_ROWS}u + item.head * ${HEAD_ROWS}u + (position & ${P - 1}u);
}

fn tableIndex(item: Item, position: u32) -> u32 {
//#if UNIFORM
  return params.tableBase + item.slot * params.columns + (position >> ${LOG2P}u);
//#else
  return params.tableBase + (item.slot * ${H}u + item.head) * params.columns + (position >> ${LOG2P}u);
//#end
}

// May packed row `row` of the item see the key?
fn sees(item: Item, row: u32, position: u32) -> bool {
  let token = (item.firstRow + row) / ${G}u;
//#if RANGES
  let at = (item.queryToken + token) * 2u;
  let begin = extras[at];
  let end = extras[at + 1u];
  let windowStart = max(end, item.windowTokens) - item.windowTokens;
  var visible = position >= begin && position < end && (item.windowTokens == 0u || position < begin + params.sinkTokens || position >= windowStart);
//#else
  let own = item.cached + token;
  var visible = position <= own && (item.windowTokens == 0u || position + item.windowTokens > own || position < params.sinkTokens);
//#end
//#if TREE
  if (visible && position >= item.cached) {
    let key = position - item.cached;
    let bit = (item.slot * params.treeTokens + token) * params.treeTokens + key;
    visible = ((extras[params.treeBase + (bit >> 5u)] >> (bit & 31u)) & 1u) == 0u;
  }
//#end
  return visible;
}

fn loadQuery(item: Item, local: u32) {
  for (var index = local; index < item.rows * ${LV}u; index += ${WORKGROUP}u) {
    let row = item.firstRow + index / ${LV}u;
    let source = (item.queryToken + row / ${G}u) * params.queryHeads + item.head * ${G}u + row % ${G}u;
    let words = query[source * ${LV}u + index % ${LV}u];
    sharedQuery[index * 2u] = lowHalf(words) * params.scaleLog2;
    sharedQuery[index * 2u + 1u] = highHalf(words) * params.scaleLog2;
  }
}

// Eight elements of one query row, from all softmax states of the workgroup.
fn finishItem(item: Item, local: u32) {
  for (var index = local; index < item.rows * ${LV}u; index += ${WORKGROUP}u) {
    let row = index / ${LV}u;
    let chunk = index % ${LV}u;
    var largest = sharedState[row].x;
//#for s in 1..STATES
    largest = max(largest, sharedState[${s * R}u + row].x);
//#end
    var total = 0.0;
    var low = vec4<f32>(0.0);
    var high = vec4<f32>(0.0);
//#for s in 0..STATES
    {
      let state = sharedState[${s * R}u + row];
      let factor = exp2(state.x - largest);
      let at = ${s * R * D}u + row * ${D}u + chunk * 8u;
      total += state.y * factor;
      low += factor * vec4<f32>(sharedOutput[at], sharedOutput[at + 1u], sharedOutput[at + 2u], sharedOutput[at + 3u]);
      high += factor * vec4<f32>(sharedOutput[at + 4u], sharedOutput[at + 5u], sharedOutput[at + 6u], sharedOutput[at + 7u]);
    }
//#end
    let packed = item.firstRow + row;
    let head = item.head * ${G}u + packed % ${G}u;
    let outputRow = (item.queryToken + packed / ${G}u) * params.queryHeads + head;
    if (item.partialRow == NOT_SPLIT) {
      storeOutput(outputRow, head, chunk, vec2<f32>(largest, total), low, high);
    } else {
      let partial = item.partialRow + row;
      let at = partial * ${D}u + chunk * 8u;
      partials[at] = low.x;
      partials[at + 1u] = low.y;
      partials[at + 2u] = low.z;
      partials[at + 3u] = low.w;
      partials[at + 4u] = high.x;
      partials[at + 5u] = high.y;
      partials[at + 6u] = high.z;
      partials[at + 7u] = high.w;
      if (chunk == 0u) {
        partials[params.partialStateBase + partial * 2u] = largest;
        partials[params.partialStateBase + partial * 2u + 1u] = total;
      }
    }
  }
}

fn anyRowSees(item: Item, position: u32) -> bool {
//#if RANGES || TREE
  var visible = false;
//#for r in 0..R
  visible = visible || (${r}u < item.rows && sees(item, ${r}u, position));
//#end
  return visible;
//#else
  // Limits of a run of tokens: the last one's causal limit, the first one's window.
  let first = item.cached + item.firstRow / ${G}u;
  let last = item.cached + (item.firstRow + item.rows - 1u) / ${G}u;
  return position <= last && (item.windowTokens == 0u || position + item.windowTokens > first || position < params.sinkTokens);
//#end
}
