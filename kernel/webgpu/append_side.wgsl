// One side of a cache that an append writes, expanded for keys and for values; constants as in
// cache_side.wgsl. Codes go in 32-bit words; a lane writes whole words.

//#for n in 0..BINDINGS
@group(0) @binding(${SIDE_BINDING + n}) var<storage, read_write> sides${n}: array<u32>;
//#end
//#if SIDE_SCALE_BINDING > 0
// Two tokens may share a word of 16-bit scales, and are written by two workgroups.
@group(0) @binding(${SIDE_SCALE_BINDING}) var<storage, read_write> sideScales: array<atomic<u32>>;
//#end

// Rows of a large cache fit 32 bits where its words do not, so the binding is chosen by row.
fn writeSide(row: u32, word: u32, bits: u32) {
//#for n in 0..BINDINGS - 1
  if (row < ${n + 1}u * params.bindingRows) {
    sides${n}[(row - ${n}u * params.bindingRows) * ${SIDE_ROW_WORDS}u + word] = bits;
    return;
  }
//#end
  sides${BINDINGS - 1}[(row - ${BINDINGS - 1}u * params.bindingRows) * ${SIDE_ROW_WORDS}u + word] = bits;
}

//#if SIDE_BITS < 16
// The nearest code to a number under a scale, ties to even. A quotient of f32 may be off by 2.5 ulp, so
// it only says where to begin: the number is then compared with the midpoints next to it, times the
// scale.
fn sideCode(value: f32, scale: f32, zero: f32) -> u32 {
//#if SIDE_CODES == INT8 || SIDE_CODES == INT4
  if (!(scale > 0.0)) {
    return u32(i32(zero)) & ${(1 << SIDE_BITS) - 1}u;
  }
  var units = floor(clamp(value / scale, -300.0, 300.0) + 0.5);
  let isOdd = (i32(units + zero) & 1) == 1;
  let above = (units + 0.5) * scale;
  let below = (units - 0.5) * scale;
  if (value > above || (value == above && isOdd)) {
    units += 1.0;
  } else {
    if (value < below || (value == below && isOdd)) {
      units -= 1.0;
    }
  }
//#if SIDE_CODES == INT8
  return u32(i32(clamp(units, -127.0, 127.0))) & 0xffu;
//#else
  return u32(clamp(units + zero, 0.0, 15.0));
//#end
//#else
  let bits = bitcast<u32>(value);
  let sign = select(0u, ${SIDE_SIGN}u, bits >= 0x80000000u);
  let magnitude = abs(value);
//#if SIDE_BITS == 8
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return sign | 0x7fu;
  }
//#end
  if (!(scale > 0.0)) {
    return sign;
  }
  let quotient = min(magnitude / scale, 1e30);
  let exponent = clamp(i32(bitcast<u32>(quotient) >> 23u), ${128 - SIDE_BIAS}, ${127 + SIDE_TOP});
  let step = bitcast<f32>(u32(254 - exponent + ${SIDE_FRACTION}) << 23u);
  let steps = min(floor(quotient * step + 0.5), ${2 << SIDE_FRACTION}.0);
  var code = min(u32(steps) + (u32(exponent - ${128 - SIDE_BIAS}) << ${SIDE_FRACTION}u), ${SIDE_MAX_CODE}u);
  let isOdd = (code & 1u) == 1u;
  let own = sideMagnitude(code);
  let above = (own + sideMagnitude(code + 1u)) * 0.5 * scale;
  if (code < ${SIDE_MAX_CODE}u && (magnitude > above || (magnitude == above && isOdd))) {
    code += 1u;
  } else {
    if (code > 0u) {
      let below = (own + sideMagnitude(code - 1u)) * 0.5 * scale;
      if (magnitude < below || (magnitude == below && isOdd)) {
        code -= 1u;
      }
    }
  }
  return sign | code;
//#end
}

//#if SIDE_CODES != INT8 && SIDE_CODES != INT4
fn sideMagnitude(code: u32) -> f32 {
  let fraction = code & ${(1 << SIDE_FRACTION) - 1}u;
  let exponent = code >> ${SIDE_FRACTION}u;
  let significand = f32(select(fraction + ${1 << SIDE_FRACTION}u, fraction, exponent == 0u));
  return significand * bitcast<f32>((max(exponent, 1u) + ${127 - SIDE_BIAS - SIDE_FRACTION}u) << 23u);
}

//#end
// Writes the token's row, from `vector` and what was reduced over it.
fn storeSide(row: u32, head: u32, local: u32) {
//#if SIDE_SCALES > 0
  let raw = largestOfVector() * bitcast<f32>(${SIDE_INVERSE_BITS}u);
//#if SIDE_SCALE_TYPE == F32
  let stored = bitcast<u32>(raw);
  let scale = raw;
//#else
//#if SIDE_SCALE_TYPE == SCALE_BF16
  let stored = encodeBfloat16(raw);
  let scale = bitcast<f32>(stored << 16u);
//#else
  let stored = encodeFloat16(raw);
  let scale = unpack2x16float(stored).x;
//#end
//#end
  if (local == 0u) {
//#if SIDE_SCALES == 2
    writeSide(row, ${SIDE_CODE_WORDS}u, stored);
//#else
//#if SIDE_SCALE_TYPE == F32
    atomicStore(&sideScales[row], stored);
//#else
    let shift = (row & 1u) * 16u;
    atomicAnd(&sideScales[row >> 1u], ~(0xffffu << shift));
    atomicOr(&sideScales[row >> 1u], stored << shift);
//#end
//#end
  }
//#end
//#if SIDE_CODES == FP4_E2M1
  let tensorScale = sharedScale(${SIDE_STATIC_AT}u + head);
  if (local < ${D / 64}u) {
    var word = 0u;
//#for b in 0..4
    word |= blockScaleCode(local * 4u + ${b}u, tensorScale) << ${b * 8}u;
//#end
    atomicStore(&sideScales[row * ${D / 64}u + local], word);
  }
//#end
  for (var word = local; word < ${SIDE_CODE_WORDS}u; word += ${WORKGROUP}u) {
    var bits = 0u;
//#if SIDE_CODES == FP4_E2M1
    let scale = e4m3Value(blockScaleCode(word / 2u, tensorScale)) * tensorScale;
//#end
//#if SIDE_STATIC == 1 && SIDE_CODES != FP4_E2M1
    let scale = sharedScale(${SIDE_STATIC_AT}u + head);
//#end
    for (var place = 0u; place < ${32 / SIDE_BITS}u; place++) {
      let element = word * ${32 / SIDE_BITS}u + place;
//#if SIDE_STATIC == 2
      let scale = sharedScale(${SIDE_STATIC_AT}u + head * ${D}u + element);
//#end
//#if SIDE_ZEROS
      let zero = sharedScale(${SIDE_ZEROS_AT}u + head * ${D}u + element);
//#else
      let zero = 0.0;
//#end
      bits |= sideCode(vector[element], scale, zero) << (place * ${SIDE_BITS}u);
    }
    writeSide(row, word, bits);
  }
}
//#end
