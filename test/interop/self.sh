#!/usr/bin/env bash
# Ours with ours: circuits by the thousand on one relay; dials in a row, many clients at once, bulk data over one stream and over sixteen, a slow reader, many streams; idle, kill -9, 5 % loss.
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
  "$bin/webrtc-direct-server" --listen "$1" --echo --addr-file "$dir/addr.json" > "$dir/server.out" 2> "$dir/server.err" < /dev/null &
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

check() { # name, condition held (0 or 1), what was seen
  if [ "$2" = 0 ]; then passed=$((passed + 1)); printf 'ok    %-28s %s\n' "$1" "$3"; else failed=$((failed + 1)); printf 'FAIL  %-28s %s\n' "$1" "$3"; fi
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
circuits=1000
[ "${QUICK:-}" = 1 ] && circuits=100
if out=$("${WEFT_TEST:-$root/build/test}/interop_relay_load" "$bin" "$circuits" 64 2> "$dir/load.err"); then ok=0; else ok=1; fi
check "$circuits circuits at once" "$ok" "$out"

# ---- the long rows: a client with its standard input on a pipe -----------------------------------------------------------------
start_client() { # sets client_pid; descriptor 8 is its standard input
  rm -f "$dir/fifo"
  mkfifo "$dir/fifo"
  "$bin/webrtc-direct-client" --json "$addr" < "$dir/fifo" > "$dir/client.out" 2> "$dir/client.err" &
  client_pid=$!
  exec 8> "$dir/fifo"
  wait_for '"event":"connected"' "$dir/client.out" 100
}
wait_for() { # text, file, tenths of a second
  for _ in $(seq "$3"); do grep -q -- "$1" "$2" && return 0; sleep 0.1; done
  return 1
}
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

long_rows() {
  local began seconds idle=${IDLE:-120}
  start_server /ip4/127.0.0.1/udp/0/webrtc-direct
  start_client
  sleep "$idle"
  echo "still here" >&8
  wait_for '"text":"still here"' "$dir/client.out" 50
  check "idle $idle s, then chat" $? "the line came back"
  kill -KILL "$client_pid"
  wait "$client_pid" 2> /dev/null
  exec 8>&-
  began=$SECONDS
  wait_for Disconnected "$dir/server.err" 450 || wait_for disconnected "$dir/server.out" 1
  seconds=$((SECONDS - began))
  between "$seconds" 20 40
  check "kill -9 of the client" $? "noticed after $seconds s"
  start_client
  kill -KILL "$server_pid"
  wait "$server_pid" 2> /dev/null
  server_pid=
  began=$SECONDS
  wait_for '"event":"disconnected"' "$dir/client.out" 450
  seconds=$((SECONDS - began))
  between "$seconds" 20 40
  check "kill -9 of the server" $? "noticed after $seconds s"
  exec 8>&-
  wait "$client_pid" 2> /dev/null
  rm -f "$dir/addr.json"
}

lossy_rows() {
  local seed proxy proxy_pid ok=0 version
  start_server /ip4/127.0.0.1/udp/0/webrtc-direct
  for version in 1 2; do
    for seed in $(seq 20); do
      : > "$dir/proxy.out"
      python3 "$here/lossy-proxy.py" --to "127.0.0.1:$(echo "$addr" | cut -d/ -f5)" --loss 0.05 --delay-ms 20 --seed "$seed" > "$dir/proxy.out" &
      proxy_pid=$!
      wait_for listening "$dir/proxy.out" 50
      proxy=$(sed -n 's/.*"port": *\([0-9]*\).*/\1/p' "$dir/proxy.out")
      "$bin/webrtc-direct-client" --quiet --direct-version "$version" --ping 10 --send one --send two --send three "/ip4/127.0.0.1/udp/$proxy/${addr#*/udp/*/}" \
        > "$dir/client.out" 2> "$dir/client.err" < /dev/null && ok=$((ok + 1)) || { echo "  version $version, seed $seed: $(tail -n 1 "$dir/client.err")"; }
      kill -TERM "$proxy_pid"
      wait "$proxy_pid" 2> /dev/null
    done
  done
  [ "$ok" -eq 40 ]
  check "5 % loss and 20 ms" $? "$ok of 40 sessions"
  stop_server
}

[ "${QUICK:-}" = 1 ] || { long_rows; lossy_rows; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
