#!/usr/bin/env bash
# --record: what both ends of one connection wrote down is the same, layer by layer. Loopback only.
# Usage: test/programs/record.sh [DIR OF THE PROGRAMS]
. "$(dirname "$0")/common.sh"
captures=$here/../captures
self=$here/record.sh

start_server() {
  "$bin/webrtc-direct-server" --listen /ip4/127.0.0.1/udp/0/webrtc-direct --addr-file "$1.json" --echo --json --record "$1" > server.out 2> server.err < /dev/null &
  server_pid=$!
  pids+=("$server_pid")
  wait_for "$1.json"
  addr=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' "$1.json")
}
dial() { timeout 20 "$bin/webrtc-direct-client" "$@" "$addr" > client.out 2> client.err < /dev/null; }

# What one side sent in a cut, without times. Loopback loses and reorders nothing, SCTP keeps the order within a stream, and last words may not
# be read any more: what the receiver wrote down is, stream by stream, the beginning of what the sender did.
said() { sed -n "s/^{\"t_us\":[0-9]*,\"from\":\"$2\",/{/p" "$1"; }
same_said() { # CUT BY SENDER RECEIVER
  said "$3/$1.jsonl" "$2" > sent
  said "$4/$1.jsonl" "$2" > received
  [ -s received ] && awk -F '[{,]' '
    { key = $2 ~ /stream/ ? $2 : "" }
    FNR == NR { sent[key, n[key]++] = $0; next }
    sent[key, m[key]++] != $0 { exit 1 }' sent received
}
same_session() { # CLIENT SERVER
  local cut
  for cut in udp stun dtls sctp dcep messages streams; do
    check "$1 $cut of the dialer" same_said $cut dialer "$1" "$2"
    check "$1 $cut of the listener" same_said $cut listener "$2" "$1"
  done
  check "$1 key logs" cmp -s "$1/keylog.txt" "$2/keylog.txt"
  check "$1 key log" grep -Eq '^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$' "$1/keylog.txt"
}
has() { grep -q -- "$2" "$1/session.json"; }
units() { grep -c '"wire"' "$1/$2.jsonl"; }
adds_up() { [ "$(units "$1" udp)" -eq $(($(units "$1" stun) + $(units "$1" dtls))) ]; }

start_server listener
dial --record v1 --send hello --send bye
check "v1: exit code" [ $? -eq 0 ]
dial --record v2 --direct-version 2 --ping 3
check "v2: exit code" [ $? -eq 0 ]
dial --send again
kill -TERM "$server_pid"
wait "$server_pid"
check "the server's exit code" [ $? -eq 0 ]
same_session v1 listener
same_session v2 listener-2
check "a session that only one side recorded" [ -s listener-3/session.json ]
for s in v1 v2 listener listener-2; do
  check "$s: udp is stun and dtls" adds_up $s
  check "$s: reached" has $s '"reached": \["ICE", "DTLS", "SCTP", "NOISE", "READY", "ENDED"\]'
  check "$s: both agents" test "$(grep -c '"implementation": "weft/0.1.0"' $s/session.json)" -eq 1
