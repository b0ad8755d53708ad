#!/usr/bin/env bash
# webrtc-p2p-relay as a person or a script meets it: exit codes, error texts, address files, signals, --status, limits, --allow and --deny, STUN;
# and --mux yamux of Demo 1's client. Loopback only; each case is bounded by `timeout`.
# Usage: test/programs/relay.sh [DIR OF THE PROGRAMS], beside which test/jsonl, test/stun_ask and test/attack are
. "$(dirname "$0")/common.sh"
jsonl=$bin/../test/jsonl
stun_ask=$bin/../test/stun_ask
attack=$bin/../test/attack
mkfifo idle
exec 8<> idle # standard input that says nothing and does not end

relay=$bin/webrtc-p2p-relay
peer=$bin/webrtc-p2p-peer
client=$bin/webrtc-direct-client
server=$bin/webrtc-direct-server

start_relay() { # its arguments; sets relay_pid, addr, direct, id, port
  rm -f relay_addr.json
  keep_events relay.out
  "$relay" "$@" > relay.out 2> relay.err < /dev/null &
  relay_pid=$!
  pids+=("$relay_pid")
  for _ in $(seq 200); do [ -s relay_addr.json ] && grep -q . relay.out && break; kill -0 "$relay_pid" 2>/dev/null || break; sleep 0.05; done
  addr=$(sed -n 's/.*"addr": "\([^"]*\)", "peer.*/\1/p' relay_addr.json)
  direct=$(sed -n 's/.*"direct_addr": "\([^"]*\)".*/\1/p' relay_addr.json)
  id=$(sed -n 's/.*"peer_id": "\([^"]*\)".*/\1/p' relay_addr.json)
  port=$(echo "$addr" | cut -d/ -f5)
}
stop_relay() { kill -TERM "$relay_pid"; wait "$relay_pid"; }
status() { keep_events status.out; timeout 10 "$relay" --status --json > status.out 2> status.err; }
counter() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" status.out; }

start_peer() { # NAME ARGUMENTS: a peer that goes on until its input ends; sets peer_pid
  local name=$1
  shift
  keep_events "$name.out"
  "$peer" "$@" > "$name.out" 2> "$name.err" < idle &
  peer_pid=$!
  pids+=("$peer_pid")
}

# ---- command lines -------------------------------------------------------------------------------------------------------------
someone=12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN
expect "help" 0 "Usage: webrtc-p2p-relay" "$relay" --help
expect "unknown option" 2 "unknown option '--nope'" "$relay" --nope
expect "port and listen" 2 "exclude each other" "$relay" -p 1 --listen /ip4/127.0.0.1/tcp/0
expect "an address without --status" 2 "goes with --status" "$relay" /ip4/127.0.0.1/tcp/9091
expect "bad number" 2 "whole number" "$relay" --max-circuits -1
expect "allow nobody's id" 2 "'nobody' is no peer id" "$relay" -p 0 --allow nobody
expect "deny nobody's id" 2 "'nobody' is no peer id" "$relay" -p 0 --deny nobody
expect "listen on nonsense" 2 "for example /ip4/0.0.0.0/tcp/9091" "$relay" --listen /ip4/127.0.0.1/udp/1
expect "listen on a peer's address" 2 "for example" "$relay" --listen "/ip4/127.0.0.1/tcp/0/p2p/$someone"
expect "unwritable address file" 1 "cannot write" "$relay" -p 0 --addr-file /nonexistent/dir/a.json
expect "status without a relay" 2 "relay_addr.json does not exist" "$relay" --status
expect "status of nobody" 3 "Connection refused" "$relay" --status "/ip4/127.0.0.1/tcp/9/p2p/$someone"
expect "status of a bad address" 2 "looks like" "$relay" --status /ip4/127.0.0.1
[ ! -e relay_addr.json ] && pass || fail "a relay that did not start left its file"

