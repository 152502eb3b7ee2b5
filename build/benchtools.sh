#!/bin/sh
# Gets the peers that `make bench` measures beside the agent into .tools/peers, without touching the machine: Debian
# packages are unpacked, never installed, Telegraf is built with only the plugins that are measured. Does nothing when all
# is there; says what it could not get, and the bench then goes on without it.
set -eu
cd "$(dirname "$0")/.."
. build/apt.sh

debian_peers='collectd-core prometheus-node-exporter'
telegraf=v1.37.2
# its own way to leave plugins out, as its custom builder does: build tags
telegraf_plugins='inputs.chrony,inputs.cpu,inputs.mem,inputs.system,inputs.net,outputs.nats'
peers=$tools/peers

get_debian_peers() {
  if is_done peers/debian "$debian_peers"; then return; fi
  if ! have apt-get || ! have dpkg-deb; then
    say "no apt-get here; the bench goes on without $debian_peers"
    return
  fi
  say "unpacking peers of the bench into .tools/peers: $debian_peers"
  rm -rf "${peers:?}/debian" "$peers/debs"
  mkdir -p "$peers/debian" "$peers/debs"
  cd "$peers/debs"
  # shellcheck disable=SC2086  # a list of names
  if download $debian_peers; then
    for deb in ./*.deb; do dpkg-deb --extract "$deb" "$peers/debian"; done
    find "$peers/debian" -xtype l -delete # into packages that are not wanted; biome complains of them
    echo "$debian_peers" >"$peers/debian/done"
  else
    say "cannot download; the bench goes on without them: $(tail -n 1 apt.log)"
  fi
  cd "$OLDPWD"
  rm -rf "$peers/debs"
}

build_telegraf() (
  export GOBIN="$peers/telegraf" CGO_ENABLED=0 GOFLAGS='-mod=mod -trimpath -p=1'
  exec nice -n 15 timeout 900 go install -tags "custom,$telegraf_plugins" -ldflags '-s -w' \
    "github.com/influxdata/telegraf/cmd/telegraf@$telegraf"
)

get_telegraf() {
  if is_done peers/telegraf "$telegraf $telegraf_plugins"; then return; fi
  if ! have go; then
    say 'no Go here, so the bench goes on without Telegraf'
    return
  fi
  say "building Telegraf $telegraf with what is measured of it (15 minutes at most)"
  mkdir -p "$peers/telegraf"
  if build_telegraf >"$peers/telegraf/log" 2>&1; then
    echo "$telegraf $telegraf_plugins" >"$peers/telegraf/done"
  else
    say "the bench goes on without Telegraf, which does not build: $(tail -n 1 "$peers/telegraf/log")"
  fi
}

mkdir -p "$peers"
get_debian_peers
get_telegraf
# the modules of the Go responder, which is built where no network is
if have go; then (cd test/bench/responder && go mod download) || say 'no Go modules, so nothing stands beside the echoes'; fi
