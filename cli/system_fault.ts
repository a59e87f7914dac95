/** What the system refuses, in words: what failed, why, and what to do about it. */

/** What to do about each of the system's refusals. */
const FIXES: Readonly<Record<string, string>> = {
  EACCES: "give this user the right to it, or name another place",
  EPERM: "give this user the right to it, or name another place",
  EROFS: "name a place that can be written",
  ENOSPC: "free some space, or name another place",
  EDQUOT: "free some space, or name another place",
  EFBIG: "free some space, or name another place",
  ENOENT: "name one that exists",
  EISDIR: "name a file in it",
  ENOTDIR: "a folder of the path is a file; name a path without it",
  EEXIST: "name another one, or remove it",
  ENOTEMPTY: "name another one, or empty it",
  ENAMETOOLONG: "name a shorter one",
  ELOOP: "a link of the path leads back to itself; name the file itself",
  EINVAL: "name a file that can be read from its beginning to its end",
  ETXTBSY: "a running program holds it; name another place",
  EBUSY: "another program holds it; wait for it, or name another place",
  EMFILE: "too many files are open; raise 'ulimit -n'",
  ENFILE: "the system has too many files open; close some programs",
  EIO: "the device under it failed; look at the system's log",
  ENXIO: "nothing is at the other end; name a plain file",
  ESTALE: "the file server has replaced it; try again",
  EADDRINUSE: "another program listens there; name another port with --port, 0 for a free one",
  EADDRNOTAVAIL: "this machine has no such address; name one of its own with --host",
  EPIPE: "what was to read it has ended",
};

/** The end of Deno's messages: the system's number, and what was done to which path. */
const DENO_FORM = /^([^\n]*?) \(os error \d+\)(?:: (\w+) '([^']*)'.*)?$/s;

/** What was done, as Deno names it, in plain words. */
const DEEDS: Readonly<Record<string, string>> = {
  readfile: "read",
  readdir: "read",
  open: "open",
  stat: "look at",
  lstat: "look at",
  writefile: "write",
  mkdir: "make the folder",
  remove: "remove",
  rename: "rename",
  realpath: "follow",
};

/**
 * Puts a refusal of the system into words.
 *
 * @returns What failed, why and the fix, in one line; null where it is no refusal of the system.
 */
export function describeSystemFault(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // Whatever a reader makes of it, no relative path can be found any more.
  if (/\bcwd\b|no such file/i.test(error.message) && !hasWorkingFolder()) {
    return "The working folder is gone: somebody removed it; change to a folder that exists";
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  const fix = code !== null && Object.hasOwn(FIXES, code) ? FIXES[code]! : null;
  if (fix === null && !isOfSystem(error)) return null;
  const found = DENO_FORM.exec(error.message);
  // A refusal of our own has no such form, and names its fix.
  const [, reason = error.message, deed, path] = found ?? [];
  const what = path === undefined || path === ""
    ? reason
    : `Cannot ${DEEDS[deed!] ?? "use"} '${path}': ${reason}`;
  return fix === null ? what : `${what}; ${fix}`;
}

function isOfSystem(error: Error): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.IsADirectory || error instanceof Deno.errors.NotADirectory;
}

function hasWorkingFolder(): boolean {
  try {
    Deno.cwd();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
