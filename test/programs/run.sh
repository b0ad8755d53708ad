#!/usr/bin/env bash
# The programs as a person or a script meets them: exit codes, error texts, address files, signals, --json. Loopback only; each case is
# bounded by `timeout`.  Usage: test/programs/run.sh [DIR OF THE PROGRAMS], beside which test/jsonl and test/flood are
. "$(dirname "$0")/common.sh"
jsonl=$bin/../test/jsonl
flood=$bin/../test/flood
client=$bin/webrtc-direct-client
server=$bin/webrtc-direct-server

start_server() { # arguments of the server; sets server_pid and addr
  keep_events server.out
  "$server" "$@" > server.out 2> server.err < /dev/null &
  server_pid=$!
  pids+=("$server_pid")
  for _ in $(seq 200); do grep -q . server.out && [ -s "$addr_file" ] && break; kill -0 "$server_pid" 2>/dev/null || break; sleep 0.05; done
  addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' "$addr_file" 2>/dev/null)
}
stop_server() { kill -TERM "$server_pid"; wait "$server_pid"; }

# ---- command lines and addresses ---------------------------------------------------------------------------------------------
hash=uEiAtEyUBqT_LXxzKUE0q5eyv35ULRE3eEQhOMg9Gd6tw0w
peer=12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN
direct=/ip4/127.0.0.1/udp/9/webrtc-direct
expect "help" 0 "Usage: webrtc-direct-client" "$client" --help
expect "server help" 0 "Usage: webrtc-direct-server" "$server" --help
expect "version" 0 "[0-9]+\.[0-9]+\.[0-9]+" "$client" --version
expect "unknown option" 2 "unknown option '--nope'" "$client" --nope
expect "bad number" 2 "whole number from 0 to 65535" "$server" -p 65536
expect "port and listen" 2 "exclude each other" "$server" -p 1 --listen /ip4/127.0.0.1/udp/0/webrtc-direct
expect "two addresses" 2 "unexpected argument" "$client" /ip4/1.2.3.4 /ip4/1.2.3.5
expect "no address file" 2 "webrtc_direct_addr.json does not exist" "$client"
expect "unknown protocol" 2 "component 2: .*nonsense" "$client" /ip4/127.0.0.1/nonsense/4/webrtc-direct
expect "port too large" 2 "component 2: udp: .*65535" "$client" "/ip4/127.0.0.1/udp/65536/webrtc-direct/certhash/$hash/p2p/$peer"
expect "missing certhash" 2 'add "/certhash/<hash>"' "$client" "$direct/p2p/$peer"
expect "missing p2p" 2 'add "/p2p/<peer id>"' "$client" "$direct/certhash/$hash"
expect "certhash not multibase" 2 "component 4: certhash" "$client" "$direct/certhash/!!/p2p/$peer"
expect "sha2-512 certhash" 2 "sha2-256" "$client" "$direct/certhash/uE0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/p2p/$peer"
expect "not an address" 2 "multiaddr" "$client" hello
expect "listen on tcp" 2 "webrtc-direct" "$server" --listen /ip4/127.0.0.1/tcp/1
expect "empty --send" 2 "1 to 4096" "$client" --send "" "$direct/certhash/$hash/p2p/$peer"
expect "unwritable address file" 1 "cannot write" "$server" --listen /ip4/127.0.0.1/udp/0/webrtc-direct --addr-file /nonexistent/dir/a.json
expect "bad key file" 1 "key file" "$server" --key-file /proc/self/status
printf '{"addr": "/ip4/127.0.0.1/udp/9/webrtc-direct", "peer_id": "x", "pid": 999999999}' > stale.json
expect "stale address file" 2 "gone" "$client" --addr-file stale.json
printf 'not json' > broken.json
expect "broken address file" 2 "not an address file" "$client" --addr-file broken.json
start=$SECONDS
expect "nobody listening" 3 "." "$client" --timeout 3 "/ip4/127.0.0.1/udp/9/webrtc-direct/certhash/$hash/p2p/$peer"
[ $((SECONDS - start)) -le 8 ] && pass || fail "nobody listening: it took longer than --timeout"

