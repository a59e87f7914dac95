//#if TINT && SUBGROUPS
enable subgroups;
diagnostic(off, subgroup_uniformity);
//#end
//#if MATRIX
enable f16;
enable chromium_experimental_subgroup_matrix;
// A subgroup works on its own fragments; where they lie follows from its number.
diagnostic(off, chromium.subgroup_matrix_uniformity);
//#end

// Struct Params, the scalars of one dispatch, is bound first everywhere, at binding 0;
// struct_layout.ts declares it.

// A dispatch is two-dimensional because one dimension holds 65,535 workgroups at most.
const DISPATCH_WIDTH: u32 = 32768u;

// A finite stand-in for minus infinity: drivers disagree on inf - inf.
const NO_SCORE: f32 = -1e30;
