#!/bin/bash
# Runs libFuzzer targets for SECONDS in all, shared among them, several at a time. New inputs are kept in DIR/corpus, what
# crashes in DIR/crashes.
#
#   test/fuzz/run.sh DIR SECONDS JOBS TARGET...
set -u
dir=$1 seconds=$2 jobs=$3
shift 3
[ $# -gt 0 ] || { echo "no fuzz targets"; exit 0; }
[ $jobs -le $# ] || jobs=$#
each=$((seconds * jobs / $#))
[ $each -ge 2 ] || each=2
mkdir -p "$dir/crashes" "$dir/fuzzlog"
export dir each
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

one() {
  local t=$1 log=$dir/fuzzlog/$1.log seeds=test/fuzz/corpus/$1 dict=test/fuzz/corpus/$1.dict
  mkdir -p "$dir/corpus/$t"
  timeout -k 5 $((each + 60)) "$dir/test/fuzz_$t" -max_total_time="$each" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$dir/crashes/$t-" $([ -f "$dict" ] && echo "-dict=$dict") \
    "$dir/corpus/$t" $([ -d "$seeds" ] && echo "$seeds") > "$log" 2>&1
  local status=$? runs
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $status = 0 ]; then
    echo "fuzz $t: ${runs:-0} inputs in $each s, nothing found"
  else
    echo "fuzz $t: FAILED, exit $status"
    tail -n 60 "$log"
    return 1
  fi
}
export -f one

printf '%s\n' "$@" | xargs -P "$jobs" -n1 bash -c 'one "$1" || { echo "$1" >> "$dir/fuzzlog/failed.$PPID"; }' _
failed=$(cat "$dir"/fuzzlog/failed.* 2> /dev/null | wc -l)
rm -f "$dir"/fuzzlog/failed.*
echo "fuzz: $(($# - failed)) passed, $failed failed"
exit $((failed > 0))
