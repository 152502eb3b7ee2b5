#!/bin/sh
# Runs a test file or folder and prints what it says when it is done, in one piece. With $jobs above 1 in namespaces of
# its own: its ports and network namespaces are nobody else's, and an agent that looks for the clock daemons of the
# machine sees those of its own test only. Leaves behind, in a folder of $out: tests.txt, tests.tap, the coverage of all
# processes, and `failed` with its name when it failed.
#   job.sh FILE
set -eu
cd "$(dirname "$0")/.."
if [ -z "${jobs:-}" ]; then
  jobs=1
  if unshare --pid --mount --net --ipc --fork true 2>/dev/null; then jobs=2; fi
fi
if [ -z "${out:-}" ]; then
  out=$(mktemp -d)
  chmod 1777 "$out"
fi
export out jobs
. test/apart.sh

# In the namespaces, or where there are none.
run() {
  # shellcheck disable=SC2046  # the list of files is meant to be split
  NODE_V8_COVERAGE=$mine node --require ./build/register.cjs --enable-source-maps \
    --test --test-concurrency=1 --test-timeout=900000 \
    --test-reporter=spec --test-reporter-destination="$mine/tests.txt" \
    --test-reporter=tap --test-reporter-destination="$mine/tests.tap" \
    $(find "$1" -name '*.test.ts' | sort)
}

mine=$out/$(echo "${1%.test.ts}" | tr / -)
if [ "${apart:-}" = true ]; then
  mount -t sysfs sysfs /sys # which shows the interfaces of the namespace it is mounted in
  ip link set lo up
  ip link add wire0 type veth peer name wire1 # so that there is an interface to be seen
  ip link set wire0 up
  ip link set wire1 up
  ip address add 192.0.2.1/24 dev wire0 # getaddrinfo finds nothing where there is no address but that of lo
  mkdir -p /run/netns && mount -t tmpfs none /run/netns
  mkdir -p /run/chrony && mount -t tmpfs none /run/chrony # the socket of another chronyd is a sign that one is there
  run "$1"
  exit
fi

mkdir -m 1777 "$mine"
begin=$(date +%s)
failed=0
if [ "$jobs" -gt 1 ]; then
  apart=true unshare --pid --mount --net --ipc --fork --kill-child --mount-proc \
    test/reachable.sh test/job.sh "$@" || failed=1
else
  run "$1" || failed=1
fi
[ $failed = 0 ] || echo "$1" >"$mine/failed"
sed '/^ℹ [a-z_]* [0-9.]*$/d' "$mine/tests.txt"
times >"$mine/times" # not in a pipe, whose shell has children of its own
echo "=== $1: $(($(date +%s) - begin)) s, of the processor $(tail -n 1 "$mine/times")"
exit $failed
