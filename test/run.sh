#!/bin/sh
# Runs test files with the sources loaded directly: test/run.sh test/unit [more files or folders]
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=test/apart.sh
. test/apart.sh
jobs=1 # daemons on a shared machine: one file at a time
[ "$*" != test/unit ] || jobs=2 # nothing but our own code
# shellcheck disable=SC2046  # the list of files is meant to be split
exec test/reachable.sh node --require ./build/register.cjs --enable-source-maps --test --test-concurrency=$jobs \
  --test-reporter=spec $(find "$@" -name '*.test.ts' | sort)
