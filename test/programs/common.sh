# Sourced by tests of the programs, with the folder of the programs as $1: a folder of their own to work in, children that end with the test,
# checks that are counted. What a failed check shows: the files of $show that are there.
set -u
bin=$(cd "${1:-build/bin}" && pwd) || exit 1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/events.sh"
weft=$bin/weft
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
show="out err"
passed=0
failed=0
pids=()
cleanup() {
  for p in ${pids[@]+"${pids[@]}"}; do kill -KILL "$p" 2>/dev/null; done
  rm -rf "$dir"
}
trap cleanup EXIT

pass() { passed=$((passed + 1)); }
fail() { # WHAT
  failed=$((failed + 1))
  printf 'FAIL %s\n' "$*"
  for f in $show; do [ -f "$f" ] && sed "s/^/  $f: /" "$f" | tail -n 10; done
  return 1
}
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then pass; else fail "$name"; fi
}
expect() { # NAME CODE 'regex in stdout or stderr' COMMAND...
  local name=$1 code=$2 want=$3 got
  shift 3
  keep_events out
  timeout 30 "$@" > out 2> err < /dev/null
  got=$?
  if [ "$got" -ne "$code" ]; then fail "$name: exit $got, not $code"; return; fi
  if ! cat out err | grep -Eq -- "$want"; then fail "$name: no text like: $want"; return; fi
  pass
}
within() { # SECONDS COMMAND...: waits for the command to succeed
  local n=$(($1 * 20))
  shift
  for _ in $(seq "$n"); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}
has() { grep -Eq -- "$2" "$1"; } # FILE 'regex'
await() { # NAME 'regex' FILE: until the file says so, ten seconds at most
  if within 10 has "$3" "$2"; then pass; else fail "$1: no $2 in $3"; fi
}
wait_for() { # FILE [PATTERN]: ten seconds at most
  within 10 has "$1" "${2:-.}"
}
summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
summary_with_events() { # of scripts that keep events
  keep_events out *.out
  check_events > out 2>&1 && pass || fail "--json and events.schema.json"
  summary
}
