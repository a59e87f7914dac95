// The beginning and the end of an item of a few rows: queries into workgroup memory, and the softmax
// states of the workgroup joined into the output. ROWS rows of an item, STATES states of each.

// Quarter q of chunk n of a row stands at (row · KEY_ELEMENTS / 4 + q) · KEY_CHUNKS + n, so that lanes
// side by side, each with its own chunk, meet no bank twice.
var<workgroup> sharedQuery: array<vec4<f32>, ${ROWS * D / 4}>;
var<workgroup> sharedOutput: array<f32, ${STATES * ROWS * D}>;
var<workgroup> sharedState: array<vec2<f32>, ${STATES * ROWS}>;

fn loadQuery(item: Item, local: u32) {
  loadKeyZeros(item.head, local);
  loadValueZeros(item.head, local);
  for (var index = local; index < item.rows * ${LV}u; index += ${WORKGROUP}u) {
    let row = item.firstRow + index / ${LV}u;
    let source = (item.queryToken + row / ${G}u) * params.queryHeads + item.head * ${G}u + row % ${G}u;
    let word = index % ${LV}u;
    let words = query[source * ${LV}u + word];
    var low = lowHalf(words) * params.scaleLog2;
    var high = highHalf(words) * params.scaleLog2;
//#if KEY_STATIC
    low *= keyStaticScale(item.head, word * 2u);
    high *= keyStaticScale(item.head, word * 2u + 1u);
//#end
    let first = index / ${LV}u * ${D / 4}u + word * 2u % ${KEY_ELEMENTS / 4}u * ${KEY_CHUNKS}u + word * 8u / ${KEY_ELEMENTS}u;
    sharedQuery[first] = low;
    sharedQuery[first + ${KEY_CHUNKS}u] = high;
  }
}

// Eight elements of one query row, from all softmax states of the workgroup.
fn finishItem(item: Item, local: u32) {
  for (var index = local; index < item.rows * ${LV}u; index += ${WORKGROUP}u) {
    let row = index / ${LV}u;
    let chunk = index % ${LV}u;
    var largest = sharedState[row].x;
//#for s in 1..STATES
    largest = max(largest, sharedState[${s * ROWS}u + row].x);
//#end
    var total = 0.0;
    var low = vec4<f32>(0.0);
    var high = vec4<f32>(0.0);
//#for s in 0..STATES
    {
      let state = sharedState[${s * ROWS}u + row];
      let factor = exp2(state.x - largest);
      let at = ${s * ROWS * D}u + row * ${D}u + chunk * 8u;
      total += state.y * factor;
      low += factor * vec4<f32>(sharedOutput[at], sharedOutput[at + 1u], sharedOutput[at + 2u], sharedOutput[at + 3u]);
      high += factor * vec4<f32>(sharedOutput[at + 4u], sharedOutput[at + 5u], sharedOutput[at + 6u], sharedOutput[at + 7u]);
    }
//#end
    storeItemRow(item, row, chunk, vec2<f32>(largest, total), low, high);
  }
}
