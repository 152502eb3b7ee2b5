#!/bin/sh
# Gets clock daemons newer than the machine's into .tools/suites, for tests: out of other suites of Debian, with all
# their libraries and the C library, so that they run beside those of the machine. Unpacked, never installed. Does
# nothing when all is there; says what it could not get.
set -eu
cd "$(dirname "$0")/.."
. build/apt.sh

# a suite of Debian and its packages a line; the last has the newest
clock_daemons='trixie chrony
sid chrony linuxptp'

# Where this machine gets Debian from; nothing where it is not Debian.
debian_site() {
  # shellcheck disable=SC2016  # words of apt
  set -- indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian'
  site=$(run_apt "$@" | head -n 1)
  if [ -z "$site" ] && run_apt_in "$tools/apt" update >/dev/null 2>&1; then
    site=$(run_apt_in "$tools/apt" "$@" | head -n 1)
  fi
  echo "$site"
}

# apt for another suite than that of the machine, whose lists lie in the folder at hand.
run_suite_apt() {
  run_apt_in "$PWD/apt" -o "Dir::Etc::SourceList=$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o "Dir::State::status=$PWD/apt/status" -o Acquire::Languages=none "$@" </dev/null >>apt.log 2>&1
}

# Unpacks packages and all libraries that they need, the C library too, into the folder at hand: SITE SUITE PACKAGE...
unpack_suite() {
  mkdir -p apt
  : >apt/status # as if nothing were installed
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 $2 main" >apt/sources.list
  shift 2
  run_suite_apt update && run_suite_apt download "$@" || return 1
  for deb in ./*.deb; do
    # shellcheck disable=SC2016  # words of dpkg
    dpkg-deb --show --showformat '${Package}-${source:Upstream-Version}\n' "$deb"
  done >versions
  # shellcheck disable=SC2046  # a list of names
  run_suite_apt install --yes --download-only --no-install-recommends $(libraries) || return 1
  for deb in ./*.deb apt/cache/archives/*.deb; do dpkg-deb --extract "$deb" . || return 1; done
  rm -rf ./*.deb apt apt.log etc var usr/share usr/lib/*/gconv
  find . -xtype l -delete # biome complains of them
}

# What clock_daemons asks for, into the folder at hand, and what write_clock_daemons needs.
unpack_suites() {
  site=$(debian_site)
  if [ -z "$site" ]; then
    say 'this is not Debian, which has them'
    return 1
  fi
  if ! download patchelf || ! dpkg-deb --extract patchelf_*.deb patchelf; then
    say "cannot download patchelf: $(tail -n 1 apt.log)"
    return 1
  fi
  echo "$clock_daemons" | while read -r suite packages; do
    mkdir "$suite"
    # shellcheck disable=SC2086  # a list of names
    if ! (cd "$suite" && unpack_suite "$site" "$suite" $packages); then
      say "cannot download $packages of $suite: $(tail -n 1 "$suite/apt.log")"
      return 1
    fi
  done || return 1
  rm -f ./*.deb apt.log
}

# Writes programs of a suite into a folder, with the loader and the libraries of the suite in them: FOLDER PROGRAM...
write_programs() {
  mkdir -p "$1"
  loader=$(find "$PWD/${2%%/*}/usr/lib" -name 'ld-linux*.so.*' -type f)
  folder=$1
  shift
  for program; do # the paths of RPATH, unlike those of RUNPATH, are those of a library's libraries too
    patchelf/usr/bin/patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$(dirname "$loader")" \
      --output "$folder/$(basename "$program")" "$program" || return 1
  done
}

# From 4.8 on chronyc, started by root, becomes a user whom it is built with; Debian's is there only where chrony is
# installed. As its makers build it, it stays root, which `-u root` asks for.
stay_root() {
  "$1/chronyc" --help | grep -q '^ *-u USER' || return 0
  mkdir -p "$1/as-built"
  mv "$1/chronyc" "$1/as-built"
  printf '#!/bin/sh\nexec "%s" -u root "$@"\n' "$PWD/$1/as-built/chronyc" >"$1/chronyc"
  chmod +x "$1/chronyc"
}

# The programs as .tools/suites/chrony-4.6.1/chronyd and so on, which are started like any other and are processes of
# their own name. The suite named last has the newest. Loader and libraries are found by their absolute path, so this is
# done again where .tools was copied to.
write_clock_daemons() {
  if [ "$(cat place 2>/dev/null)" = "$PWD" ]; then return; fi
  rm -rf place chrony-* linuxptp-*
  for suite in $(echo "$clock_daemons" | cut -d ' ' -f 1); do
    while read -r package; do
      case $package in
        chrony-*)
          write_programs "$package" "$suite/usr/sbin/chronyd" "$suite/usr/bin/chronyc" || return 1
          stay_root "$package"
          ln -sfn "$package" chrony-newest
          ;;
        linuxptp-*)
          write_programs "$package" "$suite/usr/sbin/ptp4l" "$suite/usr/sbin/pmc" "$suite/usr/sbin/phc2sys" || return 1
          ln -sfn "$package" linuxptp-newest
          ;;
      esac
    done <"$suite/versions"
  done
  pwd >place
}

left_out() {
  say "$*; tests with newer clock daemons are left out"
  exit 0
}

if ! is_done suites "$clock_daemons"; then
  if ! have apt-get || ! have dpkg-deb; then left_out 'no apt-get here'; fi
  say "unpacking newer clock daemons into .tools/suites: $(echo "$clock_daemons" | paste -sd, | sed 's/,/, /g')"
  mkdir -p "$tools"
  rm -rf "$tools/suites.new"
  mkdir "$tools/suites.new"
  (cd "$tools/suites.new" && unpack_suites) || left_out 'cannot unpack them'
  rm -rf "$tools/suites"
  mv "$tools/suites.new" "$tools/suites"
  echo "$clock_daemons" >"$tools/suites/done"
fi
(cd "$tools/suites" && write_clock_daemons) || left_out 'cannot write their programs'