# ---- a server ------------------------------------------------------------------------------------------------------------------
addr_file=webrtc_direct_addr.json
start_server --listen /ip4/127.0.0.1/udp/0/webrtc-direct --echo --json
case $addr in /ip4/127.0.0.1/udp/*/webrtc-direct/certhash/uEi*/p2p/12D3Koo*) pass ;; *) fail "address file: $addr" ;; esac
port=$(echo "$addr" | cut -d/ -f5)
expect "port in use" 1 "cannot bind.*in use" "$server" --listen "/ip4/127.0.0.1/udp/$port/webrtc-direct" --addr-file other.json
expect "chat from the file" 0 "." "$client" --send hello --send "zwei Wörter"
grep -q "hello" out && grep -q "zwei Wörter" out && pass || fail "replies on stdout"
expect "options after the address" 0 "." "$client" "$addr" --send hello
expect "version 2" 0 '"direct_version":2' "$client" --json --direct-version 2 --send hello "$addr"
expect "ping" 0 '"event":"ping"' "$client" --json --ping 5 "$addr"
[ "$(grep -c '"event":"ping"' out)" -eq 5 ] && pass || fail "five pings"
expect "json only" 0 '^{"event":"connecting","addr":"/ip4' "$client" --json --send hi "$addr"
! grep -qv '^{"event":' out && pass || fail "something else than JSON on stdout"
"$jsonl" event text who < out > rows && pass || fail "stdout is not one JSON object per line with t_ms"
[ "$(head -n 2 rows | cut -f 1 | tr '\n' ' ')" = "connecting connected " ] && pass || fail "the first two events"
grep -q "^message	hi	-$" rows && pass || fail "the message event"
[ "$(tail -n 1 rows)" = "disconnected	-	self" ] && pass || fail "the last event"
wrong_hash="${addr%/certhash/*}/certhash/$hash/p2p/${addr##*/p2p/}"
expect "wrong certhash" 4 "dtls: certificate does not match certhash" "$client" --send x "$wrong_hash"
expect "two certhashes, the first counts" 0 "hello" "$client" --send hello "${addr%/p2p/*}/certhash/$hash/p2p/${addr##*/p2p/}"
expect "two certhashes, the second does not" 4 "dtls: certificate does not match certhash" "$client" --send x "${addr%/certhash/*}/certhash/$hash/certhash/${addr#*/certhash/}"
expect "a certhash of sha2-512 beside ours" 0 "hello" "$client" --send hello "${addr%/certhash/*}/certhash/uE0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/certhash/${addr#*/certhash/}"
expect "wrong peer id" 4 "noise: peer id" "$client" --send x "${addr%/p2p/*}/p2p/$peer"

# a hundred thousand sources that are made up: less than 4 MiB, and the next one is served
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server_pid/status"; }
before=$(rss)
timeout 60 "$flood" "$port" 100000 > out 2> err && pass || fail "the flood: $(cat out)"
after=$(rss)
[ "$((after - before))" -lt 4096 ] && pass || fail "memory grew from $before to $after KiB"
expect "a client after the flood" 0 "hello" "$client" --send hello "$addr"

# interactive: standard input ends after the last line is delivered
printf 'one\n  two  \n\nthree\n' | timeout 20 "$client" "$addr" > out 2> err
[ $? -eq 0 ] && pass || fail "interactive client"
grep -q '"text":"one"' server.out && grep -q '"text":"two"' server.out && grep -q '"text":"three"' server.out && pass || fail "lines of standard input"
printf 'before\nquit\nafter\n' | timeout 20 "$client" "$addr" > out 2> err
[ $? -eq 0 ] && ! grep -q '"text":"after"' server.out && pass || fail "quit"

# a client that is told to stop
mkfifo fifo
timeout 20 "$client" "$addr" > out 2> err < fifo &
cpid=$!
exec 9> fifo
for _ in $(seq 100); do grep -q established err && break; sleep 0.05; done
pkill -INT -P "$cpid" 2>/dev/null || kill -INT "$cpid"
wait "$cpid"
[ $? -eq 130 ] && pass || fail "client on SIGINT"
exec 9>&-
for _ in $(seq 40); do tail -n 1 server.out | grep -q '"event":"disconnected"' && break; sleep 0.05; done
tail -n 1 server.out | grep -q '"event":"disconnected".*"who":"peer"' && pass || fail "server saw the client go"

stop_server
[ $? -eq 0 ] && pass || fail "server on SIGTERM"
[ ! -e webrtc_direct_addr.json ] && pass || fail "address file removed"

# a key file keeps the address
addr_file=k.json
start_server --listen /ip4/127.0.0.1/udp/0/webrtc-direct --key-file key --addr-file k.json
first=${addr#*/webrtc-direct}
stop_server
start_server --listen /ip4/127.0.0.1/udp/0/webrtc-direct --key-file key --addr-file k.json
[ -n "$first" ] && [ "$first" = "${addr#*/webrtc-direct}" ] && pass || fail "same key, same certhash and peer id"
[ "$(stat -c %a key)" = 600 ] && pass || fail "key file mode"
printf '{"addr": "/ip4/127.0.0.1/udp/1/webrtc-direct", "peer_id": "x", "pid": 1}' > k.json
stop_server
[ -e k.json ] && pass || fail "a foreign address file stays"

# wildcard: every interface, loopback last; SIGINT inherited as ignored still stops it
addr_file=w.json
(trap '' INT; exec "$server" --addr-file w.json > w.out 2> w.err < /dev/null) &
wpid=$!
pids+=("$wpid")
for _ in $(seq 200); do [ -s w.json ] && grep -q Waiting w.err && break; sleep 0.05; done
sed -n '$p' w.out | grep -q '/ip4/127.0.0.1/' && grep -q '/ip4/127.0.0.1/' w.json && pass || fail "wildcard addresses"
kill -INT "$wpid"
for _ in $(seq 40); do kill -0 "$wpid" 2>/dev/null || break; sleep 0.05; done
kill -0 "$wpid" 2>/dev/null && fail "SIGINT inherited as ignored" || pass

summary_with_events
