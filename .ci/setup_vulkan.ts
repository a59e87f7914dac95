import { ifThere } from "../fixtures/if_there.ts";
import { print } from "../tools/print.ts";

/** The packages that bring the Vulkan loader and a driver that runs on the CPU. */
const VULKAN_PACKAGES: readonly string[] = ["libvulkan1", "mesa-vulkan-drivers"];

/** What is known of the machine before anything is done. */
export interface MachineFacts {
  /** A Vulkan device answers. */
  readonly vulkanAnswers: boolean;
  /** The system is Debian's or Ubuntu's kind: `apt-get` can be run. */
  readonly hasAptGet: boolean;
  /** The user may install packages. */
  readonly isRoot: boolean;
}

/** What `setup` does on such a machine. */
export type SetupPlan =
  | { readonly kind: "nothing"; readonly message: string }
  | { readonly kind: "install"; readonly message: string; readonly commands: readonly string[][] }
  | { readonly kind: "refuse"; readonly message: string };

/** Decides what to do, so that the decision can be read and tested without doing it. */
export function planSetup(facts: MachineFacts): SetupPlan {
  const packages = VULKAN_PACKAGES.join(" ");
  if (facts.vulkanAnswers) {
    return { kind: "nothing", message: "A Vulkan device answers; nothing to install" };
  }
  if (!facts.hasAptGet) {
    const message = "No Vulkan device answers, and there is no 'apt-get'; " +
      "install a Vulkan loader and driver with the system's own package manager";
    return { kind: "refuse", message };
  }
  if (!facts.isRoot) {
    const message = "No Vulkan device answers; " +
      `run: sudo apt-get install -y --no-install-recommends ${packages}`;
    return { kind: "refuse", message };
  }
  return {
    kind: "install",
    message: `No Vulkan device answers; installing ${packages} with apt-get`,
    commands: [
      ["apt-get", "update", "-q"],
      ["apt-get", "install", "-q", "-y", "--no-install-recommends", ...VULKAN_PACKAGES],
    ],
  };
}

/** Asks for an adapter from the Vulkan backend alone, and gives its name. */
async function findVulkanDevice(): Promise<string | null> {
  Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter ? adapter.info.description : null;
}

async function canRun(command: string): Promise<boolean> {
  const child = new Deno.Command(command, { args: ["--version"], stdout: "null" });
  return (await ifThere(() => child.output()))?.success ?? false;
}

async function setup(): Promise<number> {
  const facts = {
    vulkanAnswers: await findVulkanDevice() !== null,
    hasAptGet: await canRun("apt-get"),
    isRoot: Deno.uid() === 0,
  };
  const plan = planSetup(facts);
  print(plan.message);
  if (plan.kind !== "install") return plan.kind === "nothing" ? 0 : 1;
  for (const [command, ...args] of plan.commands) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const { success } = await new Deno.Command(command!, { args, env }).spawn().status;
    if (!success) {
      print(`Cannot install: '${command} ${args.join(" ")}' failed; its own message is above`);
      return 1;
    }
  }
  return 0;
}

/** A new process, because a driver that was installed meanwhile is not seen by the old one. */
async function check(): Promise<number> {
  const device = await findVulkanDevice();
  print(device === null ? "Still no Vulkan device answers" : `Vulkan device: ${device}`);
  return device === null ? 1 : 0;
}

if (import.meta.main) Deno.exit(await (Deno.args.includes("--check") ? check() : setup()));
