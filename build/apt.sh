#!/bin/sh
# Sourced at the root of the checkout by what gets programs into .tools: words for that, and Debian's packages without
# installing them.
tools=${PWD:?}/.tools

say() { echo "tools: $*"; }
have() { command -v "$1" >/dev/null; }
is_done() { [ "$(cat "$tools/$1/done" 2>/dev/null)" = "$2" ]; }
run_apt() { apt-get -q -o APT::Sandbox::User=root "$@"; }

# With package lists and a cache of our own in a folder: FOLDER ARGUMENT...
run_apt_in() {
  folder=$1
  shift
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  run_apt -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" "$@"
}

# Downloads into the current folder; fetches package lists of our own when the machine's are missing or old.
download() {
  if run_apt download "$@" >apt.log 2>&1; then return; fi
  say 'the package lists of this machine do not do; fetching some of our own'
  run_apt_in "$tools/apt" update >apt.log 2>&1 && run_apt_in "$tools/apt" download "$@" >>apt.log 2>&1
}

# Libraries that the downloaded packages want.
libraries() {
  for deb in ./*.deb; do dpkg-deb --field "$deb" Depends; done |
    tr ',' '\n' | sed 's/|.*//; s/[(:].*//; s/ //g' | grep '^lib' | grep -v '^libjs-' | sort -u
}
