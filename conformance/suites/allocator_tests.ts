/** Every test of allocators. */
import type { TestDefinition } from "../test_definition.ts";
import { admissionTests } from "./admission_tests.ts";
import { commandTests } from "./command_tests.ts";
import { lifetimeTests } from "./lifetime_tests.ts";
import { poolTests } from "./pool_tests.ts";
import { prefixTests } from "./prefix_tests.ts";
import { rankTests } from "./rank_tests.ts";
import { recycleTests } from "./recycle_tests.ts";
import { requestTests } from "./request_tests.ts";
import { sizeTests } from "./size_tests.ts";
import { slotTests } from "./slot_tests.ts";
import { tableTests } from "./table_tests.ts";
import { validatorTests } from "./validator_tests.ts";

export const allocatorTests: readonly TestDefinition[] = [
  ...tableTests,
  ...poolTests,
  ...requestTests,
  ...recycleTests,
  ...slotTests,
  ...rankTests,
  ...admissionTests,
  ...commandTests,
  ...lifetimeTests,
  ...prefixTests,
  ...sizeTests,
  ...validatorTests,
];
