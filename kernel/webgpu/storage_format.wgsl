// C16 words: eight values of a row in one vec4<u32>, two in each component, the lower index low.

fn lowHalf(words: vec4<u32>) -> vec4<f32> {
//#if BF16
  return bitcast<vec4<f32>>(vec4<u32>(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u));
//#else
  return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
//#end
}

fn highHalf(words: vec4<u32>) -> vec4<f32> {
//#if BF16
  return bitcast<vec4<f32>>(vec4<u32>(words.z << 16u, words.z & 0xffff0000u, words.w << 16u, words.w & 0xffff0000u));
//#else
  return vec4<f32>(unpack2x16float(words.z), unpack2x16float(words.w));
//#end
}

// The elements of lower and of higher index of four pairs.
fn firstOfPairs(words: vec4<u32>) -> vec4<f32> {
//#if BF16
  return bitcast<vec4<f32>>(words << vec4<u32>(16u));
//#else
  return vec4<f32>(unpack2x16float(words.x).x, unpack2x16float(words.y).x, unpack2x16float(words.z).x, unpack2x16float(words.w).x);
//#end
}

fn secondOfPairs(words: vec4<u32>) -> vec4<f32> {
//#if BF16
  return bitcast<vec4<f32>>(words & vec4<u32>(0xffff0000u));
//#else
  return vec4<f32>(unpack2x16float(words.x).y, unpack2x16float(words.y).y, unpack2x16float(words.z).y, unpack2x16float(words.w).y);
//#end
}

// Round to nearest even by integers: WGSL leaves the rounding of pack2x16float to the driver.
fn encodeBfloat16(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  return select(rounded, (bits >> 16u) | 0x40u, (bits & 0x7fffffffu) > 0x7f800000u);
}

fn encodeFloat16(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let magnitude = bits & 0x7fffffffu;
  let sign = (bits >> 16u) & 0x8000u;
  if (magnitude >= 0x47800000u) {
    return sign | select(0x7c00u, 0x7e00u, magnitude > 0x7f800000u);
  }
  if (magnitude < 0x38800000u) {
    return sign | u32(round(bitcast<f32>(magnitude) * 16777216.0));
  }
  return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u);
}

fn encode(low: f32, high: f32) -> u32 {
//#if BF16
  return encodeBfloat16(low) | (encodeBfloat16(high) << 16u);
//#else
  return encodeFloat16(low) | (encodeFloat16(high) << 16u);
//#end
}
