#!/bin/sh
# Runs every test in one go, so that node's closing totals count them all, and the coverage of all processes.
# Fails when a test fails, when none ran, when coverage is too low, and with CI set when anything was skipped.
set -eu
cd "$(dirname "$0")/.."
out=$PWD/.coverage
least=95 # percent of the lines of agent/

rm -rf "$out"
mkdir -m 1777 "$out" # children may have given up root
failed=0

# shellcheck disable=SC2046  # the list of files is meant to be split
NODE_V8_COVERAGE=$out node --require ./build/register.cjs --enable-source-maps \
  --test --test-concurrency=1 --test-timeout=300000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$out/tests.tap" \
  $(find test/unit test/fuzz test/integration test/e2e -name '*.test.ts') || failed=1

node --require ./build/register.cjs build/coverage.ts "$out" --least $least || failed=1

if grep -E '# (SKIP|TODO)' "$out/tests.tap" && [ "${CI:-}" = true ]; then
  echo 'tests were skipped: nothing may be, where CI is set'
  failed=1
fi
if ! grep -Eq '^# pass [1-9]' "$out/tests.tap"; then
  echo 'no test passed'
  failed=1
fi
grep -E '^# [a-z_]+ [0-9.]+$' "$out/tests.tap"
exit $failed
