#!/usr/bin/env bash
# Both demos, unattended. Demo 1: a server and a client find each other over UDP by a multiaddr alone and chat. Demo 2: Alice and Bob find each
# other through a relay and chat over direct UDP; the relay's own counters stand still meanwhile. Exit 0 only if every line arrived on both
# sides.  Usage: apps/demo.sh [DIR OF THE PROGRAMS], or BIN
set -u
bin=$(cd "${1:-${BIN:-build/bin}}" 2>/dev/null && pwd) || { echo "demo: no programs in ${1:-${BIN:-build/bin}}: run make" >&2; exit 1; }
dir=$(mktemp -d) || exit 1
failed=0
pids=()
cleanup() {
  for p in ${pids[@]+"${pids[@]}"}; do kill -TERM "$p" 2>/dev/null && wait "$p" 2>/dev/null; done
  rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir" || exit 1

say() { printf '\n== %s\n' "$*"; }
label() { sed -u "s/^/  $1 | /"; }
wrong() { echo "demo: $*" >&2; failed=1; }

# start NAME INPUT PROGRAM...: runs it with its output labelled, and in NAME.out and NAME.err; its pid in $pid
start() {
  local name=$1 input=$2
  shift 2
  "$@" > >(tee "$name.out" | label "$name") 2> >(tee "$name.err" | label "$name" >&2) < "$input" &
  pid=$!
  pids+=("$pid")
}

# until TEXT COMMAND...: waits for the command to succeed, 20 s
until_true() {
  local what=$1
  shift
  for _ in $(seq 400); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.05
  done
  wrong "$what"
  return 1
}

# stop PID: SIGTERM; its exit code
stop() {
  kill -TERM "$1" 2>/dev/null
  wait "$1"
}

# ---- Demo 1 ------------------------------------------------------------------------------------------------------------------------
lines=("Hello over UDP" "No WebRTC library underneath" "Grüße, 世界, and goodbye")

say "Demo 1: WebRTC-Direct. The server listens on a free UDP port."
start server /dev/null "$bin/webrtc-direct-server" --echo
server=$pid
until_true "the server did not say where it listens" test -s webrtc_direct_addr.json || exit 1
sleep 0.1 # lets the labelled lines above come out before the next headline

say "The client reads the address and dials: ICE, DTLS, SCTP, Noise, then one data channel per stream."
args=()
for l in "${lines[@]}"; do args+=(--send "$l"); done
start client /dev/null "$bin/webrtc-direct-client" --timeout 20 "${args[@]}"
wait "$pid" || wrong "the client ended with $?"
sleep 0.1

say "The server is told to stop."
stop "$server" || wrong "the server ended with $?"
sleep 0.1
for l in "${lines[@]}"; do
  grep -qF -- "$l" server.out || wrong "the server never saw: $l"
  grep -qF -- "$l" client.out || wrong "no reply came to: $l"
done
[ -e webrtc_direct_addr.json ] && wrong "the server left its address file behind"
[ "$failed" -eq 0 ] || { say "FAILED"; exit 1; }
say "Done: ${#lines[@]} lines there and back over $(grep -o 'direct udp.*' client.err | head -n 1)."

# ---- Demo 2 ------------------------------------------------------------------------------------------------------------------------
status() { "$bin/webrtc-p2p-relay" --status --json | grep '"event":"status"'; }
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
no_circuit() { [ "$(status | number circuits)" = 0 ]; }

say "Demo 2: private to private. The relay listens, over TCP and, on the same number, over WebRTC-Direct."
start relay /dev/null "$bin/webrtc-p2p-relay" -p 0
relay=$pid
until_true "the relay did not say where it listens" test -s relay_addr.json || exit 1
sleep 0.1

say "Alice reserves a place at the relay and waits."
mkfifo alice.in bob.in
exec 8<> alice.in 9<> bob.in
start alice alice.in "$bin/webrtc-p2p-peer" -m listen
alice=$pid
until_true "Alice got no reservation" test -s alice_webrtc_addr.json || exit 1
sleep 0.1

say "Bob finds Alice's address: a circuit through the relay, signaling on it, then ICE and DTLS over UDP."
start bob bob.in "$bin/webrtc-p2p-peer" -m dial
bob=$pid
until_true "Bob and Alice found no direct path" grep -q "Path to .*: direct udp" bob.err || exit 1
until_true "Alice saw no direct path" grep -q "Path to .*: direct udp" alice.err || exit 1
until_true "the circuit stayed open" no_circuit || exit 1
sleep 0.1

say "The relay's counters, before the chat:"
before=$(status)
echo "  $before"

say "Ten lines each way."
for i in 1 2 3 4 5 6 7 8 9 10; do
  echo "Bob's line $i" >&9
  until_true "Alice did not see Bob's line $i" grep -q "Bob's line $i$" alice.out || break
  echo "Alice's line $i" >&8
  until_true "Bob did not see Alice's line $i" grep -q "Alice's line $i$" bob.out || break
done
sleep 0.1

say "The relay's counters, after the chat:"
after=$(status)
echo "  $after"
[ -n "$before" ] || wrong "the relay did not tell its counters"
for key in bytes bytes_a_to_b bytes_b_to_a circuits circuits_total; do
  [ "$(echo "$before" | number $key)" = "$(echo "$after" | number $key)" ] || wrong "the relay's $key grew: the chat went through it"
done

say "Bob leaves; then Alice and the relay are told to stop."
echo quit >&9
wait "$bob" || wrong "Bob ended with $?"
until_true "Alice did not see Bob go" grep -q "Disconnected" alice.err
stop "$alice" || wrong "Alice ended with $?"
stop "$relay" || wrong "the relay ended with $?"
sleep 0.1
[ -e alice_webrtc_addr.json ] && wrong "Alice left her address file behind"
[ -e relay_addr.json ] && wrong "the relay left its address file behind"
if [ "$failed" -eq 0 ]; then
  say "Done: 10 lines each way over $(grep -o 'direct udp.*' bob.err | head -n 1); the relay carried $(echo "$after" | number bytes) bytes of set-up, and none of the chat."
else
  say "FAILED"
fi
exit "$failed"
