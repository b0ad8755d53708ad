#!/usr/bin/env bash
# Ours with ours: dials in a row, many clients at once, bulk data over one stream and over sixteen, a slow reader, many streams.
#   make interop-self [QUICK=1]
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${BIN:-$root/build/bin}
load=${WEFT_TEST:-$root/build/test}/interop_load
dir=$(mktemp -d) || exit 1
passed=0
failed=0
server_pid=

cleanup() {
  [ -n "$server_pid" ] && kill -TERM "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null
  rm -rf "$dir"
}
trap cleanup EXIT

start_server() {
  "$bin/webrtc-direct-server" --listen "$1" --echo --quiet --addr-file "$dir/addr.json" > "$dir/server.out" 2> "$dir/server.err" < /dev/null &
  server_pid=$!
  for _ in $(seq 100); do [ -s "$dir/addr.json" ] && break; sleep 0.05; done
  addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' "$dir/addr.json")
  [ -n "$addr" ] || { echo "self: the server did not start"; cat "$dir/server.err"; exit 1; }
}
stop_server() {
  kill -TERM "$server_pid" && wait "$server_pid"
  server_pid=
}
peak_kib() { awk '/VmHWM/ {print $2}' "/proc/$server_pid/status"; }

row() { # name, then the arguments of interop_load
  local name=$1 out
  shift
  if out=$("$load" "$1" "$addr" "${@:2}" 2> "$dir/load.err"); then
    passed=$((passed + 1))
    printf 'ok    %-28s %s\n' "$name" "$out"
  else
    failed=$((failed + 1))
    printf 'FAIL  %-28s %s\n' "$name" "$out"
    head -n 5 "$dir/load.err"
  fi
}

limit() { # name, KiB measured, KiB allowed
  if [ "$2" -le "$3" ]; then
    passed=$((passed + 1))
    printf 'ok    %-28s %s KiB (at most %s)\n' "$1" "$2" "$3"
  else
    failed=$((failed + 1))
    printf 'FAIL  %-28s %s KiB (at most %s)\n' "$1" "$2" "$3"
  fi
}

if [ "${QUICK:-}" = 1 ]; then dials=50 clients=50 mib=10 streams=200; else dials=1000 clients=200 mib=100 streams=2000; fi

for listen in /ip4/127.0.0.1/udp/0/webrtc-direct /ip6/::1/udp/0/webrtc-direct; do
  [ "$listen" = /ip6/::1/udp/0/webrtc-direct ] && [ ! -e /proc/net/if_inet6 ] && { echo "skip  IPv6: this machine has none"; continue; }
  start_server "$listen"
  echo "# $listen"
  row "dials in a row" dials $dials
  row "clients at once" clients $clients
  row "bulk, 1 stream" bulk $mib 1
  row "bulk, 16 streams" bulk $mib 16
  stop_server
  start_server "$listen" # so that the peak is that of the slow reader alone
  row "one line" dials 1
  before=$(peak_kib)
  row "slow reader" slow $((mib / 2))
  limit "memory while it was slow" $(($(peak_kib) - before)) 8192
  row "streams one after another" streams $streams
  stop_server
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
