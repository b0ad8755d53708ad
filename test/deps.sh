#!/bin/sh
# Makes sure that the tools of the named groups are there: build, programs, lint, fuzz, valgrind, nat. As root on a Debian-like system
# what is missing is installed; otherwise the exact command is printed and the exit status is 1. NO_INSTALL=1 forbids
# installing.
set -u

missing=
need() { # package, then a command that succeeds when nothing is missing
  package=$1
  shift
  "$@" > /dev/null 2>&1 || missing="$missing $package"
}

compiler() { for c in "${CC:-cc}" cc gcc clang; do command -v "$c" && return; done; return 1; }
cxx_compiler() { for c in "${CXX:-c++}" c++ g++ clang++; do command -v "$c" && return; done; return 1; }
header() { echo "#include <$1>" | $(compiler | head -n 1) ${MBEDTLS:+-I"$MBEDTLS/include"} -E -; }

build() {
  need gcc compiler
  need g++ cxx_compiler
  need libc6-dev header stdio.h
  need pkg-config command -v "${PKG_CONFIG:-pkg-config}"
  need libmbedtls-dev header mbedtls/ssl.h
  need libsodium-dev header sodium.h
  need check header check.h
}

programs() { # test/programs: agent.sh, conform.sh, events.sh
  need redis-server command -v redis-server
  need python3 command -v python3
  need python3-jsonschema jsonschema
}

lint() {
  need clang-format command -v "${CLANG_FORMAT:-clang-format}"
  need cppcheck command -v cppcheck
  need binutils command -v "${NM:-nm}"
  need python3-jsonschema jsonschema
}
jsonschema() { python3 -c 'import jsonschema' || /usr/bin/python3 -c 'import jsonschema'; }

fuzz() {
  need clang command -v "${CLANG:-clang}"
  need libclang-rt-dev libfuzzer
}
libfuzzer() {
  test -n "$(find "$("${CLANG:-clang}" -print-resource-dir)" -name 'libclang_rt.fuzzer*.a' | head -n 1)"
}

valgrind() { need valgrind command -v valgrind; }

nat() {
  PATH=$PATH:/usr/sbin:/sbin
  need python3 command -v python3
  need util-linux command -v nsenter
  need iproute2 command -v ip
  need nftables command -v nft
  need conntrack command -v conntrack
}

for group in "$@"; do "$group"; done
[ -z "$missing" ] && exit 0

# Debian 12's name for clang's runtime carries its version.
case $missing in
  *libclang-rt-dev*)
    v=$(apt-cache depends clang 2> /dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    missing=$(echo "$missing" | sed "s/libclang-rt-dev/libclang-rt-${v:-14}-dev/") ;;
esac

if ! command -v apt-get > /dev/null; then
  echo "missing (Debian's package names):$missing" >&2
  exit 1
fi
install="apt-get install -y --no-install-recommends$missing"
if [ "${NO_INSTALL:-0}" = 1 ] || [ "$(id -u)" != 0 ]; then
  echo "missing:$missing; to install:" >&2
  echo "  $([ "$(id -u)" = 0 ] || echo 'sudo ')$install" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing:$missing"
$install > "$log" 2>&1 && exit 0
{ apt-get update && $install; } > "$log" 2>&1 && exit 0
tail -n 20 "$log" >&2
echo "could not install; by hand: $install" >&2
exit 1
