#!/usr/bin/env bash
# weft conform --live and --live-listen with our own programs, on loopback.
# Usage: test/programs/live.sh [DIR OF THE PROGRAMS]
. "$(dirname "$0")/valid.sh"
. "$(dirname "$0")/common.sh"

live() { timeout 100 "$weft" conform "$@" > out 2> err < /dev/null; }
all_pass() { grep -q "^$(($1 + ${2:-0})) behaviours: $1 passed, 0 failed, ${2:-0} not testable\$" out; }
not_testable() { grep -Eq "^$1 +not testable +$2" out; }

"$bin/webrtc-direct-server" --listen /ip4/127.0.0.1/udp/0/webrtc-direct --addr-file a.json --json > server.out 2> server.err < /dev/null &
pids+=($!)
wait_for a.json
addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' a.json)
for version in 1 2; do
  live --live "$addr" --direct-version $version --live-close-wait 0
  check "our listener, version $version: exit code" [ $? -eq 0 ]
  check "our listener, version $version" all_pass 14 1
  check "our listener, version $version: it does not close" not_testable 'close told: .*' 'the peer did not close within 0 s'
done
live --live "$addr" --json --live-close-wait 0
check "JSON lines" [ "$(grep -c '^{"check":".*","clause":".*","result":"pass","seen":".*","agent":"weft/.*"}$' out)" -eq 14 ]
check "JSON lines: schema" valid live out lines

"$weft" conform --live-listen /ip4/127.0.0.1/udp/0/webrtc-direct > out 2> err < /dev/null &
live_pid=$!
pids+=("$live_pid")
wait_for err ' at /ip4'
timeout 100 "$bin/webrtc-direct-client" --json --ping 1000000 "$(sed -n 's/.* at //p' err)" > client.out 2> client.err < /dev/null &
pids+=($!)
wait "$live_pid"
check "our dialer: exit code" [ $? -eq 0 ]
check "our dialer" all_pass 10 2
check "our dialer: it does not close" not_testable 'close told: .*' 'the peer did not close within 2 s'
check "our dialer: one connection" not_testable 'DATA without user data .*' 'it needs a connection of its own'

# A dialer that closes when all else was looked at, and one that is killed in the middle.
closes() { # SIGNAL WHEN
  rm -f err out
  "$weft" conform --live-listen /ip4/127.0.0.1/udp/0/webrtc-direct --live-close-wait 30 > out 2> err < /dev/null &
  live_pid=$!
  pids+=("$live_pid")
  wait_for err ' at /ip4'
  timeout 100 "$bin/webrtc-direct-client" --json --ping 1000000 "$(sed -n 's/.* at //p' err)" > client.out 2> client.err < /dev/null &
  client=$!
  pids+=("$client")
  wait_for err '^Waiting 30 s for the peer to close'
  kill "-$1" "$client" # timeout hands it on
  wait "$live_pid"
}
closes TERM
check "a dialer that closes: exit code" [ $? -eq 0 ]
check "a dialer that closes" grep -Eq '^close told: .* pass +an SCTP ABORT came' out
check "a dialer that closes: the rest" not_testable 'close_notify answered' 'the peer had closed the connection'

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
