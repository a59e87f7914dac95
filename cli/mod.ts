/**
 * The command line: arguments and rendering over bench, conformance, fixtures and kernel.
 *
 * {@linkcode runCli} runs the whole tool in this process on injected streams.
 *
 * @module
 */

export { runCli } from "./app.ts";
export {
  type CliContext,
  type CliProcess,
  type CliStream,
  createSystemContext,
} from "./terminal/mod.ts";
export { EXIT } from "./exit_code.ts";
