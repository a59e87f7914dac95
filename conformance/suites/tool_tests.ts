/** Every test of tools. */
import type { TestDefinition } from "../test_definition.ts";
import { gateTests } from "./gate_tests.ts";
import { settingsTests } from "./settings_tests.ts";

/** Tests that judge the tool around an implementation. */
export const toolTests: readonly TestDefinition[] = [...settingsTests, ...gateTests];