done
check "v1: version" has v1 '"direct_version": 1'
check "v2: version" has v2 '"direct_version": 2'
check "v1: role" has v1 '"recorded_by": "dialer"'
check "listener: role" has listener '"recorded_by": "listener"'
check "v1: end" has v1 '"who": "self"'
check "listener: end" has listener '"who": "peer"'
check "v1: command" has v1 '"--record", "DIR", "--send", "hello"'
check "hello on a stream" grep -q '"wire":"68656c6c6f"' v1/streams.jsonl
check "DCEP OPEN and ACK" [ "$(grep -c '"wire":"03' v1/dcep.jsonl)" -eq "$(grep -c '"wire":"02"' v1/dcep.jsonl)" ]

# what `weft decode` makes of the datagrams and the key log is what the layers saw
decoded() { "$weft" decode "$@" > decoded 2> decode.err; }
nodes() { grep -cE "^ *$1( |\$)" decoded; }
for s in v1 v2 listener listener-2; do
  check "$s: decode" decoded $s/session.pcapng
  check "$s: SCTP packets" [ "$(nodes sctp)" -eq "$(units $s sctp)" ]
  check "$s: STUN messages" [ "$(nodes stun)" -eq "$(units $s stun)" ]
  check "$s: OPEN and ACK" [ $(($(nodes OPEN) + $(nodes ACK))) -eq "$(units $s dcep)" ]
  check "$s: messages" [ "$(nodes message)" -eq $(($(units $s dcep) + $(units $s messages))) ]
  check "$s: frames" [ "$(nodes frame)" -eq "$(units $s streams)" ]
done
check "decode: the text of the chat" eval 'decoded v1/session.pcapng && grep -q "text \"hello\"" decoded'
check "decode: a line of JSON per datagram" eval '"$weft" decode --json v1/session.pcapng > decoded && [ "$(wc -l < decoded)" -eq "$(units v1 udp)" ]'
head -c 3000 v1/session.pcapng > cut.pcapng
check "decode: a capture that was cut off" eval '! decoded cut.pcapng; [ -s decoded ] && grep -q "it was cut off; decoded as far as that" decode.err'
printf 'CLIENT_RANDOM %064d %096d\n' 0 0 > other.txt
cp "$captures/chromium-full.pcap" .
check "decode: a capture without keys" eval 'decoded --keylog other.txt chromium-full.pcap && grep -q "the key log does not hold this session" decoded'
# counted by tshark 4.0: frames, STUN messages, fragments of ClientHello, application data records
check "decode: Chromium, as tshark counts" [ "$(nodes udp) $(nodes stun) $(nodes ClientHello) $(nodes application-data)" = "150 10 4 132" ]
check "decode: Firefox, as tshark counts" eval 'decoded "$captures/firefox-full.pcap"; [ "$(nodes udp) $(nodes stun) $(nodes ClientHello) $(nodes application-data)" = "53 2 4 43" ]'
echo 0300010000000000000000 | "$weft" decode --layer dcep - > decoded
check "decode: exit code of a broken rule" [ "${PIPESTATUS[1]}" -eq 1 ]
check "decode: which rule" grep -q "byte 11: 11 bytes, an OPEN has at least 12 (RFC 8832 section 5.1)" decoded
check "decode: not a capture" eval '"$weft" decode "$self" > decoded 2> decode.err; [ $? -eq 2 ] && grep -q "neither pcap, pcapng nor hex" decode.err'
check "decode: no such file" eval '"$weft" decode nothing-here 2> decode.err; [ $? -eq 2 ] && grep -q "nothing-here" decode.err'
check "decode: half a byte" eval 'echo 000 | "$weft" decode - 2> decode.err; [ $? -eq 2 ] && grep -q "line 1: 3 hex digits" decode.err'

# and what tshark makes of them, with the script that vectors/README.md names
lua=$here/../../vectors/sctp_in_dtls.lua
tshark_count() { # SESSION: SCTP packets, each with its tag
  tshark -X "lua_script:$lua" -r "$1/session.pcapng" -T fields -e sctp.verification_tag 2> tshark.err | tr ',' '\n' | grep -c .
}
tshark_why() {
  command -v tshark > /dev/null || { echo "there is no tshark here"; return 1; }
  tshark -v 2> /dev/null | tr '\n' ' ' | grep -q 'with Lua' || { echo "this tshark has no Lua"; return 1; }
}
if why=$(tshark_why); then
  for s in v1 v2 listener listener-2 "$here"/../../vectors/recorded/*/*; do
    check "tshark: SCTP packets of $s" [ "$(tshark_count "$s")" -eq "$(units "$s" sctp)" ]
  done
else
  echo "left out: SCTP as tshark counts it: $why"
fi

# replay: as recorded it passes; one wrong bit in any cut, a line too few, another end or garbage does not
replay() { "$weft" conform --session "$@" > replayed 2>&1; }
check "replay of four sessions" replay v1 v2 listener listener-2
check "replay: summary" grep -Eq '^4 sessions: [1-9][0-9]+ exact, [0-9]+ decode, [0-9]+ reach; ' replayed
check "replay: of a folder that holds them" eval 'mkdir all && cp -r v1 v2 all && replay all && grep -q "^2 sessions" replayed'
flip() { # the last digit of a line's wire, or of the line before that has one
  awk -v n="$(awk -v n="$2" 'NR <= n && !/"wire":""/ { k = NR } END { print k }' "$1")" 'NR == n { d = substr($0, length($0) - 2, 1); $0 = substr($0, 1, length($0) - 3) (d == "0" ? "1" : "0") "\"}" } { print }' "$1" > flipped && mv flipped "$1"
}
for cut in stun dtls sctp dcep messages streams; do
  n=$(wc -l < v1/$cut.jsonl)
  for line in 1 $((n / 2)) $((n - 2)); do
    rm -rf broken && cp -r v1 broken && flip broken/$cut.jsonl "$line"
    replay broken
    check "replay: one bit of $cut.jsonl:$line" [ $? -eq 1 ]
    check "replay: $cut.jsonl:$line is named" grep -Eq "^broken/.*: fail: .*/replay\." replayed
  done
  rm -rf broken && cp -r v1 broken && sed -i '$d' broken/$cut.jsonl
  check "replay: $cut.jsonl without its end" eval '! replay broken'
done
rm -rf broken && cp -r v1 broken && sed -i 's/"static_key": "./"static_key": "f/; s/"ephemeral_key": "./"ephemeral_key": "e/' broken/session.json
check "replay: other Noise keys" eval '! replay broken && grep -q "Noise handshake is another now" replayed'
rm -rf broken && cp -r v1 broken && sed -i 's/^CLIENT_RANDOM ....../CLIENT_RANDOM 000000/' broken/keylog.txt
check "replay: another key log" eval '! replay broken && grep -q "keylog.txt does not hold" replayed'
rm -rf broken && cp -r v1 broken && echo '{"t_us":1}' >> broken/dcep.jsonl
replay broken
check "replay: a line that is none: exit code" [ $? -eq 2 ]
check "replay: a line that is none: text" grep -q 'broken/dcep.jsonl:[0-9]*: "from" is' replayed
echo nonsense > broken/session.json
replay broken v1
check "replay: not JSON: exit code" [ $? -eq 2 ]
check "replay: the others still run" grep -q "^2 sessions" replayed
check "replay: no session" eval 'replay nothing-here; [ $? -eq 2 ]'

# the first connection of a program that is killed: all but the end is there
start_server killed
mkfifo stdin
"$bin/webrtc-direct-client" --record gone "$addr" > client.out 2> client.err < stdin &
client_pid=$!
pids+=("$client_pid")
exec 9> stdin
wait_for gone/session.json READY
kill -KILL "$client_pid"
wait "$client_pid" 2>/dev/null
exec 9>&-
kill -TERM "$server_pid"
wait "$server_pid"
check "killed: what was reached" has gone '"NOISE", "READY"\]' || { cat gone/session.json client.err; ls; }
check "killed: whole lines" [ "$(wc -l < gone/udp.jsonl)" -eq "$(units gone udp)" ]
check "killed: more than a handshake" [ "$(units gone sctp)" -gt 6 ]
check "killed: the capture is whole" decoded gone/session.pcapng
check "killed: the capture has what udp.jsonl has" [ "$(nodes udp)" -eq "$(units gone udp)" ]
check "killed: and the packets of sctp.jsonl" [ "$(nodes sctp)" -eq "$(units gone sctp)" ]

# two peers behind a relay: their direct connection is the same at both ends; the relay's own, with each of them, are recorded by the relay
"$bin/webrtc-p2p-relay" --listen /ip4/127.0.0.1/tcp/0 --listen /ip4/127.0.0.1/udp/0/webrtc-direct --json --record relay > relay.out 2> relay.err < /dev/null &
relay_pid=$!
pids+=("$relay_pid")
wait_for relay_addr.json
direct=$(sed -n 's/.*"direct_addr": "\([^"]*\)".*/\1/p' relay_addr.json)
"$bin/webrtc-p2p-peer" -m listen --relay "$direct" --bind 127.0.0.1 --echo --json --record alice > alice.out 2> alice.err < /dev/null &
alice_pid=$!
pids+=("$alice_pid")
wait_for alice_webrtc_addr.json
timeout 40 "$bin/webrtc-p2p-peer" -m dial --bind 127.0.0.1 --json --record bob --send hello --send bye > bob.out 2> bob.err < /dev/null
check "Bob: exit code" [ $? -eq 0 ]
kill -TERM "$alice_pid"
wait "$alice_pid"
kill -TERM "$relay_pid"
wait "$relay_pid"
for cut in sctp dcep messages streams; do
  check "private: $cut of Bob" same_said $cut dialer bob alice
  check "private: $cut of Alice" same_said $cut listener alice bob
done
check "private: transport" has bob '"transport": "webrtc",'
check "private: no Noise" has alice '"reached": \["ICE", "DTLS", "SCTP", "READY", "ENDED"\]'
check "private: both agents" has alice '"implementation": "weft/'
check "the relay's connection with Alice" has relay '"transport": "webrtc-direct"'
check "the relay's connection with Alice: a reservation" grep -q "$(printf /libp2p/circuit/relay/0.2.0/hop | od -An -tx1 | tr -d ' \n')" relay/streams.jsonl
check "replay of these" replay bob alice relay

# refused before anything happens
start_server third
dial --record v1 --send x
check "a folder with a session: exit code" [ $? -eq 1 ]
check "a folder with a session: text" grep -q "holds a recorded session already" client.err
dial --record /proc/nothing --send x
check "an impossible folder: exit code" [ $? -eq 1 ]
check "an impossible folder: text" grep -q "cannot write to /proc/nothing" client.err
dial --send x
check "without --record: exit code" [ $? -eq 0 ]
kill -TERM "$server_pid"
wait "$server_pid"

summary
