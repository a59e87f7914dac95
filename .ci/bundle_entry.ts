/**
 * What is bundled: the program, and the hosts of `module:` and `ffi:` adapters, which the program
 * starts as processes of their own. All is imported as late as it is without a bundle.
 */
import { HOST_ARGUMENTS } from "../conformance/adapters/hosts/host_program.ts";
import { RAN_MARK } from "./program_flags.ts";

if (import.meta.main) {
  Reflect.set(globalThis, Symbol.for(RAN_MARK), true);
  switch (Deno.args[0]) {
    case HOST_ARGUMENTS.module:
      await import("../conformance/adapters/hosts/module_host.ts");
      break;
    case HOST_ARGUMENTS.ffi:
      await import("../conformance/adapters/hosts/ffi_host.ts");
      break;
    default:
      await import("../cli/main.ts");
  }
}
