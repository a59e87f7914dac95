#!/bin/sh
# headwise @VERSION@ for @PLATFORM@: this script, then headwise and its runtime, compressed.
#
# The first start unpacks both into the user's cache; later ones check that they are still the same,
# and run them from there. That takes sh, head, tail, gzip, wc, ls, id, uname, mkdir, chmod, mv, rm,
# one of openssl, sha256sum, shasum and cmp, and room for @ROOM_MB@ MB.

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

# Whoever may write where a program lies, or owns it, may have another one run in its place.
require_own() {
  user=$(id -u)
  for each do
    [ -e "$each" ] || [ -L "$each" ] || continue
    # No name is split or matched, for only the first words are looked at.
    listed=$(LC_ALL=C ls -ldn "$each") || cannot_write
    mode=${listed%% *}
    owner=${listed#* }
    while [ "$owner" != "${owner# }" ]; do owner=${owner# }; done
    owner=${owner#* }
    while [ "$owner" != "${owner# }" ]; do owner=${owner# }; done
    owner=${owner%% *}
    case $mode in
      l*) distrust "$each" "is a link" "remove it" ;;
      # Of a folder that all may write to, none but the owner of a file may remove it.
      d????????[tT]*) [ "$each" = "$cache" ] || distrust "$each" "may be written by others" \
        "run 'chmod go-wt' on it" ;;
      ?????w* | ????????w*) distrust "$each" "may be written by others" "run 'chmod go-w' on it" ;;
    esac
    # Root may have anything run anyway.
    [ "$owner" = "$user" ] || [ "$owner" = 0 ] || distrust "$each" "belongs to another user" \
      "have it removed"
  done
}

distrust() {
  fail "Cannot run what lies in '$folder': '$1' $2; $3, or set HEADWISE_CACHE_DIR to a folder of \
your own"
}

require_own_all() {
  require_own "$cache" "$folder" "$folder/headwise.js" "$folder/deno" "$folder/LICENSES.txt" \
    "$folder/cache"
}

# Whether all in a folder is what was packed.
is_sound() {
  is_same "$1/headwise.js" @PROGRAM_SHA256@ program_bytes &&
    is_same "$1/deno" @RUNTIME_SHA256@ runtime_bytes &&
    is_same "$1/LICENSES.txt" @NOTICES_SHA256@ notices_bytes
}

# By the first of these that is there; the last one compares with this file's own content.
is_same() {
  [ -f "$1" ] || return 1
  if command -v openssl >/dev/null && sum=$(openssl dgst -sha256 -r <"$1" 2>/dev/null); then :
  elif command -v sha256sum >/dev/null; then sum=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then sum=$(shasum -a 256 <"$1")
  else
    "$3" | gzip -dc 2>/dev/null | cmp -s - "$1"
    return
  fi
  [ "${sum%% *}" = "$2" ]
}

# Each file is moved into place whole, and has the same content whoever moves it: of several first
# starts at once it does not matter which one is last.
unpack() {
  [ -r "$0" ] || fail "Cannot read '$0': start it by its path, as a file that you may read"
  size=$(($(wc -c <"$0")))
  [ "$size" = @SIZE@ ] || fail "This file has $size bytes of @SIZE@: download it again"
  host=$(uname -n)
  umask 077
  mkdir -p "$folder" 2>/dev/null || cannot_write
  require_own_all
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
  notices_bytes | gzip -dc >"$new/LICENSES.txt" || explain_gzip
  is_sound "$new" || damaged
  chmod 700 "$new/deno"
  "$new/deno" --version >/dev/null 2>"$new/reason" || cannot_run
  # What is moved into place must not be found empty there after a loss of power.
  if command -v sync >/dev/null; then
    sync "$new/LICENSES.txt" "$new/headwise.js" "$new/deno" 2>/dev/null || sync
  fi
  for each in LICENSES.txt headwise.js deno; do
    mv -f "$new/$each" "$folder/$each" || cannot_write
  done
  rm -rf "$new"
  trap - EXIT HUP INT TERM
}

# Where `tail` must not complain: `head` ends before it does.
program_bytes() {
  tail -c +@PROGRAM_START@ "$0" 2>/dev/null | head -c @PROGRAM_SIZE@
}

notices_bytes() {
  tail -c +@NOTICES_START@ "$0" 2>/dev/null | head -c @NOTICES_SIZE@
}

runtime_bytes() {
  tail -c +@RUNTIME_START@ "$0"
}

explain_gzip() {
  { program_bytes | gzip -t && notices_bytes | gzip -t && runtime_bytes | gzip -t; } 2>/dev/null ||
    damaged
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

main() {
  choose_folder
  require_own_all
  if ! is_sound "$folder" || ! [ -x "$folder/deno" ]; then
    if [ -e "$folder/deno" ]; then
      printf 'headwise: What lies in %s is damaged: it is unpacked again\n' "'$folder'" >&2
    fi
    unpack
    require_own_all
    is_sound "$folder" || damaged
  fi
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
  # What the runtime keeps for itself stays in the same folder, and it asks no one for a newer one.
  export DENO_DIR="${DENO_DIR:-$folder/cache}" DENO_NO_UPDATE_CHECK=1
  exec "$folder/deno" run @RUN_FLAGS@ "--allow-run=$folder/deno" "$@"
}

main "$@"
exit
