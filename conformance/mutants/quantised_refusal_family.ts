/** Kernels that take codes, scales or zero points which they have to refuse. */
import { type FamilyMember, kernelFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { taking } from "./problem_changes.ts";

interface TakeMember extends FamilyMember {
  readonly refusal: RegExp;
}

const TAKES: readonly TakeMember[] = [
  take("scale_strides", /of strides/, "c8:refusal:fault=strides_heads_last;*"),
  take("scale_shape", /scales" of shape/, "c8:refusal:fault=shape_heads_last;*"),
  take("scale_type_by_name", /its elements are/, "c8:refusal:fault=scales_f16;*"),
  take("scale_count", /scales" of \d+ elements/, "c8:refusal:fault=scales_of_heads;*"),
  take("scale_array", /scales": it is/, "c8:refusal:fault=scales_int32;*"),
  take("code_array", /codes": it is/, "c8:refusal:fault=codes_float32;*"),
  take("code_count", /codes" of \d+ elements/, "c8:refusal:fault=codes_short;*"),
  take("unknown_format", /not a format of a quantised/, "c8:refusal:fault=granularity_unknown;*"),
  take("zero_points_missing", /zeros": it is/, "c4:refusal:fault=zeros_missing;*"),
  take("zero_point_fraction", /use the zero point/, "c4:refusal:fault=zeros_fraction;*"),
  take("tensor_scale", /tensorScale/, "c4:refusal:fault=tensor_scale_missing;*"),
];

function take(label: string, refusal: RegExp, query: string): TakeMember {
  return {
    label,
    refusal,
    violates: [`dtype/${query.slice(0, 2)}`],
    fault: `A problem with a wrong ${
      label.replaceAll("_", " ")
    } is computed as if nothing were wrong`,
    killedBy: [`kernel:${query}`],
  };
}

export const quantisedRefusalMutants: readonly Mutant[] = kernelFamily(
  { name: "takes_quantised" },
  TAKES,
  ({ refusal }) => taking((_, message) => refusal.test(message)),
);
