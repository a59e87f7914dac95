/** The PyTorch scripts that measure a card, as they are written where `python3` runs them. */

import gpuKernels from "./profile/gpu_kernels.py" with { type: "text" };
import measureProfile from "./profile/measure_profile.py" with { type: "text" };
import modelLoop from "./profile/model_loop.py" with { type: "text" };
import pagedRows from "./profile/paged_rows.py" with { type: "text" };

/** Texts by file name; `measure_profile.py` and `model_loop.py` are run, the others imported. */
export const PROFILE_SCRIPTS: Readonly<Record<string, string>> = {
  "gpu_kernels.py": gpuKernels,
  "measure_profile.py": measureProfile,
  "model_loop.py": modelLoop,
  "paged_rows.py": pagedRows,
};
