/** Every test of kernels. */
import type { TestDefinition } from "../test_definition.ts";
import { arithmeticTests } from "../power/arithmetic_tests.ts";
import { powerTests } from "../power/power_tests.ts";
import { appendTests } from "./append_tests.ts";
import { attendTests } from "./attend_tests.ts";
import { captureTests } from "./capture_tests.ts";
import { edgeTests } from "./edge_tests.ts";
import { entryTests } from "./entry_tests.ts";
import { kernelSizeTests } from "./kernel_size_tests.ts";
import { maskTests } from "./mask_tests.ts";
import { quantisedAppendTests } from "./quantised_append_tests.ts";
import { quantisedRefusalTests } from "./quantised_refusal_tests.ts";
import { quantisedNanTests } from "./quantised_nan_tests.ts";
import { quantisedTests } from "./quantised_tests.ts";
import { refusalTests } from "./refusal_tests.ts";
import { sentinelTests } from "./sentinel_tests.ts";

export const kernelTests: readonly TestDefinition[] = [
  ...attendTests,
  ...maskTests,
  ...sentinelTests,
  ...refusalTests,
  ...appendTests,
  ...captureTests,
  ...entryTests,
  ...kernelSizeTests,
  ...quantisedTests,
  ...quantisedNanTests,
  ...quantisedRefusalTests,
  ...quantisedAppendTests,
  ...arithmeticTests,
  ...powerTests,
  ...edgeTests,
];
