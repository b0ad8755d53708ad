#!/bin/bash
# Builds every embedding example against an installed tree with nothing but pkg-config, as C11 and as C++17, and runs it;
# compiles every installed header alone in both languages.
#
#   test/installcheck.sh PREFIX EXAMPLE:LAYER[,LAYER...]...
set -u
prefix=$1
shift
cc=${CC:-cc} cxx=${CXX:-c++} pkg=${PKG_CONFIG:-pkg-config}
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
warn='-Wall -Wextra -Wpedantic -Werror'
passed=0 failed=0

check() { # what, command...
  local what=$1
  shift
  if "$@" > "$out/log" 2>&1; then
    passed=$((passed + 1))
  else
    echo "FAILED: $what: $*"
    head -n 30 "$out/log"
    failed=$((failed + 1))
  fi
}

example() { # name, layers
  local name=$1 flags language binary
  flags=$($pkg --cflags --libs $(printf 'weft-%s ' ${2//,/ })) || {
    failed=$((failed + 1))
    return
  }
  for language in c c++; do
    binary=$out/$name-$language
    if [ $language = c ]; then
      check "$name as C" $cc -std=c11 $warn ${CFLAGS:-} -o "$binary" "test/embed/$name.c" $flags ${LDFLAGS:-}
    else
      check "$name as C++" $cxx -std=c++17 $warn -x c++ -o "$binary" "test/embed/$name.c" -x none $flags ${LDFLAGS:-}
    fi
    [ -x "$binary" ] && check "$name runs" timeout 60 "$binary"
  done
}

for pc in "$prefix"/lib/pkgconfig/weft-*.pc; do check "$pc is valid" $pkg --validate "$pc"; done

for header in "$prefix"/include/weft/*/*.h; do
  path=${header#"$prefix"/include/}
  flags=$($pkg --cflags weft-base)
  echo "#include <$path>" > "$out/header.c"
  check "$path alone as C" $cc -std=c11 $warn -Wstrict-prototypes $flags -fsyntax-only "$out/header.c"
  check "$path alone as C++" $cxx -std=c++17 $warn $flags -fsyntax-only -x c++ "$out/header.c"
done

for e in "$@"; do example "${e%%:*}" "${e#*:}"; done

echo "installcheck: $passed passed, $failed failed"
exit $((failed > 0))
