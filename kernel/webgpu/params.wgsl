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

// Scalars of one dispatch; bound first everywhere, at binding 0.
struct Params {
  scaleLog2: f32,
  columns: u32,
  sinkTokens: u32,
  tableBase: u32,
  queryHeads: u32,
  bindingRows: u32,
  partialStateBase: u32,
  logSumExpBase: u32,
  treeBase: u32,
  treeTokens: u32,
  learnedSinkBase: u32,
  itemBase: u32,
  itemCount: u32,
  // Whether keys that the masks hide are read all the same.
  walksRows: u32,
  // Scales that tokens of a quantised cache share, in `extras`.
  scaleBase: u32,
  reserved: u32,
}

// A dispatch is two-dimensional because one dimension holds 65,535 workgroups at most.
const DISPATCH_WIDTH: u32 = 32768u;

// A finite stand-in for minus infinity: drivers disagree on inf - inf.
const NO_SCORE: f32 = -1e30;