# ---- addresses -------------------------------------------------------------------------------------------------------------------
start_relay -p 0 --json
case $addr in /ip4/127.0.0.1/tcp/*/p2p/12D3Koo*) pass ;; *) fail "address file: $addr" ;; esac
[ "$direct" != "" ] && [ "$(echo "$direct" | cut -d/ -f4-6)" = "udp/$port/webrtc-direct" ] && pass || fail "the same number on UDP: $direct"
grep -q "\"pid\": $relay_pid" relay_addr.json && pass || fail "pid"
grep -q "\"event\":\"listening\",\"addr\":\"$addr\"" relay.out && grep -q "\"event\":\"listening\",\"addr\":\"$direct\"" relay.out && pass || fail "listening events"
"$jsonl" event addr < relay.out > rows && pass || fail "stdout is not JSON"
expect "port in use" 1 "cannot bind tcp.*in use" "$relay" -p "$port" --addr-file other.json
expect "TCP port in use" 1 "cannot bind tcp.*in use" "$relay" --listen "/ip4/127.0.0.1/tcp/$port" --addr-file other.json
expect "UDP port in use" 1 "cannot bind udp.*in use" "$relay" --listen "/ip4/127.0.0.1/udp/$port/webrtc-direct" --addr-file other.json
[ ! -e other.json ] && pass || fail "an address file of a relay that did not start"

# ---- status ----------------------------------------------------------------------------------------------------------------------
expect "status from the file" 0 '^\{"event":"status","reservations":0,"circuits":0,"circuits_total":0,"bytes":0,"bytes_a_to_b":0,"bytes_b_to_a":0,"refused":\{\},"t_ms":' "$relay" --status --json
expect "status over TCP" 0 "Reservations: 0" "$relay" --status "$addr"
expect "status over webrtc-direct" 0 "Reservations: 0" "$relay" --status "$direct"
expect "status of another relay" 4 "noise: peer id" "$relay" --status "${addr%/p2p/*}/p2p/$someone"
outside=$(sed -n 's/.*"addr":"\(\/ip4\/[0-9.]*\/tcp\/[^"]*\)".*/\1/p' relay.out | grep -v /ip4/127. | head -n 1)
if [ -n "$outside" ]; then
  expect "status by an outside address" 6 "on its own machine alone" "$relay" --status "$outside"
fi
"$server" -p 0 > server.out 2> server.err < /dev/null &
pids+=("$!")
await "the other server" "Listening" server.out
expect "status of a server that is no relay" 6 "does not tell its status" "$relay" --status "$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' webrtc_direct_addr.json)"

# ---- STUN on the UDP port ------------------------------------------------------------------------------------------------------------
"$stun_ask" "$port" plain > out 2>&1 && pass || fail "STUN: the address is not told: $(cat out)"
"$stun_ask" "$port" flood > out 2>&1 && pass || fail "STUN: more than ten answers a second: $(cat out)"
"$stun_ask" "$port" odd > out 2>&1 && pass || fail "STUN: an answer that should not be: $(cat out)"

