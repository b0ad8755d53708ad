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
same_cuts() { # CLIENT SERVER CUT...
  local cut client=$1 server=$2
  for cut in "${@:3}"; do
    check "$client $cut of the dialer" same_said "$cut" dialer "$client" "$server"
    check "$client $cut of the listener" same_said "$cut" listener "$server" "$client"
  done
}
same_session() { # CLIENT SERVER
  same_cuts "$1" "$2" udp stun dtls sctp dcep messages streams
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
tshark_tcp() { # SESSION
  tshark -r "$1/session.pcapng" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y 'tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed' > odd 2> tshark.err
  check "tshark: nothing odd in $1" [ ! -s odd ]
  tshark -r "$1/session.pcapng" -q -z follow,tcp,raw,0 2> tshark.err | grep -E '^\s*[0-9a-f]+$' | tr -d '\t\n' > followed
  check "tshark: the octets of $1" [ "$(cat followed)" = "$(sed -n 's/.*"wire":"\(.*\)"}/\1/p' "$1/tcp.jsonl" | tr -d '\n')" ]
}
tshark_why() {
  command -v tshark > /dev/null || { echo "there is no tshark here"; return 1; }
  tshark -v 2> /dev/null | tr '\n' ' ' | grep -q 'with Lua' || { echo "this tshark has no Lua"; return 1; }
}
# tshark takes a second to start: of each implementation one session per transport, with TSHARK=all every one
recorded=$here/../../vectors/recorded
if [ "${TSHARK:-}" = all ]; then sample=("$recorded"/*/*); else sample=("$recorded"/*/{v1-dialed,relay-tcp-dialed}); fi
if why=$(tshark_why); then
  for s in v1 v2 listener listener-2 "${sample[@]}"; do
    [ -e "$s/tcp.jsonl" ] || [ -e "$s/sctp.jsonl" ] || continue # a page has no TCP, a circuit no datagrams
    if [ -e "$s/tcp.jsonl" ]; then
      tshark_tcp "$s"
    else
      check "tshark: SCTP packets of $s" [ "$(tshark_count "$s")" -eq "$(units "$s" sctp)" ]
    fi
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
tcp=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' relay_addr.json)
there=$(sed -n 's/.*"addr": "\([^"]*\)".*/\1/p' alice_webrtc_addr.json)
timeout 40 "$bin/webrtc-p2p-peer" -m dial --bind 127.0.0.1 --json --record over-tcp --send hello "$tcp${there#"$direct"}" > bob.out 2> bob.err < /dev/null
check "Bob over TCP: exit code" [ $? -eq 0 ]
kill -TERM "$alice_pid"
wait "$alice_pid"
kill -TERM "$relay_pid"
wait "$relay_pid"
# Alice and Bob each record their connection to the relay first, then the one through it, then the direct one
same_cuts bob-3 alice-3 sctp dcep messages streams
check "private: transport" has bob-3 '"transport": "webrtc",'
check "private: no Noise" has alice-3 '"reached": \["ICE", "DTLS", "SCTP", "READY", "ENDED"\]'
check "private: both agents" has alice-3 '"implementation": "weft/'
check "the relay's connection with Alice" has relay '"transport": "webrtc-direct"'
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
check "the relay's connection with Alice: a reservation" grep -q "$(hex /libp2p/circuit/relay/0.2.0/hop)" relay/streams.jsonl
check "Alice dialed it, though she listens" has alice '"recorded_by": "dialer"'
same_cuts alice relay sctp dcep messages streams
check "replay of these" replay bob bob-2 bob-3 alice alice-2 alice-3 relay relay-2

# the circuit between the two: what Noise holds there, the signaling too
yamux_cuts=(noise yamux yamux-streams)
same_cuts bob-2 alice-2 circuit "${yamux_cuts[@]}"
check "circuit: transport" has bob-2 '"transport": "circuit",'
check "circuit: files" [ "$(cd bob-2 && echo *)" = "circuit.jsonl noise.jsonl session.json yamux-streams.jsonl yamux.jsonl" ]
check "circuit: no addresses" eval '! grep -q "\"address\"" bob-2/session.json'
check "circuit: signaling" grep -q "$(hex /webrtc-signaling/0.0.1)" alice-2/yamux-streams.jsonl
check "circuit: an offer in clear" grep -q "$(hex a=fingerprint:sha-256)" alice-2/yamux-streams.jsonl

# TCP: the second Bob was recorded by himself and by the relay
check "tcp: replay" replay over-tcp over-tcp-2 over-tcp-3 alice-4 relay-3
check "tcp: transport" has over-tcp '"transport": "tcp",'
check "tcp: reached" has over-tcp '"reached": \["SECURITY", "NOISE", "READY", "ENDED"\]'
check "tcp: roles" eval 'has over-tcp "\"recorded_by\": \"dialer\"" && has relay-3 "\"recorded_by\": \"listener\""'
check "tcp: the agent" eval 'has over-tcp "\"implementation\": \"weft/" && has relay-3 "\"implementation\": \"weft/"'
check "tcp: what is not the default" eval 'has relay-3 "\"window_max\": 262144" && ! has over-tcp window_max'
check "tcp: files" [ "$(cd over-tcp && echo *)" = "noise.jsonl session.json session.pcapng tcp.jsonl yamux-streams.jsonl yamux.jsonl" ]
same_cuts over-tcp relay-3 "${yamux_cuts[@]}"
check "tcp: the handshake is three messages" [ "$(grep -c handshake over-tcp/noise.jsonl)" -eq 3 ]
check "tcp: a circuit" grep -q "$(hex /libp2p/circuit/relay/0.2.0/hop)" over-tcp/yamux-streams.jsonl
check "tcp: both said FIN" [ "$(grep -c '"flag":"FIN","wire":""' relay-3/tcp.jsonl)" -eq 2 ]
octets() { sed -n "s/.*\"from\":\"$2\".*\"wire\":\"\(.*\)\"}/\1/p" "$1/tcp.jsonl" | tr -d '\n'; }
for from in dialer listener; do check "tcp: the same octets of the $from" [ "$(octets over-tcp $from)" = "$(octets relay-3 $from)" ]; done
for s in over-tcp relay-3; do
  check "tcp: decode $s" decoded $s/session.pcapng
  check "tcp: Noise messages of $s" [ "$(nodes noise)" -eq "$(units $s noise)" ]
  check "tcp: what is encrypted" [ "$(grep -c 'encrypted from here on' decoded)" -eq 2 ]
done
if tshark_why > /dev/null; then
  for s in over-tcp relay-3; do tshark_tcp $s; done
fi
broken_cuts() { # SESSION CUT...: one wrong bit, a line too few
  local cut line n s=$1
  for cut in "${@:2}"; do
    n=$(wc -l < "$s/$cut.jsonl")
    for line in 1 $((n / 2)) $((n - 2)); do
      rm -rf broken && cp -r "$s" broken && flip broken/"$cut.jsonl" "$line"
      replay broken
      check "replay: one bit of $s/$cut.jsonl:$line" [ $? -eq 1 ]
      check "replay: $s/$cut.jsonl:$line is named" grep -Eq "^broken/.*: fail: .*/replay\." replayed
    done
    rm -rf broken && cp -r "$s" broken && sed -i '$d' broken/"$cut.jsonl"
    check "replay: $s/$cut.jsonl without its end" eval '! replay broken'
    rm -rf broken && cp -r "$s" broken && rm broken/"$cut.jsonl"
    check "replay: $s without $cut.jsonl" eval 'replay broken; [ $? -eq 2 ] && grep -q "broken/$cut.jsonl: cannot be read" replayed'
  done
}
broken_cuts relay-3 tcp "${yamux_cuts[@]}"
broken_cuts over-tcp tcp "${yamux_cuts[@]}"
broken_cuts bob-2 circuit "${yamux_cuts[@]}"
rm -rf broken && cp -r over-tcp broken && sed -i 's/"ephemeral_key": "./"ephemeral_key": "f/; s/"static_key": "./"static_key": "e/' broken/session.json
check "replay: other Noise keys over TCP" eval '! replay broken && grep -q "sealed with the keys of session.json, is another now" replayed'
rm -rf broken && cp -r over-tcp broken && sed -i '/"static_key"/d' broken/session.json
check "replay: without keys the lengths remain" eval 'replay broken && grep -q "^1 sessions" replayed'
rm -rf broken && cp -r over-tcp broken && sed -i 's/"transport": "tcp"/"transport": "quic"/' broken/session.json
check "replay: a transport of which nothing is known" eval 'replay broken; [ $? -eq 2 ] && grep -q "broken/session.json: \"transport\" is" replayed'
rm -rf broken && cp -r over-tcp broken && sed -i 's/"transport": "tcp"/"transport": "webrtc"/' broken/session.json
check "replay: another transport" eval 'replay broken; [ $? -eq 2 ] && grep -q "broken/udp.jsonl: cannot be read" replayed'
rm -rf broken && cp -r over-tcp broken && printf '%s\n' '{"t_us":1,"from":"dialer","wire":"00"}' >> broken/yamux-streams.jsonl
check "replay: a line without a stream" eval 'replay broken; [ $? -eq 2 ] && grep -q "broken/yamux-streams.jsonl:[0-9]*: no number \"stream\"" replayed'
check "replay: one cut of it" eval 'replay over-tcp --layer yamux && grep -q "^1 sessions" replayed'

# Yamux inside channel 0: the files of both
start_server muxed
dial --record mux --mux yamux --send hello --ping 2
check "mux: exit code" [ $? -eq 0 ]
kill -TERM "$server_pid"
wait "$server_pid"
start_server bulked
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%08000d\n", i }' | timeout 20 "$bin/webrtc-direct-client" --mux yamux --record bulk --json "$addr" > client.out 2> client.err
check "mux, 480 kB each way: exit code" [ $? -eq 0 ]
kill -TERM "$server_pid"
wait "$server_pid"
same_cuts bulk bulked "${yamux_cuts[@]}"
check "mux, 480 kB each way: credit was given" grep -Eq '"wire":"00010000000000030[0-9a-f]*[1-9a-f]' bulk/yamux.jsonl
check "mux, 480 kB each way: replay" replay bulk bulked
same_cuts mux muxed udp stun dtls sctp messages streams
same_cuts mux muxed "${yamux_cuts[@]}"
check "mux: named" eval 'has mux "\"mux\": \"yamux\"" && has muxed "\"transport\": \"webrtc-direct\""'
check "mux: hello on a stream" grep -q '"wire":"68656c6c6f"' mux/yamux-streams.jsonl
check "mux: replay" replay mux muxed
check "mux: without Yamux there are no such files" [ ! -e v1/noise.jsonl ]
broken_cuts mux streams "${yamux_cuts[@]}"

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
