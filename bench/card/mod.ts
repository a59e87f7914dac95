/**
 * What operations cost on a card: measured profiles, ceilings of data sheets, and the cost of a step
 * of a served model on them.
 *
 * @module
 */

export { type AttentionShape, decodeUs, promptUs, visiblePairs } from "./attention_costs.ts";
export { type Card, type CardCeilings, openCard } from "./card_costs.ts";
export { DATA_SHEETS, type DataSheet, findDataSheet } from "./data_sheets.ts";
export * from "./engine_overhead.ts";
export { MAX_EXTRAPOLATION } from "./interpolate.ts";

export { type CardProfile, type ProductType } from "./profile_schema.ts";
export { PROFILE_SCRIPTS } from "./profile_scripts.ts";
export { parseCardProfile, SHIPPED_PROFILES } from "./profiles.ts";
export {
  CACHE_READ_BYTES,
  cacheBytesPerToken,
  type FeedForwardShape,
  type Placement,
  type ServedLayer,
  type ServedModel,
  weightBytes,
} from "./served_model.ts";
export * from "./step_cost.ts";
