/**
 * What is bundled: the program, and the hosts of `module:` and `ffi:` adapters, which the program
 * starts as processes of their own. All is imported as late as it is without a bundle.
 */
import { HOST_ARGUMENTS } from "../conformance/adapters/hosts/host_program.ts";

if (import.meta.main) {
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
