// Codes of quantised caches: what both sides share.

//#if ANY_CODES
fn staticQuarter(at: u32) -> vec4<f32> {
  let start = params.scaleBase + at;
  return bitcast<vec4<f32>>(vec4<u32>(extras[start], extras[start + 1u], extras[start + 2u], extras[start + 3u]));
}

// Two values that the 16-bit type holds exactly.
fn packExact(pair: vec2<f32>) -> u32 {
//#if BF16
  let bits = bitcast<vec2<u32>>(pair);
  return (bits.x >> 16u) | (bits.y & 0xffff0000u);
//#else
  return pack2x16float(pair);
//#end
}

// Bytes 0 and 1 as the upper bytes of two halves.
fn fp8Spread(word: u32) -> u32 {
  return ((word & 0xffu) << 8u) | ((word & 0xff00u) << 16u);
}

// Four 4-bit codes, the lowest first, as numbers.
fn int4Values(word: u32) -> vec4<f32> {
  let codes = vec4<u32>(word, word >> 4u, word >> 8u, word >> 12u) & vec4<u32>(0xfu);
  return bitcast<vec4<f32>>(codes | vec4<u32>(0x4b000000u)) - vec4<f32>(8388608.0);
}

// Codes i and i + 4 of eight e2m1 as a pair of f16, whose exponents are 14 too small.
fn fp4Pairs(word: u32) -> vec4<u32> {
  return vec4<u32>(
    ((word & 0x00070007u) << 9u) | ((word & 0x00080008u) << 12u),
    ((word & 0x00700070u) << 5u) | ((word & 0x00800080u) << 8u),
    ((word & 0x07000700u) << 1u) | ((word & 0x08000800u) << 4u),
    ((word & 0x70007000u) >> 3u) | (word & 0x80008000u),
  );
}

// An e4m3 scale, times 2^14.
fn blockScale(code: u32) -> f32 {
  let magnitude = (code & 0x7fu) << 7u;
  let half = magnitude | ((magnitude + 0x80u) & 0x4000u) | ((code & 0x80u) << 8u);
  return unpack2x16float(half).x * 4194304.0;
}

//#end
