#!/bin/bash
# Lines reached, per folder, from the coverage variant's objects. Arguments: the object folder, then the folders to show.
set -u
objects=$1
shift
gcov=${GCOV:-gcov}
command -v "$gcov" > /dev/null || { echo "missing: gcov (Debian: gcc)" >&2; exit 1; }
printf '%-14s %8s %8s %7s\n' folder lines reached percent
for l in "$@"; do
  [ -d "$objects/$l" ] || continue
  "$gcov" -n "$objects/$l"/*.gcda 2> /dev/null | awk -v layer="$l" '
    /^File / {mine = index($0, "'"'"'" layer "/") > 0}
    /^Lines executed:/ && mine {split($0, a, /[:% ]+/); lines += a[5]; reached += a[3] * a[5] / 100; mine = 0}
    END {if (lines) printf "%-14s %8d %8d %6.1f%%\n", layer, lines, reached + 0.5, 100 * reached / lines}'
done
