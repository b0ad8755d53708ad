#!/usr/bin/env bash
# weft conform --live and --live-listen with our own programs, on loopback.
# Usage: test/programs/live.sh [DIR OF THE PROGRAMS]
. "$(dirname "$0")/common.sh"

live() { timeout 100 "$weft" conform "$@" > out 2> err < /dev/null; }
all_pass() { grep -q "^$1 behaviours: $1 passed, 0 failed, 0 not testable\$" out; }

"$bin/webrtc-direct-server" --listen /ip4/127.0.0.1/udp/0/webrtc-direct --addr-file a.json --json > server.out 2> server.err < /dev/null &
pids+=($!)
wait_for a.json
addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' a.json)
for version in 1 2; do
  live --live "$addr" --direct-version $version
  check "our listener, version $version: exit code" [ $? -eq 0 ]
  check "our listener, version $version" all_pass 13
done
live --live "$addr" --json
check "JSON lines" [ "$(grep -c '^{"check":".*","clause":".*","result":"pass","seen":".*","agent":"weft/.*"}$' out)" -eq 13 ]

"$weft" conform --live-listen /ip4/127.0.0.1/udp/0/webrtc-direct > out 2> err < /dev/null &
live_pid=$!
pids+=("$live_pid")
wait_for err ' at /ip4'
timeout 100 "$bin/webrtc-direct-client" --json --ping 1000000 "$(sed -n 's/.* at //p' err)" > client.out 2> client.err < /dev/null &
pids+=($!)
wait "$live_pid"
check "our dialer: exit code" [ $? -eq 0 ]
check "our dialer" all_pass 10

# a program that does not speak to us
wrong="${addr%/p2p/*}/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
live --live "$wrong"
check "another peer id: exit code" [ $? -eq 1 ]
check "another peer id: text" grep -Eq '^a connection +FAIL +noise: peer id' out
live --live /ip4/127.0.0.1/udp/9/webrtc-direct
check "no full address: exit code" [ $? -eq 2 ]
live --live "$addr" --live-listen "$addr"
check "both: exit code" [ $? -eq 2 ]
live --live-listen /ip4/127.0.0.1/tcp/1
check "listen on TCP: exit code" [ $? -eq 2 ]

summary
