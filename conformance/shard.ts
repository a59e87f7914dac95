/** Parts of a run, for machines that share it. */
import type { Shard } from "./report.ts";

/** A text or an environment that names no shard. */
export class ShardError extends Error {
  /** Always `shard`. */
  readonly code = "shard";
  /** Always `ShardError`. */
  override readonly name = "ShardError";
}

/** Variables that tell a job which of several it is: Kubernetes, Slurm and GitLab. */
export const SHARD_VARIABLES: readonly string[] = [
  "JOB_COMPLETION_INDEX",
  "JOB_COMPLETION_COUNT",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_ARRAY_TASK_COUNT",
  "SLURM_ARRAY_TASK_MIN",
  "CI_NODE_INDEX",
  "CI_NODE_TOTAL",
];

/** Variables whose value all jobs of one run share: Slurm, GitLab and GitHub. */
export const RUN_NAME_VARIABLES: readonly string[] = [
  "SLURM_ARRAY_JOB_ID",
  "CI_PIPELINE_ID",
  "GITHUB_RUN_ID",
];

/** Reads variables by name. */
export type Environment = Readonly<Partial<Record<string, string>>>;

/**
 * Reads a shard as it is written on a command line.
 *
 * @param text `i/n` with i from 1 to n.
 * @throws {ShardError} If the text is anything else.
 */
export function parseShard(text: string): Shard {
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(found?.[1]), Number(found?.[2])];
  if (found === null || index < 1 || index > count) {
    throw new ShardError(`Cannot read the shard "${text}": write i/n with i from 1 to n, as 2/4`);
  }
  return { index, count };
}

/**
 * Finds out which shard the surrounding job is: a Kubernetes Indexed Job, a Slurm array or a GitLab
 * parallel job, the first of them that says so.
 *
 * @returns The shard, or null where no job tells.
 * @throws {ShardError} If a job names its index without the count, or no number.
 */
export function shardOfEnvironment(environment: Environment): Shard | null {
  const slurmFirst = environment["SLURM_ARRAY_TASK_MIN"] || "0";
  return readShard(environment, "JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT", "0") ??
    readShard(environment, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", slurmFirst) ??
    readShard(environment, "CI_NODE_INDEX", "CI_NODE_TOTAL", "1");
}

/**
 * Finds the name that all jobs of the surrounding run share.
 *
 * @returns The name, or an empty text where no job tells.
 */
export function runNameOfEnvironment(environment: Environment): string {
  const name = RUN_NAME_VARIABLES.find((variable) => environment[variable]);
  return name === undefined ? "" : `${name}=${environment[name]}`;
}

/** Picks every n-th member, all for null: neighbours, which cost alike, are spread over shards. */
export function membersOfShard<T>(members: readonly T[], shard: Shard | null): T[] {
  return shard === null
    ? [...members]
    : members.filter((_, position) => position % shard.count === shard.index - 1);
}

function readShard(
  environment: Environment,
  indexName: string,
  countName: string,
  first: string,
): Shard | null {
  const index = environment[indexName];
  if (!index) return null;
  const count = environment[countName];
  if (!count) {
    throw new ShardError(
      `Cannot tell the shard: "${indexName}" is set and "${countName}" is not; set both`,
    );
  }
  const values = [index, count, first];
  if (!values.every((value) => /^\d+$/.test(value))) {
    throw new ShardError(
      `Cannot tell the shard from "${indexName}=${index}", "${countName}=${count}": ` +
        "both must be whole numbers",
    );
  }
  return parseShard(`${Number(index) - Number(first) + 1}/${Number(count)}`);
}
