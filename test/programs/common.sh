# Sourced by tests of the programs, with the folder of the programs as $1: a folder of their own to work in, children that end with the test,
# checks that are counted.
set -u
bin=$(cd "${1:-build/bin}" && pwd) || exit 1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weft=$bin/weft
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
passed=0
failed=0
pids=()
cleanup() {
  for p in "${pids[@]}"; do kill -KILL "$p" 2>/dev/null; done
  rm -rf "$dir"
}
trap cleanup EXIT

check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$name"
    cat out err 2> /dev/null | sed 's/^/  /' | head -n 20
    return 1
  fi
}
wait_for() { # FILE [PATTERN]: ten seconds at most
  for _ in $(seq 200); do [ -s "$1" ] && grep -q "${2:-.}" "$1" && return; sleep 0.05; done
}
summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
