import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Makes what the modelled part of a step is calibrated by, one thing a call.

With --profile the card of this machine is measured by a PyTorch script through python3: matrix
products, experts, attention of prompts and decode, passes, sampling and launches over grids, in
about two minutes; --all-reduce measures the links where there are several cards. 'headwise bench
--card FILE' uses the file. Profiles of an H100 and an H200 are shipped.

With --from named factors are fitted by least squares to results of vLLM, SGLang or FastDeploy, of
the workload --fixture on the card --card. There must be as many results as factors; with more, the
error of leaving each one out is stated. 'headwise bench --calibration FILE' uses the file.

With --batches steps of the fixture's replay are written, and beside them the scripts of a loop of
layers that runs and times them on a GPU: python3 model_loop.py batches.json.

EXAMPLES
  headwise calibrate --profile --model ernie-4.5-21b-a3b
  headwise calibrate --from c8.json,c32.json --fixture mine.yaml --card H100 --factors products
  headwise calibrate --batches --fixture eb45-21b-a3b-32k-bf16-kv50-512s`;

/** `headwise calibrate`. */
export const calibrateCommand = buildSettingsCommand({
  command: "calibrate",
  loader: () => import("./run.ts"),
  brief: "Measure a card, or fit factors to results of engines",
  description: DESCRIPTION,
});
