/** `node:crypto`, as far as reports use it, for a browser; the bundler puts it in its place. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** A hash that text is added to as UTF-8. */
type Hash = { update(text: string): Hash; digest(encoding: "hex"): string };

/**
 * Starts a hash.
 *
 * @throws {RangeError} For any algorithm but SHA-256.
 */
export function createHash(algorithm: string): Hash {
  if (algorithm !== "sha256") {
    throw new RangeError(`Cannot hash with '${algorithm}' in a browser; use 'sha256'`);
  }
  const hash = sha256.create();
  const encoder = new TextEncoder();
  const self: Hash = {
    update: (text) => {
      hash.update(encoder.encode(text));
      return self;
    },
    digest: () => bytesToHex(hash.digest()),
  };
  return self;
}
