#!/bin/sh
# The install path on OpenWrt's own opkg, procd, ubus and uci: trial.sh DIR, where DIR/tree is the root file system of a
# router for this machine's processor (docs/openwrt-trial.md says what is in it). In a network of its own.
set -eu
cd "$(dirname "$0")/../.."
export OPENWRT_TREE="${1:?usage: test/openwrt/trial.sh DIR}/tree"
[ -x "$OPENWRT_TREE/sbin/procd" ] || { echo "there is no $OPENWRT_TREE/sbin/procd: see docs/openwrt-trial.md" >&2; exit 1; }
# shellcheck disable=SC2016  # expanded in the namespace
exec unshare --net sh -c 'ip link set lo up && exec test/run.sh test/openwrt'
