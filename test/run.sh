#!/bin/bash
# Runs the commands of a jobs file (name, tab, command per line), several at a time, prints each one's output when it is
# done, adds up what they counted, and ends with "N passed, N failed".
#
#   test/run.sh [-j JOBS] [-t SECONDS] [-l LOGDIR] JOBSFILE
#
# Counted are Check's summary ("100%: Checks: 12, Failures: 0, Errors: 0") and lines that end in "N passed, N failed"; a
# program that prints neither counts as one, by its exit status.
set -u
jobs=2 limit=170 logs=build/log
while getopts j:t:l: o; do
  case $o in
    j) jobs=$OPTARG ;;
    t) limit=$OPTARG ;;
    l) logs=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
list=$1
mkdir -p "$logs"
results=$logs/results.$(basename "$list")
: > "$results"
export limit logs results

one() {
  local name=${1%%$'\t'*} command=${1#*$'\t'} log status start end
  log=$logs/${name//\//_}.log
  start=$(date +%s%N)
  timeout -k 5 "$limit" bash -c "$command" > "$log" 2>&1 < /dev/null
  status=$?
  end=$(date +%s%N)
  [ $status = 124 ] && echo "$name: no end after $limit s" >> "$log"
  (
    flock 9
    awk -v name="$name" -v status=$status '
      /Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
        gsub(/[,:]/, " "); for (i = 1; i < NF; i++) { if ($i == "Checks") c = $(i+1); if ($i == "Failures") f = $(i+1); if ($i == "Errors") e = $(i+1) }
        pass += c - f - e; fail += f + e; counted = 1
      }
      /[0-9]+ passed, [0-9]+ failed$/ { pass += $(NF-3); fail += $(NF-1); counted = 1 }
      END {
        if (!counted && status == 0) pass = 1
        if (status != 0 && fail == 0) fail = 1
        print name "\t" status "\t" pass + 0 "\t" fail + 0
      }' "$log" >> "$results"
    printf -- '-- %s (%d.%d s)%s\n' "$name" $(((end - start) / 1000000000)) $(((end - start) / 100000000 % 10)) \
      "$([ $status = 0 ] || echo " FAILED, exit $status")"
    if [ $status = 0 ]; then tail -n 40 "$log"; else tail -n 200 "$log"; fi
  ) 9> "$logs/lock"
}
export -f one

xargs -P "$jobs" -d '\n' -I{} bash -c 'one "$1"' _ {} < "$list"

awk -F '\t' '
  { pass += $3; fail += $4; if ($2 != 0 || $4 > 0) bad = bad " " $1 }
  END {
    if (bad) print "failed:" bad
    printf "%d passed, %d failed\n", pass, fail
    exit fail > 0 || NR == 0
  }' "$results"
status=$?
expected=$(grep -c . "$list")
finished=$(grep -c . "$results")
[ "$expected" = "$finished" ] || { echo "only $finished of $expected programs ran"; exit 1; }
exit $status
