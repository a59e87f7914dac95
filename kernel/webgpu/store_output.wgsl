// Factor of every weight, which cancels in the end: sums of values near bf16's largest stay below
// float32's. Values of f16 are far from it.
//#if BF16
const HEADROOM: f32 = 2.3283064365386963e-10;
//#else
const HEADROOM: f32 = 1.0;
//#end

// Normalises eight elements of an output row and writes them; the learned sink joins here, once.
fn storeOutput(outputRow: u32, head: u32, chunk: u32, state: vec2<f32>, low: vec4<f32>, high: vec4<f32>) {
  var scale = 0.0;
  if (state.x > NO_SCORE) {
//#if LEARNED_SINKS
    let sink = bitcast<f32>(extras[params.learnedSinkBase + head]) * 1.4426950408889634;
    let top = max(state.x, sink);
    let factor = exp2(state.x - top);
    scale = factor / (state.y * factor + exp2(sink - top) * HEADROOM);
//#else
    scale = 1.0 / state.y;
//#end
  }
  let a = low * scale;
  let b = high * scale;
  output[outputRow * ${LV}u + chunk] = vec4<u32>(encode(a.x, a.y), encode(a.z, a.w), encode(b.x, b.y), encode(b.z, b.w));
//#if LOG_SUM_EXP
  if (chunk == 0u) {
    partials[params.logSumExpBase + outputRow] = select(NO_SCORE, (state.x + log2(state.y / HEADROOM)) * 0.6931471805599453, state.x > NO_SCORE);
  }
//#end
}
