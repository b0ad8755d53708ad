#!/usr/bin/env bash
# weft conform as a person meets it: bad files, bad shims, expectations, formats. Usage: test/programs/conform.sh [DIR OF THE PROGRAMS]
set -u
bin=$(cd "${1:-build/bin}" && pwd) || exit 1
top=$PWD
. "$top/test/programs/valid.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
passed=0
failed=0
weft=$bin/weft

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'FAIL %s\n' "$*"; sed 's/^/  /' out err 2> /dev/null | head -n 8; }

# expect NAME CODE 'regex in stdout or stderr' COMMAND...
expect() {
  local name=$1 code=$2 want=$3 got
  shift 3
  timeout 60 "$@" > out 2> err < /dev/null
  got=$?
  if [ "$got" -ne "$code" ]; then fail "$name: exit $got, not $code"; return; fi
  if ! cat out err | grep -Eq -- "$want"; then fail "$name: no text like: $want"; return; fi
  pass
}
also() { if cat out err | grep -Eq -- "$2"; then pass; else fail "$1: no text like: $2"; fi; }

# A file of three cases; the third is to be refused.
vector_file() {
  cat <<'END'
{"type":"varint","layer":"base","schema":"varint.schema.json","spec":["x"],"mode":"exact","numberOfTests":3,
"notes":{"Normal":{"description":"plain","effect":"none","links":[]}},
"groups":[{"params":{"op":"varint.decode","source":"by hand","licence":"CC0-1.0"},"tests":[
{"tcId":"one","comment":"c","flags":["Normal"],"in":{"hex":"01"},"out":{"value":1,"consumed":1},"result":"valid"},
{"tcId":"two","comment":"c","flags":["Normal"],"in":{"hex":"8001"},"out":{"value":"128"},"result":"valid"},
{"tcId":"cut","comment":"c","flags":["Normal"],"in":{"hex":"80"},"result":"invalid","error":"malformed","rule":"the last octet ends it"}
]}]}
END
}
vector_file > good.json

