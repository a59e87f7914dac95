// What every attention entry point shares: bindings, items, addresses and visibility.
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
// 4        extras    u32        mask ranges, tree bits, learned sinks, shared scales (offsets in params)
// 5        output    vec4<u32>  [T, Hq, D]
// 6        partials  f32        split outputs [rows, D], split states [rows, 2], log-sum-exps [T, Hq]
// 7 + n    keysN     chunks     rows [n·bindingRows, (n + 1)·bindingRows) of the key cache
// 7 + BINDINGS + n  valuesN     the same of the value cache
// 7 + 2·BINDINGS …  keyScales, valueScales   where each token or block has a scale of its own

// struct_layout.ts declares Item.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> items: array<Item>;
@group(0) @binding(2) var<storage, read> blockTable: array<i32>;
@group(0) @binding(3) var<storage, read> query: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> extras: array<u32>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<u32>>;
//#if MERGES_INSIDE
@group(0) @binding(6) @coherent var<storage, read_write> partials: array<f32>;
//#else
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;
//#end
const NOT_SPLIT: u32 = 0xffffffffu;
// In place of the position of a key that no row of an item sees.
const NO_KEY: u32 = 0xffffffffu;

// Eight elements of a row of an item; zeros past its rows.
fn queryWord(item: Item, row: u32, word: u32) -> vec4<u32> {
  if (row >= item.rows) {
    return vec4<u32>(0u);
  }
  let packed = item.firstRow + row;
  let source = (item.queryToken + packed / ${G}u) * params.queryHeads + item.head * ${G}u + packed % ${G}u;
  return query[source * ${LV}u + word];
}

// Key position of the visible token with this index.
fn keyAt(item: Item, visibleIndex: u32) -> u32 {
  let page = visibleIndex >> ${LOG2P}u;
  let column = page + select(item.secondShift, item.firstPage, page < item.firstPages);
  return (column << ${LOG2P}u) | (visibleIndex & ${P - 1}u);
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

// May the item's token see the key? Tokens count from the slot's first one of this step.
fn sees(item: Item, token: u32, position: u32) -> bool {
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

fn anyTokenSees(item: Item, position: u32) -> bool {
  let first = item.firstRow / ${G}u;
  let last = (item.firstRow + item.rows - 1u) / ${G}u;
//#if RANGES || TREE
  var visible = false;
  for (var token = first; token <= last; token++) {
    visible = visible || sees(item, token, position);
  }
  return visible;
//#else
  // Of a run of tokens the last has the widest causal limit and the first the widest window.
  return position <= item.cached + last && (item.windowTokens == 0u || position + item.windowTokens > item.cached + first || position < params.sinkTokens);
//#end
}

// Is a key loaded that no row sees? Where whole rows are walked, all up to the item's last token are:
// the masks then hide them only after they were read.
fn isWalked(item: Item, position: u32) -> bool {
  return params.walksRows != 0u && position <= item.cached + (item.firstRow + item.rows - 1u) / ${G}u;
}