# ---- reservations and circuits -----------------------------------------------------------------------------------------------------------
start_peer alice -m listen --json --echo --addr-file alice.json
alice_pid=$peer_pid
await "a reservation" '"event":"reserved"' alice.out
alice=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' alice.json)
status
[ "$(counter reservations)" = 1 ] && pass || fail "one reservation: $(cat status.out)"
expect "a relayed chat" 0 '"text":"hello"' "$peer" -m dial --relay-only --json --send hello "$alice"
status
[ "$(counter circuits_total)" = 1 ] && [ "$(counter circuits)" = 0 ] && pass || fail "one circuit, over: $(cat status.out)"
[ "$(counter bytes)" = $(($(counter bytes_a_to_b) + $(counter bytes_b_to_a))) ] && [ "$(counter bytes_a_to_b)" -gt 0 ] && pass || fail "bytes: $(cat status.out)"
circuit='"event":"circuit","from":"12D3Koo[A-Za-z0-9]*","to":"12D3Koo[A-Za-z0-9]*","state"'
await "the relay tells a reservation" '"event":"reservation","peer":"12D3Koo[A-Za-z0-9]*","state":"made","expires":1[0-9]{9}' relay.out
await "and a circuit" "$circuit:\"opened\"" relay.out
await "and how it ended" "$circuit:\"closed\",\"bytes\":$(counter bytes),\"bytes_a_to_b\":$(counter bytes_a_to_b),\"bytes_b_to_a\":$(counter bytes_b_to_a),\"reason\":\"both sides ended it\"" relay.out
before=$(counter bytes)
expect "a direct chat" 0 '"path":"direct"' "$peer" -m dial --json --send "$(printf '%04000d' 7)" "$alice"
status
[ $(($(counter bytes) - before)) -lt 12000 ] && pass || fail "the chat crossed the relay: $before, then $(cat status.out)"
expect "nobody has reserved" 3 "has no reservation on the relay" "$peer" -m dial --json --timeout 10 "$addr/p2p-circuit/webrtc/p2p/$someone"
status
grep -q '"refused":{"NO_RESERVATION":[1-9]' status.out && pass || fail "refusals are counted: $(cat status.out)"
await "a refusal is told" "\"event\":\"refused\",\"peer\":\"12D3Koo[A-Za-z0-9]*\",\"to\":\"$someone\",\"status\":\"NO_RESERVATION\"" relay.out

# the reservation ends with its connection, also when Alice is killed
kill -KILL "$alice_pid"
for _ in $(seq 100); do status; [ "$(counter reservations)" = 0 ] && break; sleep 0.05; done
[ "$(counter reservations)" = 0 ] && pass || fail "the reservation of a killed peer: $(cat status.out)"
await "its end is told" '"event":"reservation","peer":"12D3Koo[A-Za-z0-9]*","state":"ended","reason":"its connection ended"' relay.out

# ---- leaving -------------------------------------------------------------------------------------------------------------------------------
start_peer alice -m listen --json --relay "$addr" --addr-file alice.json
await "Alice is back" '"event":"reserved"' alice.out
start_peer carol -m listen --json --relay "$direct" --addr-file carol.json
await "Carol over webrtc-direct" '"event":"reserved"' carol.out
start=$SECONDS
stop_relay
[ $? -eq 0 ] && pass || fail "relay on SIGTERM"
[ $((SECONDS - start)) -le 3 ] && pass || fail "it took $((SECONDS - start)) s to leave"
await "Alice is told" '"event":"error".*the peer closed the session' alice.out
await "Carol is told" '"event":"error".*the peer closed the connection' carol.out
[ $((SECONDS - start)) -le 3 ] && pass || fail "peers were told after $((SECONDS - start)) s"
[ ! -e relay_addr.json ] && pass || fail "address file removed"

# ---- limits ----------------------------------------------------------------------------------------------------------------------------------
start_relay -p 0 --json --verbose --max-reservations 1 --max-circuits 1 --circuit-bytes 20000
start_peer dora -m listen --json --echo --relay "$addr" --addr-file dora.json
await "the only slot" '"event":"reserved"' dora.out
dora=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' dora.json)
expect "no slot is left" 3 "it has too many" "$peer" -m listen --json --timeout 10 --relay "$addr" --addr-file e.json
start_peer frank -m dial --relay-only --json "$dora"
await "the only circuit" '"path":"relayed"' frank.out
frank_pid=$peer_pid
expect "no circuit is left" 3 "too many circuits" "$peer" -m dial --relay-only --json --timeout 10 "$dora"
kill -TERM "$frank_pid"
for _ in $(seq 100); do status; [ "$(counter circuits)" = 0 ] && break; sleep 0.05; done
[ "$(counter circuits)" = 0 ] && pass || fail "the circuit of a peer that left: $(cat status.out)"
long=$(printf '%04000d' 7)
timeout 20 "$peer" -m dial --relay-only --json --send "$long" --send "$long" --send "$long" --send "$long" --send "$long" --send "$long" "$dora" > out 2> err < /dev/null
[ $? -ne 0 ] && pass || fail "more than the data limit went through"
await "the relay tells why" "$circuit:\"closed\",.*\"reason\":\"data limit\"" relay.out
stop_relay
[ $? -eq 0 ] && pass || fail "relay with limits on SIGTERM"

