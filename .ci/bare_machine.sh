#!/bin/sh
# A machine with a C library, the few programs that a self-extracting executable needs, and that
# executable: no Deno, no node_modules, no checkout.
#
#   bare_machine.sh make FOLDER EXECUTABLE   puts it together
#   bare_machine.sh kind                     how far apart from this machine it is
#   bare_machine.sh enter FOLDER COMMAND…    runs a command there, in an empty folder
set -eu

action=$1
shift

libraries_of() {
  ldd "$1" | grep -o '/[^ ]*' || true
}

has_namespaces() {
  unshare --user --map-root-user --mount true 2>/dev/null
}

case $action in
  make)
    root=$1
    mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/home" "$root/work"
    cp "$2" "$root/bin/headwise"
    for name in sh head tail gzip wc ls id uname mkdir chmod mv rm cmp; do
      program=$(command -v "$name")
      cp -L "$program" "$root/bin/$name"
      set -- "$@" "$program"
    done
    shift 2
    # The runtime is packed, so its libraries are asked of the one that packed it.
    for program in "$@" "$RUNTIME"; do
      for library in $(libraries_of "$program"); do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
      done
    done
    ;;
  kind)
    if has_namespaces; then echo "a root folder of its own"; else echo "a PATH and HOME of its own"; fi
    ;;
  enter)
    root=$(cd "$1" && pwd)
    shift
    if has_namespaces; then
      exec unshare --user --map-root-user --mount sh "$0" inside "$root" "$@"
    fi
    cd "$root/work"
    exec env -i "HOME=$root/home" "PATH=$root/bin" "$@"
    ;;
  inside)
    root=$1
    shift
    mount --rbind /dev "$root/dev"
    mount --rbind /proc "$root/proc"
    PATH=$PATH:/usr/sbin:/sbin
    exec env -i HOME=/home PATH=/bin "$(command -v chroot)" "$root" \
      /bin/sh -c 'cd /work && exec "$@"' sh "$@"
    ;;
esac
