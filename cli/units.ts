/** Figures as text; reports of other folders write them too. */
export {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from "../fixtures/mod.ts";
