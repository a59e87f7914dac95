// Joins the splits of an item's rows in the workgroup that finishes the last of them, in place of a
// dispatch of its own. Partial outputs are coherent (@coherent), and the barriers order them across
// workgroups: naga gives storageBarrier() the scope of the device, as no other compiler does.

@group(0) @binding(${COUNTER_BINDING}) var<storage, read_write> counters: array<atomic<u32>>;

var<workgroup> finishedSplits: u32;

fn mergeIfLast(item: Item, local: u32) {
  storageBarrier();
  if (local == 0u) {
    finishedSplits = atomicAdd(&counters[item.counter], 1u) + 1u;
  }
  if (workgroupUniformLoad(&finishedSplits) < item.splits) {
    return;
  }
  storageBarrier();
  // For the next step.
  if (local == 0u) {
    atomicStore(&counters[item.counter], 0u);
  }
  let chunk = local & ${LV - 1}u;
  for (var row = local / ${LV}u; row < item.rows; row += ${WORKGROUP / LV}u) {
    var largest = NO_SCORE;
    var total = 0.0;
    var low = vec4<f32>(0.0);
    var high = vec4<f32>(0.0);
    for (var split = 0u; split < item.splits; split += 4u) {
      // Past the last split the last one counts nothing.
//#for u in 0..4
      let partial${u} = item.firstPartial + min(split + ${u}u, item.splits - 1u) * item.rows + row;
      let state${u} = vec2<f32>(partials[params.partialStateBase + partial${u} * 2u], partials[params.partialStateBase + partial${u} * 2u + 1u]);
      let at${u} = partial${u} * ${D}u + chunk * 8u;
      let low${u} = vec4<f32>(partials[at${u}], partials[at${u} + 1u], partials[at${u} + 2u], partials[at${u} + 3u]);
      let high${u} = vec4<f32>(partials[at${u} + 4u], partials[at${u} + 5u], partials[at${u} + 6u], partials[at${u} + 7u]);
//#end
      let larger = max(largest, max(max(state0.x, state1.x), max(state2.x, state3.x)));
      let decay = exp2(largest - larger);
      largest = larger;
      total *= decay;
      low *= decay;
      high *= decay;
//#for u in 0..4
      {
        let factor = select(0.0, exp2(state${u}.x - larger), split + ${u}u < item.splits);
        total += factor * state${u}.y;
        low += factor * low${u};
        high += factor * high${u};
      }
//#end
    }
    let packed = item.firstRow + row;
    let head = item.head * ${G}u + packed % ${G}u;
    storeOutput((item.queryToken + packed / ${G}u) * params.queryHeads + head, head, chunk, vec2<f32>(largest, total), low, high);
  }
}
