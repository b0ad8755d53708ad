#!/usr/bin/env bash
# weft interop-agent in both roles through a real Redis server of our own, on loopback.
# Usage: test/programs/agent.sh [DIR OF THE PROGRAMS]
. "$(dirname "$0")/common.sh"

# a free port: Redis says in its log when it took one
port=
for _ in $(seq 20); do
  port=$((20000 + RANDOM % 20000))
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --daemonize no --dir "$dir" > redis.log 2>&1 &
  redis=$!
  pids+=("$redis")
  for _ in $(seq 100); do grep -q "Ready to accept connections" redis.log && break; kill -0 "$redis" 2>/dev/null || break; sleep 0.05; done
  grep -q "Ready to accept connections" redis.log && break
done
export REDIS_ADDR=127.0.0.1:$port TRANSPORT=webrtc-direct DEBUG=true
listener() { # KEY [IP]
  TEST_KEY=$1 IS_DIALER=false LISTENER_IP=${2:-0.0.0.0} timeout 60 "$weft" interop-agent > listener.out 2> listener.err < /dev/null &
  listener=$!
  pids+=("$listener")
}
dialer() { TEST_KEY=$1 IS_DIALER=true timeout 60 "$weft" interop-agent > out 2> err < /dev/null; }

# the dialer may come first: the list is waited for
dialer first & dialer_pid=$!
pids+=("$dialer_pid")
listener first
wait "$dialer_pid"
check "dialer first: exit code" [ $? -eq 0 ]
check "YAML: figures" grep -Eq '^  handshake_plus_one_rtt: [0-9]+\.[0-9]{3}$' out
check "YAML: ping" grep -Eq '^  ping_rtt: [0-9]+\.[0-9]{3}$' out
check "YAML: nothing else" [ "$(grep -vc '^#' out)" -eq 4 ] && check "YAML: unit" grep -q '^  unit: ms$' out
check "the handshake takes longer than a ping" awk '/handshake/ {h = $2} /ping_rtt/ {p = $2} END {exit !(h > p && p > 0)}' out
check "listener: nothing on standard output" [ ! -s listener.out ]
kill -TERM "$listener"
wait "$listener"
check "listener: exit code" [ $? -eq 0 ]

listener second 127.0.0.1
dialer second
check "an address of its own: exit code" [ $? -eq 0 ]
kill -TERM "$listener"
wait "$listener"

# an address that somebody has SET instead of pushed; nobody is there any more
redis-cli -p "$port" set third_listener_multiaddr /ip4/127.0.0.1/udp/9/nonsense > /dev/null
dialer third
check "not an address: exit code" [ $? -eq 1 ]
check "not an address: text" grep -q "nonsense" err
check "failures leave no YAML" [ ! -s out ]

redis-cli -p "$port" hset fourth_listener_multiaddr a b > /dev/null
dialer fourth
check "a key of another type: exit code" [ $? -eq 1 ]
check "a key of another type: text" grep -q "neither a list nor a value" err
listener fourth
wait "$listener"
check "publishing under it: exit code" [ $? -eq 1 ]
check "publishing under it: text" grep -q "something else than a list" listener.err

REDIS_ADDR=127.0.0.1:1 dialer fifth
check "no Redis: exit code" [ $? -eq 1 ]
check "no Redis: text" grep -q "Connection refused" err
TRANSPORT=tcp dialer sixth
check "another transport: exit code" [ $? -eq 2 ]
check "another transport: text" grep -q "only webrtc-direct" err
(unset TEST_KEY; IS_DIALER=true "$weft" interop-agent > out 2> err)
check "no key: exit code" [ $? -eq 2 ]
check "no key: text" grep -q "no TEST_KEY" err

summary
