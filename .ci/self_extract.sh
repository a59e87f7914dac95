#!/bin/sh
# headwise @VERSION@ for @PLATFORM@: this script, then headwise and its runtime, compressed.
#
# The first start unpacks both into the user's cache, later ones run from there. That takes sh, head,
# tail, gzip, wc, uname, mkdir, chmod, mv and rm, and room for @ROOM_MB@ MB.

fail() {
  printf 'headwise: %s\n' "$1" >&2
  exit 71
}

choose_folder() {
  if [ -n "${HEADWISE_CACHE_DIR:-}" ]; then
    case $HEADWISE_CACHE_DIR in
      /*) cache=$HEADWISE_CACHE_DIR ;;
      *) fail "Cannot unpack into '$HEADWISE_CACHE_DIR': set HEADWISE_CACHE_DIR to an absolute path" ;;
    esac
  else
    # A relative path in these variables counts as none.
    case ${XDG_CACHE_HOME:-}:${HOME:-} in
      /*:*) cache=$XDG_CACHE_HOME/headwise ;;
      *:/*) cache=$HOME/.cache/headwise ;;
      *) fail "Cannot tell where to unpack: HOME is not set; set HEADWISE_CACHE_DIR to a folder" ;;
    esac
  fi
  folder=$cache/@HASH@
}

cannot_write() {
  fail "Cannot write to '$folder': set HEADWISE_CACHE_DIR to a folder that may be written, with \
@ROOM_MB@ MB of room"
}

# Each file is moved into place whole, and has the same content whoever moves it: of several first
# starts at once it does not matter which one is last.
unpack() {
  [ -r "$0" ] || fail "Cannot read '$0': start it by its path, as a file that you may read"
  size=$(($(wc -c <"$0")))
  [ "$size" = @SIZE@ ] || fail "This file has $size bytes of @SIZE@: download it again"
  host=$(uname -n)
  mkdir -p "$folder" 2>/dev/null || cannot_write
  for left in "$folder/unpacking.$host."*; do
    kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  new=$folder/unpacking.$host.$$
  trap 'rm -rf "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # What has this process's number cannot be of a living one.
  { rm -rf "$new" && mkdir "$new"; } 2>/dev/null || cannot_write
  program_bytes | gzip -dc >"$new/headwise.js" || explain_gzip
  runtime_bytes | gzip -dc >"$new/deno" || explain_gzip
  chmod 755 "$new/deno"
  "$new/deno" --version >/dev/null 2>"$new/reason" || cannot_run
  [ "$(sha256 "$new/headwise.js")" = @PROGRAM_SHA256@ ] || damaged
  [ "$(sha256 "$new/deno")" = @RUNTIME_SHA256@ ] || damaged
  mv -f "$new/headwise.js" "$folder/headwise.js" || cannot_write
  mv -f "$new/deno" "$folder/deno" || cannot_write
  rm -rf "$new"
  trap - EXIT HUP INT TERM
}

# Where `tail` must not complain: `head` ends before it does.
program_bytes() {
  tail -c +@PROGRAM_START@ "$0" 2>/dev/null | head -c @PROGRAM_SIZE@
}

runtime_bytes() {
  tail -c +@RUNTIME_START@ "$0"
}

explain_gzip() {
  { program_bytes | gzip -t && runtime_bytes | gzip -t; } 2>/dev/null || damaged
  cannot_write
}

damaged() {
  fail "This file is damaged, its content does not have the hash that it should: download it again"
}

cannot_run() {
  reason=$(head -n 1 "$new/reason")
  fail "Cannot run what was unpacked into '$folder': ${reason:-it ended at once}; this file is for \
@PLATFORM@, and this machine is $(uname -s) $(uname -m); if the folder may hold no programs, set \
HEADWISE_CACHE_DIR to one that may"
}

# Prints the SHA-256 of a file, by the runtime itself where the system has nothing for it.
sha256() {
  if command -v sha256sum >/dev/null; then
    sum=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then
    sum=$(shasum -a 256 <"$1")
  else
    sum=$(printf '%s' "$hash_program" | DENO_DIR=$new/cache "$new/deno" run --quiet --no-config \
      --no-prompt --allow-read="$1" - "$1")
  fi
  printf '%s' "${sum%% *}"
}

hash_program='
const bytes = Deno.readFileSync(Deno.args[0]);
const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
console.log(hash.toHex());
'

main() {
  choose_folder
  if ! [ -x "$folder/deno" ] || ! [ -f "$folder/headwise.js" ]; then unpack; fi
  # Permissions that come first are the runtime's: the program follows the last one of them.
  permissions=first
  for argument do
    shift
    case $permissions:$argument in
      first:--allow-*=* | first:--deny-*=*) ;;
      first:*)
        permissions=over
        set -- "$@" "$folder/headwise.js"
        ;;
    esac
    set -- "$@" "$argument"
  done
  if [ "$permissions" = first ]; then set -- "$@" "$folder/headwise.js"; fi
  # What the runtime keeps for itself stays in the same folder, and it asks nobody for a newer one.
  export DENO_DIR="${DENO_DIR:-$folder/cache}" DENO_NO_UPDATE_CHECK=1
  exec "$folder/deno" run @RUN_FLAGS@ "--allow-run=$folder/deno" "$@"
}

main "$@"
exit
