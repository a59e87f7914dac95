// Fills a buffer with C16 values drawn uniformly from [-1.7, 1.7]: standard deviation about 1.

// struct_layout.ts declares FillParams.

@group(0) @binding(0) var<uniform> params: FillParams;
@group(0) @binding(1) var<storage, read_write> destination: array<u32>;

// A 32-bit finaliser (Wellons, "lowbias32"): every input bit reaches every output bit.
fn mix(input: u32) -> u32 {
  var x = input;
  x = (x ^ (x >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return x ^ (x >> 16u);
}

fn draw(index: u32) -> f32 {
  return (f32(mix(index ^ mix(params.seed)) >> 8u) / 16777216.0 - 0.5) * 3.4;
}

@compute @workgroup_size(64)
fn fill(
  @builtin(global_invocation_id) invocation: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
) {
  for (var index = invocation.x; index < params.words; index += workgroups.x * 64u) {
    destination[index] = encode(draw(index * 2u), draw(index * 2u + 1u));
  }
}
