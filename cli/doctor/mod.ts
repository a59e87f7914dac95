import { buildSettingsCommand } from "../settings/mod.ts";

const DESCRIPTION = `\
Shows everything that headwise can use: Deno, folders, the WebGPU adapter with its features, limits
and measured ceilings, software drivers, Python and a C compiler for adapters, the network, traces.
Each has a state, what it is for, and the command that fixes it. What this process may not look at
is unknown, and the permission is named.

Exits 0 if 'headwise bench' can run here, if need be with the model clock, and 1 if it cannot.

EXAMPLES
  headwise doctor
  headwise doctor --json
  headwise doctor --gpu dawn`;

/** `headwise doctor`. */
export const doctorCommand = buildSettingsCommand({
  command: "doctor",
  loader: () => import("./doctor_run.ts"),
  brief: "Show what this machine has, and how to install what is missing",
  description: DESCRIPTION,
});
