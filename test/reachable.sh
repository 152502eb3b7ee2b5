#!/bin/sh
# Runs a command where other users can pass every folder on the way to this checkout, as tests need that become one of
# them: below the home of root they cannot. Such a folder is opened in a mount namespace, under its own path, so that
# what runs there, and the coverage that it writes, is what it is everywhere else.
#   reachable.sh COMMAND [ARGUMENT...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)

# Whether others can pass a folder.
passable() { [ $((0$(stat -c %a "$1") & 1)) = 1 ]; }

# The first folder on the way that they cannot.
closed() {
  folder=
  way=${root%/*}
  rest=${way#/}${way:+/}
  while [ -n "$rest" ]; do
    folder=$folder/${rest%%/*}
    rest=${rest#*/}
    passable "$folder" || echo "$folder"
  done | head -n 1
}

# Puts a folder with the same things in it, which all can pass, in the place of one.
open() {
  real=$(mktemp -d)
  mount --rbind "$1" "$real"
  mount -t tmpfs -o mode=755 none "$1"
  for thing in "$real"/* "$real"/.[!.]*; do
    here=$1/${thing##*/}
    if [ -L "$thing" ]; then
      cp -P "$thing" "$here"
    elif [ -d "$thing" ]; then
      mkdir "$here" && mount --rbind "$thing" "$here"
    elif [ -e "$thing" ]; then
      : >"$here" && mount --bind "$thing" "$here"
    fi
  done
  umount -l "$real"
  rmdir "$real"
}

passable "$root" || echo "others cannot pass $root: tests that become another user fail until 'chmod 755'" >&2
if [ "$1" = --inside ]; then
  shift
  while folder=$(closed) && [ -n "$folder" ]; do open "$folder"; done
  cd "$root" # the same by name, and another folder
elif [ "$(id -u)" = 0 ] && [ -n "$(closed)" ]; then
  exec unshare --mount "$0" --inside "$@"
fi
exec "$@"
