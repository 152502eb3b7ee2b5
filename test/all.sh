#!/bin/sh
# Runs every test, five files at a time where each can have a machine of its own (test/job.sh), and the coverage of all
# processes. Fails when a test fails, when none ran, when coverage is too low, and with CI set when one was skipped. What
# failed is said at the end, with the command that runs it again.
set -eu
cd "$(dirname "$0")/.."
export out="$PWD/.coverage"
least=95 # percent of the lines of agent/

rm -rf "$out"
mkdir -m 1777 "$out" # children may have given up root
failed=0

export jobs=1
if unshare --pid --mount --net --ipc --fork true 2>/dev/null; then jobs=5; fi # most of them mostly wait

# the unit tests in one go, and before that what waits and works for longest, so that nothing runs alone at the end
{
  printf 'test/%s\n' integration/spool.test.ts integration/ptp4l.test.ts
  find test/e2e -name '*.test.ts' | sort
  printf 'test/%s\n' unit fuzz
  find test/integration -name '*.test.ts' | sort
} | awk '!seen[$0]++' | grep -v test/e2e/floods | xargs -P $jobs -n 1 test/job.sh || failed=1

# it takes what the machine has, and measures
test/job.sh test/e2e/floods.test.ts || failed=1

node --require ./build/register.cjs build/coverage.ts "$out" --least $least || failed=1

if grep -hE '# (SKIP|TODO)' "$out"/*/tests.tap && [ "${CI:-}" = true ]; then
  echo 'tests were skipped: nothing may be, where CI is set'
  failed=1
fi
# the totals of all, in the form in which node closes each run
cat "$out"/*/tests.tap | awk '/^# [a-z_]+ [0-9.]+$/ { sum[$2] += $3 }
  END {
    count = split("tests suites pass fail cancelled skipped todo", name)
    for (i = 1; i <= count; i++) print "# " name[i], sum[name[i]] + 0
    exit sum["pass"] == 0
  }' || failed=1

for one in "$out"/*/failed; do
  [ -e "$one" ] || continue
  failed=1
  printf '\nFAILED  %s\n' "$(cat "$one")"
  sed -nE 's/^ *not ok [0-9]+ - /        /p' "${one%failed}tests.tap"
  sed '1,/failing tests:$/d' "${one%failed}tests.txt" | cut -c 1-200 | head -n 30
  echo "again:  test/job.sh $(cat "$one")"
  echo "all it said: ${one%failed}tests.txt"
done
exit $failed
