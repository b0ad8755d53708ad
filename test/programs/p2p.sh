#!/usr/bin/env bash
# webrtc-p2p-peer as a person or a script meets it: exit codes, error texts, address files, signals at every stage, relays that die, refuse or
# lie. Loopback only; each case is bounded by `timeout`.  Usage: test/programs/p2p.sh [DIR OF THE PROGRAMS], beside which test/jsonl and
# test/hostile_relay are
. "$(dirname "$0")/common.sh"
jsonl=$bin/../test/jsonl
hostile=$bin/../test/hostile_relay
peer=$bin/webrtc-p2p-peer
relay=$bin/webrtc-p2p-relay
show="out err alice.out alice.err"

gone() { ! kill -0 "$1" 2>/dev/null; }
count() { grep -Ec -- "$2" "$1"; }
at_least() { [ "$(count "$1" "$2")" -ge "$3" ]; }

start_relay() { # arguments; sets relay_pid; relay_addr.json
  rm -f relay_addr.json
  keep_events relay.out
  "$relay" --json --key-file relay.key "$@" > relay.out 2> relay.err < /dev/null &
  relay_pid=$!
  pids+=("$relay_pid")
  within 10 test -s relay_addr.json
  relay_addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' relay_addr.json)
  relay_direct=$(sed -n 's/.*"direct_addr": "\([^"]*\)".*/\1/p' relay_addr.json)
  relay_port=$(echo "$relay_addr" | cut -d/ -f5)
}
stop() { kill -TERM "$1" 2>/dev/null; wait "$1"; }