# one source has so many connections, whatever their transport and identity; when one goes there is room again
start_relay -p 0 --json --verbose --max-connections-per-ip 2
start_peer first -m listen --json --relay "$addr" --addr-file first.json
await "the first connection of this address" '"event":"reserved"' first.out
first_pid=$peer_pid
start_peer second -m listen --json --relay "$direct" --addr-file second.json
await "and the second" '"event":"reserved"' second.out
expect "no third over TCP" 3 "the peer ended|reset" "$peer" -m listen --json --timeout 10 --relay "$addr" --addr-file third.json
await "the relay says why" "Refused 127.0.0.1:[0-9]*: tcp: accept: this source has its connections already" relay.err
expect "no third over webrtc-direct" 3 "the peer closed the connection" "$peer" -m listen --json --timeout 10 --relay "$direct" --addr-file third.json
kill -TERM "$first_pid"
await "the first goes" '"event":"reservation".*"state":"ended"' relay.out
start_peer third -m listen --json --relay "$addr" --addr-file third.json
await "there is room again" '"event":"reserved"' third.out
stop_relay

# ---- who may -----------------------------------------------------------------------------------------------------------------------------------
"$peer" --help > /dev/null
start_relay -p 0 --json
start_peer grace -m listen --json --echo --key-file grace.key --relay "$addr" --addr-file grace.json
await "Grace" '"event":"reserved"' grace.out
grace=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' grace.json)
grace_id=${grace##*/p2p/}
stop_relay
start_relay -p 0 --json --deny "$grace_id"
expect "denied" 3 "does not serve this peer" "$peer" -m listen --json --timeout 10 --key-file grace.key --relay "$addr" --addr-file h.json
stop_relay
start_relay -p 0 --json --allow "$grace_id"
expect "not allowed" 3 "does not serve this peer" "$peer" -m listen --json --timeout 10 --relay "$addr" --addr-file h.json
start_peer ivan -m listen --json --key-file grace.key --relay "$addr" --addr-file i.json
await "allowed" '"event":"reserved"' ivan.out
stop_relay

# ---- IPv6, --listen, a key file, --no-stun --------------------------------------------------------------------------------------------------------
start_relay --listen /ip6/::1/tcp/0 --listen /ip6/::1/udp/0/webrtc-direct --key-file relay.key --no-stun --json
case $addr in /ip6/::1/tcp/*) pass ;; *) fail "IPv6 address: $addr" ;; esac
expect "status over IPv6" 0 "Reservations: 0" "$relay" --status "$addr"
expect "status over IPv6 and webrtc-direct" 0 "Reservations: 0" "$relay" --status "$direct"
first=$id
stop_relay
start_relay --listen /ip4/127.0.0.1/udp/0/webrtc-direct --key-file relay.key --no-stun --json
[ -n "$first" ] && [ "$first" = "$id" ] && pass || fail "same key, same peer id"
[ "$addr" = "$direct" ] && pass || fail "without TCP the webrtc-direct address is the address: $addr"
"$stun_ask" "$port" none > out 2>&1 && pass || fail "--no-stun: $(cat out)"
stop_relay

# ---- connections that mean no good ---------------------------------------------------------------------------------------------------------------------
rss() { awk '/^VmRSS/ {print $2}' "/proc/$relay_pid/status"; }
descriptors() { ls "/proc/$relay_pid/fd" | wc -l; }
settle() { for _ in $(seq 200); do [ "$(descriptors)" -le "$1" ] && break; sleep 0.05; done; }
ticks() { awk '{print $14 + $15}' "/proc/$relay_pid/stat"; }
start_relay -p 0 --json
descriptors_before=$(descriptors)
rss_before=$(rss)
mkfifo hold
"$attack" "$port" silent 400 < hold > attack.out 2> attack.err &
attack_pid=$!
pids+=("$attack_pid")
exec 7> hold
await "400 silent connections" holding attack.out
expect "status beside silent connections" 0 "Reservations: 0" "$relay" --status --timeout 5
exec 7>&-
wait "$attack_pid"
timeout 60 "$attack" "$port" garbage 500 > out 2> err && pass || fail "garbage"
timeout 60 "$attack" "$port" cut 500 > out 2> err && pass || fail "cut handshakes"
settle "$descriptors_before"
[ "$(descriptors)" -le "$descriptors_before" ] && pass || fail "$(descriptors) descriptors, $descriptors_before before the attacks"
[ $(($(rss) - rss_before)) -lt 8192 ] && pass || fail "memory grew from $rss_before to $(rss) KiB"
expect "status after the attacks" 0 "Reservations: 0" "$relay" --status
stop_relay
[ $? -eq 0 ] && pass || fail "relay on SIGTERM after the attacks"

# no descriptor is left: it waits for one, does not spin, and goes on
(ulimit -n 48; exec "$relay" -p 0 --json --verbose --addr-file few.json > few.out 2> few.err < /dev/null) &
relay_pid=$!
pids+=("$relay_pid")
await "a relay with few descriptors" "listening" few.out
port=$(sed -n 's/.*"addr": "\([^"]*\)", "peer.*/\1/p' few.json | cut -d/ -f5)
"$attack" "$port" here 60 < hold > attack.out 2> attack.err &
attack_pid=$!
pids+=("$attack_pid")
exec 7> hold
await "60 connections for 48 descriptors" holding attack.out
await "the relay says so" "No new connection can be taken now: Too many open files" few.err
before=$(ticks)
sleep 1
[ $(($(ticks) - before)) -lt 30 ] && pass || fail "the relay spins without descriptors: $(($(ticks) - before)) ticks in a second"
exec 7>&-
wait "$attack_pid"
expect "status when there are descriptors again" 0 "Reservations: 0" "$relay" --status --addr-file few.json
kill -TERM "$relay_pid"
wait "$relay_pid"
[ $? -eq 0 ] && pass || fail "relay with few descriptors on SIGTERM"

# ---- one Yamux session inside channel 0 ---------------------------------------------------------------------------------------------------------------
rm -f webrtc_direct_addr.json
keep_events server.out
"$server" -p 0 --echo --json > server.out 2> server.err < /dev/null &
server_pid=$!
pids+=("$server_pid")
await "a server" "listening" server.out
expect "mux of another name" 2 "channels or yamux" "$client" --mux quic
expect "chat over Yamux" 0 '"mux":"yamux"' "$client" --mux yamux --json --send hello --send "zwei Wörter"
grep -q '"text":"zwei Wörter"' out && pass || fail "the replies over Yamux"
grep -q '"event":"connected".*"mux":"yamux"' server.out && pass || fail "the server sees Yamux: $(cat server.out)"
expect "ping over Yamux" 0 "ping 12D3" "$client" --mux yamux --ping 3
expect "chat over channels" 0 '"mux":"channels"' "$client" --mux channels --json --send hello
grep -q '"event":"connected".*"mux":"channels"' server.out && pass || fail "the server sees channels"
long=$(printf '%04090d' 7)
expect "long lines over Yamux" 0 "." "$client" --mux yamux --json --send "$long" --send "$long" --send "$long"
kill -TERM "$server_pid"
wait "$server_pid"
[ $? -eq 0 ] && pass || fail "server on SIGTERM"

summary_with_events
