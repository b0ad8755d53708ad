#!/usr/bin/env bash
# Demo 1, unattended: a server and a client find each other over UDP by a multiaddr alone and chat. Exit 0 only if every line arrived
# on both sides.  Usage: apps/demo.sh [DIR OF THE PROGRAMS], or BIN
set -u
bin=$(cd "${1:-${BIN:-build/bin}}" 2>/dev/null && pwd) || { echo "demo: no programs in ${1:-${BIN:-build/bin}}: run make" >&2; exit 1; }
dir=$(mktemp -d) || exit 1
lines=("Hello over UDP" "No WebRTC library underneath" "Grüße, 世界, and goodbye")

server_pid=
cleanup() {
  [ -n "$server_pid" ] && kill -TERM "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null
  rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir" || exit 1

say() { printf '\n== %s\n' "$*"; }
label() { sed -u "s/^/  $1 | /"; }

say "Demo 1: WebRTC-Direct. The server listens on a free UDP port."
"$bin/webrtc-direct-server" --echo > >(tee server.out | label server) 2> >(tee server.err | label server >&2) < /dev/null &
server_pid=$!
for _ in $(seq 100); do
  [ -s webrtc_direct_addr.json ] && break
  kill -0 "$server_pid" 2>/dev/null || { echo "demo: the server ended" >&2; exit 1; }
  sleep 0.05
done
[ -s webrtc_direct_addr.json ] || { echo "demo: the server did not say where it listens" >&2; exit 1; }
sleep 0.1 # lets the labelled lines above come out before the next headline

say "The client reads the address and dials: ICE, DTLS, SCTP, Noise, then one data channel per stream."
args=()
for l in "${lines[@]}"; do args+=(--send "$l"); done
"$bin/webrtc-direct-client" --timeout 20 "${args[@]}" > >(tee client.out | label client) 2> >(tee client.err | label client >&2) < /dev/null
code=$?
sleep 0.1

say "The server is told to stop."
kill -TERM "$server_pid" 2>/dev/null
wait "$server_pid"
server_code=$?
server_pid=
sleep 0.1

failed=0
for l in "${lines[@]}"; do
  grep -qF -- "$l" server.out || { echo "demo: the server never saw: $l" >&2; failed=1; }
  grep -qF -- "$l" client.out || { echo "demo: no reply came to: $l" >&2; failed=1; }
done
[ "$code" -eq 0 ] || { echo "demo: the client ended with $code" >&2; failed=1; }
[ "$server_code" -eq 0 ] || { echo "demo: the server ended with $server_code" >&2; failed=1; }
[ -e webrtc_direct_addr.json ] && { echo "demo: the server left its address file behind" >&2; failed=1; }
if [ "$failed" -eq 0 ]; then
  say "Done: ${#lines[@]} lines there and back over $(grep -o 'direct udp.*' client.err | head -n 1)."
else
  say "FAILED"
fi
exit "$failed"
