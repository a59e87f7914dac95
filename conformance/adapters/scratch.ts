/** The folder that tensors travel through. */
import { FileRefusal, readPlainSync, requirePlainPath } from "../../fixtures/mod.ts";
import { adapterError } from "./adapter_fault.ts";
import { fileName } from "./protocol/values.ts";
import { readTensors, TensorFileError, type Tensors, writeTensors } from "./safetensors.ts";

/** A folder of tensor files. */
export interface Scratch {
  /** Absolute path. */
  readonly path: string;
  /** Writes a file; gives its name. At once, so that requests go out in the order of their calls. */
  readonly write: (tensors: Tensors) => string;
  /** Reads a file that the adapter named, and removes it. */
  readonly take: (name: string) => Tensors;
  /** Removes a file if it is there. */
  readonly remove: (name: string) => void;
  /** Removes the folder. */
  readonly close: () => Promise<void>;
}

/** Makes an empty scratch folder. */
export async function createScratch(
  o: { readonly parent: string; readonly maxFileBytes: number },
): Promise<Scratch> {
  await requirePlainPath(o.parent);
  await Deno.mkdir(o.parent, { recursive: true });
  const path = await Deno.realPath(await Deno.makeTempDir({ dir: o.parent, prefix: "scratch-" }));
  let written = 0;
  return {
    path,
    write: (tensors) => {
      const name = `request-${written++}.safetensors`;
      Deno.writeFileSync(`${path}/${name}`, writeTensors(tensors), { createNew: true });
      return name;
    },
    take: (name) => {
      const bytes = readFile(`${path}/${checkedName(name)}`, o.maxFileBytes);
      Deno.removeSync(`${path}/${name}`);
      try {
        return readTensors(bytes);
      } catch (error) {
        if (!(error instanceof TensorFileError)) throw error;
        throw adapterError(`File "${name}": ${error.message}`);
      }
    },
    remove: (name) => {
      try {
        Deno.removeSync(`${path}/${checkedName(name)}`);
      } catch (error) {
        ignoreMissing(error);
      }
    },
    close: () => Deno.remove(path, { recursive: true }).catch(ignoreMissing),
  };
}

function checkedName(name: string): string {
  if (fileName.safeParse(name).success) return name;
  throw adapterError(
    `Cannot use the file "${name}": it must be a bare name inside the scratch folder`,
  );
}

function readFile(path: string, maxBytes: number): Uint8Array {
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    return readPlainSync(path, { maxBytes });
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    if (!(isMissing || error instanceof FileRefusal)) throw error;
    const what = isMissing ? "it is not there; write it before the reply" : error.message;
    throw adapterError(`Cannot read the file "${name}": ${what}`);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