start_alice() { # arguments; sets alice_pid, alice_addr, alice_id
  rm -f alice_webrtc_addr.json
  keep_events alice.out
  "$peer" -m listen --json --echo "$@" > alice.out 2> alice.err < /dev/null &
  alice_pid=$!
  pids+=("$alice_pid")
  within 10 test -s alice_webrtc_addr.json
  alice_addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' alice_webrtc_addr.json)
  alice_id=${alice_addr##*/p2p/}
}

# ---- command lines, addresses and files ----------------------------------------------------------------------------------------------
other=12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN
down=/ip4/127.0.0.1/tcp/9/p2p/$other
expect "help" 0 "Usage: webrtc-p2p-peer" "$peer" --help
expect "no mode" 2 "--mode listen, or --mode dial" "$peer"
expect "unknown mode" 2 "--mode listen, or --mode dial" "$peer" -m both
expect "listen with an address" 2 "listen takes no address" "$peer" -m listen "$down"
expect "listen with --send" 2 "--send is for dialing" "$peer" -m listen --send x
expect "listen with --relay-only" 2 "are for dialing" "$peer" -m listen --relay-only
expect "relay only without fallback" 2 "exclude each other" "$peer" -m dial --relay-only --no-fallback
expect "echo and send" 2 "exclude each other" "$peer" -m dial --echo --send x
expect "bad --stun" 2 "--stun takes" "$peer" -m dial --stun example
expect "bad --bind" 2 "--bind takes" "$peer" -m dial --bind nosuch0
expect "bad --candidates" 2 "--candidates takes" "$peer" -m dial --candidates host,relay
expect "bad --ports" 2 "--ports takes" "$peer" -m dial --ports 5-4
expect "a line too long to send" 2 "1 to 4096" "$peer" -m dial --send "$(printf '%4097s' x)"
expect "no relay file" 2 "relay_addr.json does not exist" "$peer" -m listen
printf '{"addr": "%s", "peer_id": "x", "pid": 999999999}' "$down" > stale.json
expect "stale relay file" 2 "gone: ignored" "$peer" -m listen --relay-file stale.json
printf 'not json' > broken.json
expect "broken relay file" 2 "not an address file" "$peer" -m listen --relay-file broken.json
expect "relay without its peer id" 2 'add "/p2p/<peer id>"' "$peer" -m listen --relay /ip4/127.0.0.1/tcp/9
expect "relay by name" 2 "names are not looked up" "$peer" -m listen --relay "/dns4/localhost/tcp/9/p2p/$other"
expect "relay over quic" 2 "a relay is reached over" "$peer" -m listen --relay "/ip4/127.0.0.1/udp/9/quic-v1/p2p/$other"
expect "webrtc-direct without certhash" 2 'certhash' "$peer" -m listen --relay "/ip4/127.0.0.1/udp/9/webrtc-direct/p2p/$other"
expect "no circuit in the address" 2 "names no circuit" "$peer" -m dial "$down"
expect "nobody in the address" 2 'add "/p2p/<peer id>"' "$peer" -m dial "$down/p2p-circuit/webrtc"
expect "too much in the address" 2 "nothing may follow" "$peer" -m dial "$down/p2p-circuit/webrtc/p2p/$other/tcp/1"
expect "address without a relay, and none given" 2 "relay_addr.json does not exist" "$peer" -m dial "/webrtc/p2p/$other"
expect "no file of Alice's" 2 "did not appear" "$peer" -m dial --timeout 1
expect "stale file of Alice's" 2 "was left by a peer that is gone" "$peer" -m dial --timeout 1 --addr-file stale.json
expect "relay down, listen" 3 "Connection refused" "$peer" -m listen --relay "$down"
expect "relay down, dial" 3 "Connection refused" "$peer" -m dial "$down/p2p-circuit/webrtc/p2p/$other"
hash=uEiAtEyUBqT_LXxzKUE0q5eyv35ULRE3eEQhOMg9Gd6tw0w
silent=/ip4/127.0.0.1/udp/9/webrtc-direct/certhash/$hash/p2p
expect "TCP refused, UDP silent: the first is told, and soon" 3 "no reservation at $down: .*Connection refused" timeout 8 "$peer" -m listen --relay "$down" --relay "$silent/$other"
expect "the other way round" 3 "no reservation at $down: .*Connection refused" timeout 8 "$peer" -m listen --relay "$silent/$other" --relay "$down"
expect "and when dialling" 3 "Connection refused" timeout 8 "$peer" -m dial --relay "$silent/$other" --relay "$down" "/webrtc/p2p/$other"

# ---- chats -----------------------------------------------------------------------------------------------------------------------------
start_relay -p 0
start_alice --bind 127.0.0.1
case $alice_addr in "$relay_addr"/p2p-circuit/webrtc/p2p/12D3KooW*) pass ;; *) fail "address file: $alice_addr" ;; esac
check "reserved and listening" has alice.out '"event":"reserved".*"expires":[0-9]+'
listens() { sed -n 's/.*"event":"listening".*"addr":"\([^"]*\)".*/\1/p' "$1"; } # FILE: the addresses, in order
via() { echo "$1/p2p-circuit/webrtc/p2p/$alice_id"; }                         # RELAY: where Alice is through it
check "the first address is the relay's over TCP" test "$(listens alice.out | head -n 1)" = "$(via "$relay_addr")"
check "the second is its webrtc-direct one" test "$(listens alice.out | sed -n 2p)" = "$(via "$relay_direct")"
check "none is told twice" test -z "$(listens alice.out | sort | uniq -d)"
expect "dialling the second" 0 '"path":"direct"' "$peer" -m dial --json --bind 127.0.0.1 --send hello "$(listens alice.out | sed -n 2p)"
expect "chat from the file" 0 "." "$peer" -m dial --json --bind 127.0.0.1 --send hello --send "zwei Wörter"
"$jsonl" event path text step < out > rows && pass || fail "stdout is not one JSON object per line with t_ms"
check "both replies" test "$(grep -c '^message' rows)" -eq 2
check "the path is direct" has out '"event":"path".*"path":"direct","local":"127.0.0.1:[0-9]+","remote":"127.0.0.1:[0-9]+"'
check "selected, with types" has out '"event":"selected".*"local_type":"host","remote_type":"host"'
cut -f 1 rows | uniq | grep -vE 'connecting|disconnected' | tr '\n' ' ' > order
check "the order of the events" grep -q '^circuit connected signaling candidate signaling candidate selected signaling connected path message' order
check "Alice saw it" has alice.out '"event":"path".*"direct"'
check "Alice's lines are JSON" sh -c "'$jsonl' event < alice.out > /dev/null"
expect "relayed" 0 '"path":"relayed"' "$peer" -m dial --json --relay-only --send hello
check "nothing but relayed" sh -c '! grep -q signaling out'
expect "the part behind the relay" 0 "hello" "$peer" -m dial --bind 127.0.0.1 --relay "$relay_addr" --send hello "/p2p-circuit/webrtc/p2p/$alice_id"
expect "the relay from its file" 0 "hello" "$peer" -m dial --bind 127.0.0.1 --send hello "/webrtc/p2p/$alice_id"
expect "over webrtc-direct to the relay" 0 '"path":"direct"' "$peer" -m dial --json --bind 127.0.0.1 --send hello "$relay_direct/p2p-circuit/webrtc/p2p/$alice_id"
expect "a relay that is down, then one that is not" 0 "hello" "$peer" -m dial --bind 127.0.0.1 --relay "$down" --relay "$relay_addr" --send hello "/webrtc/p2p/$alice_id"
expect "one address that is down, then one of the same relay that is not" 0 "hello" "$peer" -m dial --bind 127.0.0.1 --relay "/ip4/127.0.0.1/tcp/9/p2p/${relay_addr##*/}" --relay "$relay_addr" --send hello "/webrtc/p2p/$alice_id"
expect "one that is silent, then one of the same relay that is not" 0 "hello" timeout 8 "$peer" -m dial --bind 127.0.0.1 --relay "$silent/${relay_addr##*/}" --relay "$relay_addr" --send hello "/webrtc/p2p/$alice_id"
lie=${relay_addr%/p2p/*}/p2p/$other # where somebody else answers
expect "an identity refused, then a port" 4 "peer id: no reservation at $lie: " "$peer" -m listen --addr-file none.json --relay "$lie" --relay "$down"
expect "a port, then an identity" 4 "peer id: no reservation at $lie: " "$peer" -m listen --addr-file none.json --relay "$down" --relay "$lie"
expect "the same when dialling" 4 "peer id" "$peer" -m dial --relay "$lie" --relay "$down" --send x "/webrtc/p2p/$alice_id"
expect "a line as long as may be" 0 "." "$peer" -m dial --bind 127.0.0.1 --json --send "$(head -c 4096 /dev/zero | tr '\0' x)"
check "it came back whole" has out '"event":"data".*"bytes":4096'
expect "from an interface" 0 '"event":"path".*"path":"direct","local":"127.0.0.1' "$peer" -m dial --json --bind lo --send x
expect "from a range of ports" 0 '"local":"127.0.0.1:4[01][0-9]{3}"' "$peer" -m dial --json --bind 127.0.0.1 --ports 40000-41999 --send x
expect "host candidates alone" 0 '"local_type":"host","remote_type":"host"' "$peer" -m dial --json --bind 127.0.0.1 --candidates host --send x
expect "none of the kinds there are" 0 '"event":"fallback"' "$peer" -m dial --json --bind 127.0.0.1 --candidates srflx --stun none --ice-timeout 1 --send x
check "none was told" sh -c '! grep -q "\"side\":\"local\"" out'
expect "no path, and no fallback" 5 "no direct path" "$peer" -m dial --bind ::1 --no-fallback --ice-timeout 1 --stun none --send x
expect "no path: the relay carries it" 0 '"event":"fallback".*"again_s":5' "$peer" -m dial --json --bind ::1 --ice-timeout 1 --stun none --send x
expect "a STUN server that is silent is named" 0 "STUN: no answer from 127.0.0.1:9 " "$peer" -m dial --verbose --bind 127.0.0.1 --candidates srflx --stun 127.0.0.1:9 --ice-timeout 1 --send x
expect "the relay is the STUN server" 0 "STUN: asking 127.0.0.1:$relay_port" "$peer" -m dial --verbose --bind 127.0.0.1 --candidates srflx --ice-timeout 1 --send x
check "and it answers" sh -c '! grep -q "no answer" err'
expect "the relay is not the one of the address" 4 "peer id" "$peer" -m dial "${relay_addr%/p2p/*}/p2p/$other/p2p-circuit/webrtc/p2p/$alice_id"
expect "nobody of that name" 3 "no reservation" "$peer" -m dial --json "$relay_addr/p2p-circuit/webrtc/p2p/$other"
check "who was never connected is not disconnected" sh -c '! grep -q "\"disconnected\"" out'

printf 'one\n  two  \n\n%s\nquit\nafter\n' "$(head -c 10000 /dev/zero | tr '\0' y)" | timeout 20 "$peer" -m dial --bind 127.0.0.1 > out 2> err
check "interactive: quit leaves" test $? -eq 0
check "lines are stripped, empty ones are none" sh -c 'grep -q "\"text\":\"one\"" alice.out && grep -q "\"text\":\"two\"" alice.out && ! grep -q "\"text\":\"\"" alice.out'
check "nothing after quit" sh -c '! grep -q "\"text\":\"after\"" alice.out'
check "a line of 10,000 bytes, in parts" test "$(sed -n 's/.*"event":"data".*"bytes":\([0-9]*\).*/\1/p' alice.out | tail -n +2 | awk '{n += $1} END {print n}')" -eq 10000
printf 'last\n' | timeout 20 "$peer" -m dial --bind 127.0.0.1 > out 2> err
check "interactive: end of input leaves" test $? -eq 0
check "after the last line" has alice.out '"text":"last"'

# several at once
# ten, and the relay holds four circuits of one peer: the others wait for theirs
for i in $(seq 10); do
  timeout 60 "$peer" -m dial --json --bind 127.0.0.1 --send "a$i" --send "b$i" --send "c$i" > "many$i.out" 2> "many$i.err" < /dev/null &
  many[i]=$!
done
for i in $(seq 10); do
  wait "${many[i]}" && [ "$(grep -c '"event":"message"' "many$i.out")" -eq 3 ] && pass || fail "one of ten at once: $(tail -n 1 "many$i.out")"
done

# ---- leaving at every stage ---------------------------------------------------------------------------------------------------------------
mkfifo bob.in bob.pipe alice.pipe
exec 9<> bob.in
met() { count alice.out '"dir":"in","local".*"mux":"yamux"'; }

# Bob dials and says a line; at the first event like STAGE he gets SIGINT. If Alice had met him, she says within 2 s that he left.
for stage in '"connecting"' '"circuit"' '"path":"relayed","dir":"out"' 'offer.sent' '"side":"local"' 'answer.received' '"selected"' 'path.found' \
  'certificate.verified' 'association.up' '"event":"path"' '"event":"message"'; do
  before=$(count alice.out '"event":"disconnected"')
  before_met=$(met)
  "$peer" -m dial --json --bind 127.0.0.1 > bob.pipe 2> err < bob.in &
  bob=$!
  pids+=("$bob")
  [ "$stage" = '"event":"message"' ] && echo line >&9
  while read -r line; do
    echo "$line" >> bob.out
    echo "$line" | grep -Eq -- "$stage" && kill -INT "$bob" 2> /dev/null
  done < bob.pipe
  wait "$bob"
  code=$?
  [ "$code" -eq 130 ] && pass || fail "Bob, SIGINT at $stage: exit $code"
  within 2 at_least alice.out '"event":"disconnected"' $((before + $(met) - before_met)) && pass || fail "Alice did not say that Bob left at $stage"
done
expect "Alice serves after all that" 0 "still" "$peer" -m dial --bind 127.0.0.1 --send still
stop "$alice_pid"

# The same with Alice: no file is left, and a Bob whom she had met ends within 2 s, and not well.
for stage in '"connecting"' '"reserved"' '"circuit"' 'offer.received' '"selected"' 'certificate.verified' '"event":"path"' '"event":"message"'; do
  "$peer" -m listen --json --echo --bind 127.0.0.1 > alice.pipe 2> alice.err < /dev/null &
  alice_pid=$!
  pids+=("$alice_pid")
  bob=
  keep_events alice.out
  : > alice.out
  while read -r line; do
    echo "$line" >> alice.out
    if [ -z "$bob" ] && echo "$line" | grep -q '"listening"'; then
      keep_events out
      "$peer" -m dial --json --bind 127.0.0.1 --timeout 4 "$(echo "$line" | sed 's/.*"addr":"\([^"]*\)".*/\1/')" > out 2> err < bob.in &
      bob=$!
      [ "$stage" = '"event":"message"' ] && echo line >&9
    fi
    echo "$line" | grep -Eq -- "$stage" && kill -INT "$alice_pid" 2> /dev/null
  done < alice.pipe
  wait "$alice_pid"
  code=$?
  [ "$code" -eq 0 ] && pass || fail "Alice, SIGINT at $stage: exit $code"
  [ ! -e alice_webrtc_addr.json ] && pass || fail "Alice, SIGINT at $stage: her address file is still there"
  [ -n "$bob" ] || continue
  if [ "$(met)" -gt 0 ]; then within 2 gone "$bob" && pass || fail "Bob did not end within 2 s of Alice's SIGINT at $stage"; fi
  wait "$bob" && fail "Bob ended well, and Alice left at $stage" || pass
done

start_alice --bind 127.0.0.1
keep_events out
"$peer" -m dial --json --bind 127.0.0.1 > out 2> err < bob.in &
bob=$!
pids+=("$bob")
within 10 has out '"event":"path"'
kill -INT "$bob" "$alice_pid"
wait "$bob"
code=$? # 6: Alice's goodbye came before his own signal
check "both at once: Bob" test "$code" -eq 130 -o "$code" -eq 6
wait "$alice_pid"
check "both at once: Alice" test $? -eq 0
check "no file is left" test ! -e alice_webrtc_addr.json

expect "a listener at the end of its input leaves" 0 "End of input: leaving" "$peer" -m listen --bind 127.0.0.1

# ---- a relay with several addresses: one connection, one reservation ---------------------------------------------------------------------
down_too=/ip4/127.0.0.1/tcp/9/p2p/${relay_addr##*/}
connections() { count relay.out '"event":"connected"'; }
before=$(connections)
start_alice --bind 127.0.0.1 --relay "$relay_addr" --relay "$relay_direct" --relay "$relay_addr"
check "TCP, then webrtc-direct: both are told" test "$(listens alice.out | head -n 2)" = "$(via "$relay_addr")"$'\n'"$(via "$relay_direct")"
check "one reservation" sh -c "'$relay' --status --json | grep -q '\"reservations\":1,'"
check "one connection, beside that of --status" test "$(connections)" -eq $((before + 2))
check "and no error" sh -c '! grep -q "\"event\":\"error\"" alice.out'
stop "$alice_pid"
start_alice --bind 127.0.0.1 --relay "$relay_direct" --relay "$relay_addr"
check "webrtc-direct, then TCP: in that order" test "$(listens alice.out | head -n 2)" = "$(via "$relay_direct")"$'\n'"$(via "$relay_addr")"
check "the file holds the first" test "$alice_addr" = "$(via "$relay_direct")"
stop "$alice_pid"
start_alice --bind 127.0.0.1 --relay "$relay_addr"
check "what the relay tells with the reservation" test "$(listens alice.out | grep -cF -e "$relay_direct")" -eq 1
check "not where nobody is" sh -c '! grep -q "/ip4/0.0.0.0/" alice.out'
stop "$alice_pid"
for works in "$relay_addr" "$relay_direct"; do
  start_alice --bind 127.0.0.1 --relay "$down_too" --relay "$works"
  check "an address that is down: the next is dialled, and told first" test "$alice_addr" = "$(via "$works")"
  expect "Bob dials it" 0 "hello" "$peer" -m dial --bind 127.0.0.1 --send hello
  stop "$alice_pid"
done
expect "all its addresses are down" 3 "Connection refused" "$peer" -m listen --relay "$down_too" --relay "/ip4/127.0.0.1/tcp/7/p2p/${relay_addr##*/}"

# ---- Alice and her relay go -----------------------------------------------------------------------------------------------------------------
start_alice --bind 127.0.0.1
cp alice_webrtc_addr.json kept.json
kill -KILL "$alice_pid"
wait "$alice_pid" 2>/dev/null
within 5 sh -c "'$relay' --status --json | grep -q '\"reservations\":0'"
expect "Alice is gone" 3 "no reservation" "$peer" -m dial "$alice_addr"
expect "Alice is gone, from her file" 2 "gone" "$peer" -m dial --timeout 1 --addr-file kept.json
rm -f alice_webrtc_addr.json

# killed, not told: the direct path goes on, Alice reserves again when the relay is back
start_alice --bind 127.0.0.1
keep_events out
"$peer" -m dial --json --bind 127.0.0.1 > out 2> err < bob.in &
bob=$!
pids+=("$bob")
within 10 has out '"event":"path".*"direct"'
kill -KILL "$relay_pid"
wait "$relay_pid" 2>/dev/null
echo "without the relay" >&9
check "the direct path goes on without the relay" within 5 has out '"text":"without the relay"'
within 5 has alice.out '"event":"error".*no reservation'
start_relay -p "$relay_port"
check "Alice reserves again" within 20 at_least alice.out '"event":"reserved"' 2
echo "with the relay" >&9
check "and the chat never ended" within 5 has out '"text":"with the relay"'
check "nor was the path lost" sh -c '! grep -q "\"event\":\"lost\"" out alice.out'
echo quit >&9
wait "$bob"
check "Bob leaves" test $? -eq 0

# relayed, the relay's death is heard of, and survived
keep_events out
"$peer" -m dial --json --relay-only > out 2> err < bob.in &
bob=$!
pids+=("$bob")
within 10 has out '"event":"path".*"relayed"'
kill -KILL "$relay_pid"
wait "$relay_pid" 2>/dev/null
check "Bob hears that the relayed path is lost" within 2 has out '"event":"lost"'
check "Alice too" within 2 has alice.out '"event":"lost"'
echo "typed meanwhile" >&9
start_relay -p "$relay_port"
check "the chat goes on when the relay is back" within 40 has out '"text":"typed meanwhile"'
echo quit >&9
wait "$bob"
check "Bob leaves that too" test $? -eq 0
stop "$alice_pid"
stop "$relay_pid"

# the default STUN server is the relay's UDP port where an address of it names one, else the number of its TCP port
both_port=$relay_port
start_relay --listen /ip4/127.0.0.1/tcp/0 --listen /ip4/127.0.0.1/udp/0/webrtc-direct
start_alice --bind 127.0.0.1 --verbose
udp_port=$(echo "$relay_direct" | cut -d/ -f5)
check "TCP and UDP have numbers of their own" test "$udp_port" != "$relay_port"
expect "the dialer knows the TCP address alone" 0 "STUN: asking 127.0.0.1:$relay_port$" "$peer" -m dial --verbose --bind 127.0.0.1 --send x "$alice_addr"
check "the listener was told the webrtc-direct one" has alice.err "STUN: asking 127.0.0.1:$udp_port$"
check "and asks nobody else" sh -c "! grep 'STUN: asking' alice.err | grep -qv ':$udp_port$'"
expect "both addresses" 0 "STUN: asking 127.0.0.1:$udp_port$" "$peer" -m dial --verbose --bind 127.0.0.1 --relay "$relay_addr" --relay "$relay_direct" --send x "/webrtc/p2p/$alice_id"
stop "$alice_pid"
stop "$relay_pid"
relay_port=$both_port

# limits of the circuit: the chat goes on over a new one
start_relay -p "$relay_port" --circuit-bytes 4000
start_alice --bind 127.0.0.1
keep_events out
"$peer" -m dial --json --relay-only > out 2> err < bob.in &
bob=$!
pids+=("$bob")
within 10 has out '"event":"path".*"relayed"'
for _ in 1 2 3; do
  head -c 3000 /dev/zero | tr '\0' z >&9
  echo >&9
done
within 5 has out '"event":"lost"'
check "a circuit that has carried its bytes is dialled anew" within 20 at_least out '"event":"path".*"relayed"' 2
echo "afterwards" >&9
check "and lines go on" within 10 has out '"text":"afterwards"'
echo quit >&9
wait "$bob"
stop "$alice_pid"
stop "$relay_pid"

start_relay -p "$relay_port" --circuit-duration 1
start_alice --bind 127.0.0.1
keep_events out
"$peer" -m dial --json --relay-only > out 2> err < bob.in &
bob=$!
pids+=("$bob")
check "a circuit whose time is over is dialled anew" within 20 at_least out '"event":"path".*"relayed"' 3
echo quit >&9
wait "$bob"
stop "$alice_pid"
stop "$relay_pid"

# ---- relays that refuse or lie -------------------------------------------------------------------------------------------------------------
start_relay -p "$relay_port" --max-reservations 1
start_alice --bind 127.0.0.1
expect "no place left" 3 "refused the reservation" "$peer" -m listen --addr-file second.json
check "no address file without a reservation" test ! -e second.json
stop "$alice_pid"
stop "$relay_pid"

start_hostile() { # MODE; sets relay_addr, alice_id
  rm -f hostile.out
  "$hostile" "$1" > hostile.out 2> hostile.err < /dev/null &
  relay_pid=$!
  pids+=("$relay_pid")
  within 10 test -s hostile.out
  read -r relay_addr alice_id < hostile.out
}
start_hostile forge
expect "a forged voucher" 4 "voucher" "$peer" -m listen --relay "$relay_addr"
check "no address file with it" test ! -e alice_webrtc_addr.json
stop "$relay_pid"
start_hostile garbage
expect "garbage for a reservation" 3 "malformed" "$peer" -m listen --relay "$relay_addr"
expect "garbage for a circuit" 3 "malformed" "$peer" -m dial "$relay_addr/p2p-circuit/webrtc/p2p/$other"
stop "$relay_pid"
start_hostile silent
expect "no answer to a reservation" 3 "did not answer in time" "$peer" -m listen --relay "$relay_addr"
expect "no answer to a circuit" 3 "time for the set-up" "$peer" -m dial --timeout 2 "$relay_addr/p2p-circuit/webrtc/p2p/$other"
stop "$relay_pid"
start_hostile impostor
expect "another peer behind the circuit" 4 "noise: peer id" "$peer" -m dial "$relay_addr/p2p-circuit/webrtc/p2p/$other"
stop "$relay_pid"
start_hostile certificate
expect "a certificate that is not in the description" 4 "dtls: certificate" "$peer" -m dial --bind 127.0.0.1 "$relay_addr/p2p-circuit/webrtc/p2p/$alice_id"
stop "$relay_pid"

summary_with_events
