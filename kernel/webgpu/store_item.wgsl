// Eight elements of an item's row: to the output, or to the partials of a split row.
fn storeItemRow(item: Item, row: u32, chunk: u32, state: vec2<f32>, unscaledLow: vec4<f32>, unscaledHigh: vec4<f32>) {
//#if VALUE_STATIC
  let low = unscaledLow * valueStaticScale(item.head, chunk * 2u);
  let high = unscaledHigh * valueStaticScale(item.head, chunk * 2u + 1u);
//#else
  let low = unscaledLow;
  let high = unscaledHigh;
//#end
  if (item.partialRow == NOT_SPLIT) {
    let packed = item.firstRow + row;
    let head = item.head * ${G}u + packed % ${G}u;
    let outputRow = (item.queryToken + packed / ${G}u) * params.queryHeads + head;
    storeOutput(outputRow, head, chunk, state, low, high);
    return;
  }
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
    partials[params.partialStateBase + partial * 2u] = state.x;
    partials[params.partialStateBase + partial * 2u + 1u] = state.y;
  }
}