# A shim that is right about the first, wrong about the second, and takes the third.
cat > wrong.sh <<'END'
n=0
while read -r line; do
  n=$((n + 1))
  id=${line#*\"id\":}
  printf '{"id":%s,"status":"ok","out":{"value":1,"consumed":1}}\n' "${id%%,*}"
done
END
# Dies at every second question.
cat > dies.sh <<'END'
read -r line; id=${line#*\"id\":}; printf '{"id":%s,"status":"unsupported"}\n' "${id%%,*}"
read -r line; kill -SEGV $$
END

# ---- what works ----
expect 'in process' 0 '^3 cases, 3 passed, 0 failed$' "$weft" conform --file good.json
expect 'shim' 0 '^3 cases, 3 passed, 0 failed$' "$weft" conform --file good.json --shim "$bin/weft-shim"
expect 'folder and layer' 0 '^3 cases, 3 passed' "$weft" conform --dir . --layer base
expect 'filter' 0 '^1 cases, 1 passed' "$weft" conform --file good.json --filter cut
unsupported=$(grep -c '"outcome": "unsupported"' "$top/vectors/expect/weft.json")
expect 'filter: operation' 0 '^3 cases, 3 passed' "$weft" conform --file good.json --filter .decode
expect 'all vectors through a shim' 0 "^Not counted: $unsupported unsupported, 0 failed as expected\$" "$weft" conform --dir "$top/vectors/v1" --shim "$bin/weft-shim" --strict-errors --expect "$top/vectors/expect/weft.json"
expect 'tap' 0 '^ok 2 - varint/two$' "$weft" conform --file good.json --format tap
also 'tap plan' '^1\.\.3$'
expect 'junit' 0 '<testcase classname="varint" name="cut"></testcase>' "$weft" conform --file good.json --format junit
python3 - <<'END' && pass || fail 'junit: not XML with the right totals'
import sys, xml.etree.ElementTree as tree
root = tree.parse("out").getroot()
want = {"tests": "3", "failures": "0", "errors": "0", "skipped": "0"}
sys.exit(root.tag != "testsuites" or any(e.get(k) != v for e in (root, root[0]) for k, v in want.items()) or len(root[0]) != 3)
END
expect 'json' 0 '"tcId":"one",.*"verdict":"pass"' "$weft" conform --file good.json --format json
python3 -c 'import json,sys; j = json.load(open("out")); sys.exit(len(j["cases"]) != 3 or j["totals"]["passed"] != 3)' && pass || fail 'json is not JSON'
valid report out && pass || fail 'json: not as report.schema.json has it'

# ---- wrong answers, and what was expected ----
expect 'wrong shim' 1 'good.json:5: fail: two: value is 1, expected "128"' "$weft" conform --file good.json --shim 'sh wrong.sh'
also 'the rule is named' 'good.json:6: fail: cut: accepted, though forbidden by the last octet ends it'
also 'counted' '^3 cases, 1 passed, 2 failed$'
expect 'junit: failures' 1 '^<testsuites name="weft conform" tests="3" failures="2" errors="0" skipped="0">$' "$weft" conform --file good.json --shim 'sh wrong.sh' --format junit
echo '{"expect":[{"case":"varint/two","outcome":"fail","reason":"known","issue":"x"},{"case":"varint/cu*","outcome":"fail","reason":"known too"}]}' > known.json
expect 'known failures' 0 '^Not counted: 0 unsupported, 2 failed as expected$' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json
expect 'known failures: junit' 0 '^<testsuites name="weft conform" tests="3" failures="0" errors="0" skipped="2">$' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json --format junit
also 'known failures: junit: why' 'name="two"><skipped message="known"/>'
expect 'known failures: tap' 0 '^not ok 2 - varint/two # TODO known$' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json --format tap
expect 'known failures, once more' 0 '^Not counted: 0 unsupported, 2 failed as expected$' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json
also 'known failures: why' '^Expected: fail of 1: known .x.$'
also 'known failures: not reported' '^Expected: fail of 1: known too .not reported.$'
expect 'known failures, one by one' 0 '^good.json:5: expected fail: two: known .x.$' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json --verbose
expect 'known failures: json' 0 '"reason":"known","issue":"x"' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect known.json --format json
valid report out && pass || fail 'known failures: not as report.schema.json has it'
expect 'a known failure passes: json' 1 '"verdict":"pass","expected":false,"reason":"known"' "$weft" conform --file good.json --expect known.json --format json
valid report out && pass || fail 'a known failure passes: not as report.schema.json has it'
expect 'a known failure passes' 1 'unexpected pass: two: known' "$weft" conform --file good.json --expect known.json
echo '{"expect":[{"case":"varint/two","outcome":"hang","reason":"known"}]}' > other.json
expect 'another failure than the known' 1 'fail: two' "$weft" conform --file good.json --shim 'sh wrong.sh' --expect other.json
echo '{"expect":[{"case":"varint/two","outcome":"fail"}]}' > noreason.json
expect 'expectation without a reason' 2 "noreason.json:1: expect.0.: 'reason' is missing" "$weft" conform --file good.json --expect noreason.json
expect 'no expectation file' 2 'absent.json:1: /: cannot be read' "$weft" conform --file good.json --expect absent.json

echo '{"expect":[{"case":"varint","outcome":"fail","reason":"x"}]}' > whole.json
expect 'an expectation of no case' 2 "whole.json:1: expect.0.: 'case' must be \"type/tcId\"" "$weft" conform --file good.json --expect whole.json
echo '{"expect":[{"case":"varint/two","outcome":"fail","reason":"x","issue":7}]}' > issue.json
expect 'an issue that is no text' 2 "issue.json:1: expect.0.: 'clause' and 'issue' must be strings" "$weft" conform --file good.json --expect issue.json
printf '{"expect":[\n{"case":"varint/two","outcome":"fail","reason":"x"},\n"case"}\n' > syntax.json
expect 'expectations that are not JSON' 2 "syntax.json:3: /: ',' or the closing bracket expected" "$weft" conform --file good.json --expect syntax.json

# An entry that no case has: an error of a run over all cases, and of no other.
mkdir one && cp good.json one
printf '{"expect":[\n{"case":"varint/two","outcome":"fail","reason":"known"},\n{"case":"varint/gone","outcome":"fail","reason":"old"}]}\n' > stale.json
expect 'stale expectation' 2 "^stale.json:3: expect.1.: no case is named 'varint/gone'" "$weft" conform --dir one --shim 'sh wrong.sh' --expect stale.json
also 'stale expectation: the totals are there' '^2 cases, 1 passed, 1 failed$'
expect 'stale, but of a part' 0 '^Not counted: 0 unsupported, 1 failed as expected$' "$weft" conform --dir one --shim 'sh wrong.sh' --expect stale.json --filter two

# What is unsupported: no failure, unless the file lists all that is.
cat > without.sh <<'END'
while read -r line; do id=${line#*\"id\":}; printf '{"id":%s,"status":"unsupported"}\n' "${id%%,*}"; done
END
expect 'unsupported' 0 '^Not counted: 3 unsupported' "$weft" conform --file good.json --shim 'sh without.sh'
expect 'unsupported: tap' 0 '^ok 1 - varint/one # SKIP unsupported$' "$weft" conform --file good.json --shim 'sh without.sh' --format tap
expect 'unsupported: junit' 0 ' skipped="3">$' "$weft" conform --file good.json --shim 'sh without.sh' --format junit
echo '{"unsupported":"listed","expect":[{"case":"varint/one","outcome":"unsupported","reason":"not there"},{"case":"varint/cut","outcome":"fail","reason":"lenient"}]}' > listed.json
expect 'unsupported, not listed' 1 'unsupported: two: nothing says that this case may be unsupported' "$weft" conform --file good.json --shim 'sh without.sh' --expect listed.json
also 'unsupported, not listed: counted' '^2 cases, 0 passed, 2 failed$'
expect 'listed as unsupported, but passes' 1 'unexpected pass: one: not there' "$weft" conform --file good.json --expect listed.json
echo '{"unsupported":"some","expect":[]}' > some.json
expect 'unsupported: another word' 2 'some.json:1: /unsupported: must be "listed", or absent' "$weft" conform --file good.json --expect some.json

# The class of a refusal counts on request alone.
echo 'while read -r line; do id=${line#*\"id\":}; echo "{\"id\":${id%%,*},\"status\":\"error\",\"error\":\"auth\"}"; done' > auth.sh
expect 'another class than expected' 0 '^1 cases, 1 passed, 0 failed$' "$weft" conform --file good.json --shim 'sh auth.sh' --filter cut
expect 'another class than expected, strictly' 1 'fail: cut: refused as auth, expected malformed' "$weft" conform --file good.json --shim 'sh auth.sh' --filter cut --strict-errors
expect 'a valid case is refused' 1 'fail: one: refused .auth.' "$weft" conform --file good.json --shim 'sh auth.sh' --filter one

# ---- bad shims: the case fails with the reason, the run goes on ----
expect 'garbage' 1 'garbage: one: not JSON .*: hello' "$weft" conform --file good.json --shim 'while read -r l; do echo hello; done'
also 'garbage: the run goes on' '^3 cases, 0 passed, 3 failed$'
expect 'another id' 1 "garbage: one: 'id' is not 1" "$weft" conform --file good.json --shim "while read -r l; do echo '{\"id\":77,\"status\":\"ok\"}'; done"
expect 'no status' 1 "garbage: one: 'status' is not" "$weft" conform --file good.json --shim "read -r l; echo '{\"id\":1}'; cat > /dev/null"
expect 'another class of refusal in an answer' 1 "garbage: cut: 'error' is not malformed, auth, state or limit" "$weft" conform --file good.json --shim "while read -r l; do echo '{\"id\":1,\"status\":\"error\",\"error\":\"odd\"}'; done" --filter cut
expect 'two lines' 1 'garbage: one: more than one line' "$weft" conform --file good.json --shim "read -r l; printf '{\"id\":1,\"status\":\"ok\"}\nmore\n'; cat > /dev/null"
expect 'closes at once' 1 'crash: one: closed its output before it answered .exit 3.' "$weft" conform --file good.json --shim 'exit 3'
expect 'no such program' 2 'shim: the command could not be started .*status is 127.*: ./no-such-shim' "$weft" conform --file good.json --shim './no-such-shim'
: > not-executable
expect 'not a program' 2 'could not be started .*status is 126' "$weft" conform --file good.json --shim './not-executable'
expect 'no shim at all' 2 'shim is empty: give the command' "$weft" conform --file good.json --shim ''
printf 'exec >&-\nsleep 300\n' > lives.sh
expect 'a program that closes its output, and lives' 1 'crash: one: closed its output before it answered .was still running.' "$weft" conform --file good.json --filter one --shim 'sh lives.sh'
expect 'closes its output, and lives' 1 'crash: one: closed its output before it answered .was still running.' "$weft" conform --file good.json --filter one --shim 'exec >&-; exec sleep 300'
expect 'a crash, then started again' 1 'crash: two: .*signal 11' "$weft" conform --file good.json --shim 'exec sh dies.sh'
also 'one crash alone' '^1 cases, 0 passed, 1 failed$'
expect 'never answers' 1 'hang: one: no answer within 0.200 s' "$weft" conform --file good.json --shim 'exec sleep 300' --start-timeout 0.2
also 'hang: the run goes on' '^3 cases, 0 passed, 3 failed$'
# A shim that answers nothing is asked ten cases; one that answers now and then, all.
{
  vector_file | sed '1s/:3/:24/; 4,$d'
  for i in $(seq 24); do
    printf '{"tcId":"n%d","comment":"c","flags":["Normal"],"in":{"hex":"01"},"out":{"value":1},"result":"valid"}%s\n' "$i" "$([ "$i" -lt 24 ] && echo ,)"
  done
  echo ']}]}'
} > many.json
expect 'ten hangs' 1 'hang: n10: no answer within' "$weft" conform --file many.json --shim 'exec sleep 300' --start-timeout 0.05
also 'ten hangs: the rest is not asked' 'hang: n11: not asked: the 10 cases before it had no answer'
also 'ten hangs: it counts' '^24 cases, 0 passed, 24 failed$'
echo 'read -r l; id=${l#*\"id\":}; echo "{\"id\":${id%%,*},\"status\":\"unsupported\"}"; exec sleep 300' > sometimes.sh
expect 'twelve hangs, not in a row' 1 '^12 cases, 0 passed, 12 failed$' "$weft" conform --file many.json --shim 'sh sometimes.sh' --case-timeout 0.05
if grep -q 'not asked' out; then fail 'twelve hangs, not in a row: some are not asked'; else pass; fi
expect 'closes its input' 1 'crash: one|hang: one' "$weft" conform --file good.json --shim 'exec <&-; exec sleep 300' --start-timeout 0.2

expect 'closes its input, and lives' 1 'hang: two: no answer within 0.200 s; it has closed its input' "$weft" conform --file good.json --shim 'read -r l; exec <&-; echo "{\"id\":1,\"status\":\"unsupported\"}"; exec sleep 300' --case-timeout 0.2 --start-timeout 20
expect 'octets that are no text' 1 'garbage: one: not JSON .line 1: value expected.: .x00.xff.x1b.31mhello<&>' "$weft" conform --file good.json --shim "while read -r l; do printf '\\000\\377\\033[31mhello<&>\"\\n'; done" --filter one
expect 'octets that are no text: junit' 1 'type="garbage" message="not JSON .*hello&lt;&amp;&gt;&quot;"' "$weft" conform --file good.json --shim "while read -r l; do printf '\\000\\377\\033[31mhello<&>\"\\n'; done" --format junit
python3 -c 'import xml.etree.ElementTree as tree; tree.parse("out")' && pass || fail 'octets that are no text: not XML'
expect 'an answer that is not UTF-8' 1 'garbage: one: not JSON .line 1: a string is not UTF-8.: ' "$weft" conform --file good.json --shim "while read -r l; do printf '{\"id\":1,\"status\":\"ok\",\"out\":{\"value\":\"\\377\"}}\\n'; done" --filter one
expect 'a name twice in an answer' 1 "garbage: one: 'id' is there twice" "$weft" conform --file good.json --shim "while read -r l; do echo '{\"id\":7,\"status\":\"ok\",\"id\":1}'; done" --filter one
expect 'an answer that is nested too deeply' 1 'garbage: one: not JSON .line 1: nested too deeply.' "$weft" conform --file good.json --shim "read -r l; head -c 1000000 /dev/zero | tr '\\0' '['; echo; cat > /dev/null" --filter one
expect 'a line of 100 MB' 1 'garbage: one: a line of more than 8388608 bytes' "$weft" conform --file good.json --shim "read -r l; head -c 100000000 /dev/zero | tr '\\0' x; echo; cat > /dev/null"
also 'a line of 100 MB: the run goes on' '^3 cases, 0 passed, 3 failed$'
expect 'why in tap' 1 "^  garbage: \"'id' is not 1\"$" "$weft" conform --file good.json --shim "while read -r l; do echo '{\"id\":77,\"status\":\"ok\"}'; done" --format tap

# What a shim starts ends with it; a word on standard error without end disturbs nobody.
export nap=4242.$$ # seconds; by them the process is found
gone() { for _ in $(seq 100); do grep -qsz "^$nap\$" /proc/[0-9]*/cmdline || return 0; sleep 0.05; done; return 1; }
cat > noisy.sh <<'END'
yes noise >&2 &
sleep "$nap" &
exec sh without.sh
END
timeout 60 "$weft" conform --file good.json --shim 'sh noisy.sh' 2>&1 > out < /dev/null | head -c 1000 > err
grep -q '^Not counted: 3 unsupported' out && pass || fail 'noise on standard error'
gone && pass || fail 'what the shim started is left behind'
for signal in INT TERM HUP; do
  rm -f started
  env --default-signal=INT,TERM,HUP "$weft" conform --file good.json --shim 'echo > started; exec sleep $nap' > out 2> err < /dev/null &
  pid=$!
  for _ in $(seq 200); do [ -s started ] && break; sleep 0.05; done
  kill "-$signal" "$pid"
  wait "$pid"
  [ $? -eq $((128 + $(kill -l "$signal"))) ] && pass || fail "SIG$signal: exit status"
  gone && pass || fail "SIG$signal: the shim is left behind"
done

# Nobody reads the report on.
expect 'a full disk' 1 'standard output cannot be written: the report is not whole' sh -c "'$weft' conform --file good.json > /dev/full"
expect 'a reader that leaves' 1 'the report is not whole' bash -c "'$weft' conform --dir '$top/vectors/v1' --shim '$bin/weft-shim' --format tap | head -n 1 > /dev/null; exit \${PIPESTATUS[0]}"
also 'a reader that leaves: it is not run to its end' '^[0-9]{1,3} cases|^[1-3][0-9]{3} cases'

# ---- bad files: named with path and line; the others still run ----
bad_file() { # name, sed expression on the good file, regex
  vector_file | sed "$2" > bad.json
  expect "$1" 2 "$3" "$weft" conform --file bad.json --file good.json
  also "$1: the other file runs" '^3 cases, 3 passed, 0 failed$'
}
bad_file 'not JSON' '5s/"two"/two/' 'bad.json:5: /: .*expected'
bad_file 'cut off' '7d' 'bad.json:[67]: /: '
bad_file 'no type' '1s/"type":"varint",//' "bad.json:1: /: 'type' is missing"
bad_file 'no tcId' '4s/"tcId":"one",//' "bad.json:4: groups.0..tests.0.: 'tcId' is missing"
bad_file 'id twice' '5s/"two"/"one"/' "bad.json:5: groups.0..tests.1.: tcId 'one' was used on line 4"
bad_file 'id twice, far apart' '6s/"cut"/"one"/' "bad.json:6: groups.0..tests.2.: tcId 'one' was used on line 4"
bad_file 'no comment' '5s/"comment":"c",//' "bad.json:5: groups.0..tests.1.: 'comment' is missing"
bad_file 'no source' '3s/"source":"by hand",//' "bad.json:3: groups.0.: 'source' is missing"
bad_file 'no licence' '3s/,"licence":"CC0-1.0"//' "bad.json:3: groups.0.: 'licence' is missing"
bad_file 'no schema' '1s/"schema":"varint.schema.json",//' "bad.json:1: /: 'schema' is missing"
bad_file 'no mode' '1s/"mode":"exact",//' "bad.json:1: /: 'mode' is missing"
bad_file 'no spec' '1s/"spec":[[][^]]*],//' "bad.json:1: /: 'spec' is missing"
bad_file 'another class of refusal' '6s/"malformed"/"wrong"/' "bad.json:6: .*'error' is 'wrong', not malformed, auth, state or limit"
bad_file 'no class of refusal' '6s/"error":"malformed",//' "bad.json:6: .*'error' is missing"
bad_file 'another id' '5s/"two"/"t wo"/' "bad.json:5: groups.0..tests.1.: 'tcId' is made of letters, digits"
bad_file 'no text in an id' '5s/"two"/"two\\u001b[31m"/' "bad.json:5: .*'tcId' is made of"
bad_file 'a name twice' '5s/"comment":"c"/"comment":"c","comment":"d"/' "bad.json:5: /: 'comment' is there twice in one object"
bad_file 'not UTF-8' '5s/"comment":"c"/"comment":"\xff"/' 'bad.json:5: /: a string is not UTF-8'
bad_file 'a number of no size' '1s/:3/:99999999999999999999999999/' "bad.json:1: /: 'numberOfTests' is 99999999999999999999999999, but"
bad_file 'no in' '5s/"in":{"hex":"8001"},//' "bad.json:5: groups.0..tests.1.: 'in' is missing"
bad_file 'no out' '5s/"out":{"value":"128"},//' "bad.json:5: .*'out' is missing"
bad_file 'no rule' '6s/,"rule":.*}/}/' "bad.json:6: .*'rule' is missing"
bad_file 'another result' '4s/"valid"/"fine"/' "bad.json:4: .*'result' is 'fine'"
bad_file 'in is no object' '4s/{"hex":"01"}/7/' "bad.json:4: .*'in' must be an object"
bad_file 'flag without a note' '4s/\["Normal"\]/["Odd"]/' "bad.json:4: .*flag 'Odd' has no note"
bad_file 'wrong count' '1s/:3/:4/' "bad.json:1: /: 'numberOfTests' is 4, but there are 3"
bad_file 'op of another type' '3s/varint.decode/stun.decode/' "bad.json:3: groups.0.: 'op' is 'stun.decode'"
expect 'no such file' 2 'absent.json:1: /: cannot be read: No such file' "$weft" conform --file absent.json

# A folder of anything: what can be read runs.
mkdir odd && cp good.json odd && : > odd/empty.json && mkdir odd/folder.json && ln -s loop.json odd/loop.json && ln -s absent odd/gone.json
expect 'odd folder' 2 '^3 cases, 3 passed, 0 failed$' "$weft" conform --dir odd
for what in 'empty.json:1: /: value expected' 'folder.json:1: /: cannot be read: Is a directory' 'loop.json:1: /: cannot be read: Too many levels' 'gone.json:1: /: cannot be read: No such file'; do
  also 'odd folder' "^odd/$what"
done
if [ "$(id -u)" -ne 0 ]; then
  cp good.json odd/locked.json && chmod 000 odd/locked.json
  expect 'a file that may not be read' 2 '^odd/locked.json:1: /: cannot be read: Permission denied' "$weft" conform --dir odd
fi
expect 'a folder for a file' 2 '^/:1: /: cannot be read: Is a directory' "$weft" conform --file /
expect 'a file without end' 2 '^/dev/zero:1: /: cannot be read: File too large' "$weft" conform --file /dev/zero
also 'a file without end: no case' '^0 cases'

# ---- usage ----
expect 'unknown format' 2 'table, tap, junit or json' "$weft" conform --format xml
for seconds in 0 -1 nan inf 1e9 0x10 ' 5' 5s '' 3601 0.0004; do
  expect "timeout '$seconds'" 2 "case-timeout is a number of seconds up to 3600, not '$seconds'" "$weft" conform --file good.json --case-timeout "$seconds"
  expect "start timeout '$seconds'" 2 "start-timeout is a number of seconds" "$weft" conform --file good.json --start-timeout "$seconds"
done
expect 'timeout 0.5' 0 '^3 cases, 3 passed' "$weft" conform --file good.json --case-timeout 0.5
expect 'empty folder' 2 'no \*.json in nowhere' "$weft" conform --dir nowhere
expect 'no case' 2 'no case was chosen' "$weft" conform --file good.json --layer nosuch
expect 'help' 0 'unexpected pass' "$weft" conform --help
also 'help: --session' '^ +--session +replay'
also 'help: --live' '^ +--live MULTIADDR +instead'
also 'help: --live-listen' '^ +--live-listen MULTIADDR +instead'

# ---- the other modes, wherever their option stands ----
recorded=$top/vectors/recorded/weft-0.1.0
expect 'session' 0 '^1 sessions: ' "$weft" conform --session "$recorded/v1-dialed"
expect 'session: folder in front' 0 '^2 sessions: ' "$weft" conform "$recorded/v1-dialed" "$recorded/v2-dialed" --session
mkdir session && cp "$recorded"/v1-dialed/* session && sed -i '1s/"wire":"../"wire":"ff/' session/dcep.jsonl
expect 'session: a broken cut' 1 '^session/dcep.jsonl:1: fail: dcep/1/replay.decode[.]2: no OPEN or ACK' "$weft" conform --session session
also 'session: its question' '^session/dcep.jsonl:1: fail: dcep/1/dcep.decode: refused .malformed.$'
expect 'session: that cut alone' 1 '^session/dcep.jsonl:1: fail: dcep/1/' "$weft" conform --layer dcep session --session
expect 'session: another cut' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform session --layer stun --session
expect 'session: an unknown cut' 2 "--layer 'ice': the cuts of a session are udp, stun" "$weft" conform --layer ice --session "$recorded/v1-dialed"
expect 'session: no folder' 2 '--session needs a folder' "$weft" conform --session
expect 'session: an option of the others' 2 "'--session' cannot be combined with --file: its cases are in the folders" "$weft" conform --file good.json --session "$recorded/v1-dialed"

# Sessions as questions to a shim.
one=$recorded/v1-dialed
expect 'session, shim' 0 '^weft-0.1.0/v1-dialed +[1-9]' "$weft" conform --session "$one" --shim "$bin/weft-shim" --strict-errors
asked=$(sed -n 's/^\([0-9]*\) cases, \1 passed, 0 failed$/\1/p' out)
[ "${asked:-0}" -gt 200 ] && pass || fail 'session, shim: few questions'
"$weft" decode --json "$one/session.pcapng" > decoded && valid decode decoded lines && pass || fail 'decode --json: not as decode.schema.json has it'
head -c 3000 "$one/session.pcapng" > cut.pcapng
"$weft" decode --json cut.pcapng > decoded 2> err
printf '0001ff\n160303\n' | "$weft" decode --json - >> decoded 2> err
grep -q '"node":"broken"' decoded && valid decode decoded lines && pass || fail 'decode --json of what is broken: not as decode.schema.json has it'
expect 'session, in process' 0 '"totals"' "$weft" conform --session "$one" --format json
python3 - "$asked" <<'END' && pass || fail 'session: other questions in process, or the same name twice'
import json, sys
cases = json.load(open("out"))["cases"]
names = {(c["type"], c["tcId"]) for c in cases}
questions = [c for c in cases if not c["op"].startswith("replay.")]
sys.exit(len(questions) != int(sys.argv[1]) or len(names) != len(cases) or len(questions) == len(cases))
END
# Several addresses are in one line of this one.
expect 'session, several questions of a line' 0 'streams/[0-9]+/multiaddr.decode.2"' "$weft" conform --session "$top/vectors/recorded/go-libp2p-0.51.0/relay-dialing" --format json
python3 -c 'import json, sys; c = json.load(open("out"))["cases"]; sys.exit(len({(x["type"], x["tcId"]) for x in c}) != len(c))' && pass || fail 'session: the same name twice'
expect 'session, shim: all of them' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform --session "$top/vectors/recorded" --shim "$bin/weft-shim"
expect 'session, shim: one cut' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform --session "$one" --shim "$bin/weft-shim" --layer stun --format tap
also 'session: names' '^ok [0-9]+ - weft-0.1.0/v1-dialed/stun/1/stun_integrity.check$'
if grep -q ' - weft-0.1.0/v1-dialed/[^s]' out; then fail 'session, shim: another cut'; else pass; fi
expect 'session: filter by name' 0 '^weft-0.1.0/v2-dialed ' "$weft" conform --session "$one" "$recorded/v2-dialed" --filter 0/v2-dialed
if grep -q '^weft-0.1.0/v1-dialed ' out; then fail 'session: filter by name: another session'; else pass; fi
expect 'session, shim: junit' 0 '<testsuite name="sessions"' "$weft" conform --session "$one" --shim "$bin/weft-shim" --format junit
expect 'session, shim: a wrong answer' 1 'messages.jsonl:1: fail: messages/1/webrtc_framing.split: messages is nothing, expected ' "$weft" conform --session "$one" --shim 'sh wrong.sh' --filter framing.split
expect 'session, shim: what it does not have' 0 '^Not counted: [1-9][0-9]* unsupported' "$weft" conform --session "$one" --shim 'sh without.sh'
expect 'session, shim: a crash, then started again' 1 'crash: dcep/2/dcep.decode: .*signal 11' "$weft" conform --session "$one" --shim 'exec sh dies.sh' --filter dcep.decode
also 'session, shim: it goes on' '^[2-9] cases, 0 passed'
expect 'session, shim: never answers' 1 'hang: dcep/1/dcep.decode: no answer within 0.100 s' "$weft" conform --session "$one" --shim 'exec sleep 300' --filter dcep/1/dcep.decode --start-timeout 0.1
expect 'session, shim: garbage' 1 'garbage: dcep/1/dcep.decode: not JSON' "$weft" conform --session "$one" --shim 'while read -r l; do echo hello; done' --layer dcep
expect 'session, shim: no such program' 2 'could not be started' "$weft" conform --session "$one" --shim ./no-such-shim
echo '{"expect":[{"case":"weft-0.1.0/v1-dialed/messages/*","outcome":"fail","reason":"known","issue":"a link"}]}' > split.json
expect 'session, shim: known failures' 0 '^Expected: fail of [1-9][0-9]*: known .a link.$' "$weft" conform --session "$one" --shim 'sh wrong.sh' --filter framing.split --expect split.json
expect 'session: a known failure passes' 1 'unexpected pass: messages/1/webrtc_framing.split: known' "$weft" conform --session "$one" --filter framing.split --expect split.json
echo '{"expect":[{"case":"weft-0.1.0/v1-dialed/sctp/99999/x","outcome":"fail","reason":"old"},{"case":"weft-0.1.0/v2-dialed/sctp/1/x","outcome":"fail","reason":"of another"}]}' > old.json
expect 'session: a stale expectation' 2 "^old.json:1: expect.0.: no case is named" "$weft" conform --session "$one" --expect old.json
if grep -q 'expect.1.' err; then fail 'session: an expectation of another session'; else pass; fi
mkdir looped && cp -r session looped && ln -s . looped/again && ln -s ../looped looped/session/up
expect 'session: links are not followed' 1 '^1 sessions: ' "$weft" conform --session looped
(cd "$recorded/v1-dialed" && "$weft" conform --session . --format tap --layer dcep) > out 2> err < /dev/null
also 'session: the folder it is in' '^ok 1 - weft-0.1.0/v1-dialed/dcep'
# Each side of a session breaks nothing that is not in "deviations"; what is there may be refused.
mkdir deviant && cp "$recorded"/v1-dialed/* deviant && sed -i '1s/"wire":"../"wire":"ff/' deviant/dcep.jsonl
python3 - <<'END'
import json
j = json.load(open("deviant/session.json"))
wire = json.loads(open("deviant/dcep.jsonl").readline())
j["deviations"] = [{"cut": "dcep", "wire": wire["wire"], "clause": "RFC 8832 section 5", "what": "no such message"}]
j["recorded_by"] = "listener" if wire["from"] == "dialer" else "dialer"
json.dump(j, open("deviant/session.json", "w"))
END
expect 'session: a deviation may be refused' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform --session deviant --shim "$bin/weft-shim" --filter dcep.decode
expect 'session and live' 2 "'--session' cannot be combined with --live: one of --session, --live and --live-listen at a time" "$weft" conform --live /ip4/127.0.0.1/udp/9 --session "$recorded/v1-dialed"
expect 'live and live-listen' 2 "'--live' cannot be combined with --live-listen" "$weft" conform --live-listen x --live y
expect 'live: another option' 2 "'--live' cannot be combined with --layer: a running peer" "$weft" conform --layer stun --live x
expect 'live: an argument' 2 "unexpected argument 'more'" "$weft" conform --live x more
expect 'live: not first' 2 'no-address' "$weft" conform --json --direct-version 2 --live no-address
expect 'vectors: --json' 2 '--json needs --live or --live-listen; vectors take --format json' "$weft" conform --json
expect 'vectors: an argument' 2 "unexpected argument 'good.json': files take --file" "$weft" conform good.json
expect 'shim: a request that is not JSON' 0 '^{"id":null,"status":"error","error":"bad request","why":"the request is not JSON: line 1: .*"}$' sh -c "printf 'hello\n{\"id\":7,\"op\":\"varint.decode\",\"in\":{\"hex\":\"01\"}}\n' | '$bin/weft-shim'"
also 'shim: the next request is answered' '^{"id":7,"status":"ok","out":'
expect 'shim: list' 0 '^stun_message.decode$' "$bin/weft-shim" --list
expect 'import: no folder' 2 'IN_DIR OUT_DIR' "$top/test/conformance/import" nowhere out.d
expect 'import' 0 'files, .* cases' "$top/test/conformance/import" "$top/test/conformance/public" out.d
expect 'what was imported runs' 0 ' 0 failed$' "$weft" conform --file out.d/varint.json --file out.d/sdp.json

# ---- the steps of vectors/README.md, as a person follows them ----
program() { awk -v n="$1" '/^```python$/ {on = ++k == n; next} /^```$/ {on = 0} on' "$top/vectors/README.md"; }
program 1 > my_shim.py
[ -s my_shim.py ] && pass || fail 'README: no program in it'
expect 'README: its shim' 0 ' 0 failed$' "$weft" conform --shim 'python3 my_shim.py' --file "$top/vectors/v1/varint.json"
[ "$(sed -n 's/^.* cases, \([0-9]*\) passed.*/\1/p' out)" -gt 200 ] && pass || fail 'README: few cases passed'
sed 's/b == 0 and i > 0/False/' my_shim.py > lenient.py
expect 'README: its shim, spoiled' 1 'fail: overlong-0-in-2: accepted, though forbidden by multiformats' "$weft" conform --shim 'python3 lenient.py' --file "$top/vectors/v1/varint.json"

program 2 > more.py
[ -s more.py ] && pass || fail 'README: no second program in it'
sed '/^for line/,$d' my_shim.py > both.py && cat more.py >> both.py && sed -n '/^for line/,$p' my_shim.py >> both.py
expect 'README: its shim, frames' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform --shim 'python3 both.py' --file "$top/vectors/v1/webrtc_framing.json"
expect 'README: its shim, sessions' 0 '^[1-9][0-9]* cases, [1-9][0-9]* passed, 0 failed$' "$weft" conform --session "$top/vectors/recorded" --shim 'python3 both.py'
[ "$(sed -n 's/^\([0-9]*\) cases, .*/\1/p' out)" -gt 300 ] && pass || fail 'README: few questions of the sessions'
sed 's/frame\["flag"\] = value/pass/' both.py > lenient.py
expect 'README: its shim, sessions, spoiled' 1 'webrtc_framing.split: messages.[0-9]+.flag is nothing, expected 0' "$weft" conform --session "$one" --shim 'python3 lenient.py'

echo "$passed passed, $failed failed"
exit $((failed > 0))
