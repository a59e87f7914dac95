/**
 * `headwise doctor`: what this machine can run, and what it lacks.
 *
 * @module
 */

export { doctorCommand } from "./command.ts";
