#!/bin/bash
# No function longer than 90 lines; also prints how long they are. A function begins with a line at the margin that ends in
# "{" after a ")" and ends with "}" at the margin.
set -u
awk '
  FNR == 1 {inside = 0}
  !inside && /^[A-Za-z_].*\) \{$/ {inside = 1; start = FNR; head = $0; next}
  !inside && /^[A-Za-z_].*[^;]$/ && /\(/ && !/\{/ {pending = FNR}
  !inside && /^[ \t].*\) \{$/ && pending == FNR - 1 {inside = 1; start = pending; head = $0; next}
  inside && /^\}/ {
    n = FNR - start + 1; inside = 0; count++; size[n]++
    if (n > 90) {printf "%s:%d: %d lines: %s\n", FILENAME, start, n, head; bad++}
  }
  END {
    seen = 0; median = 0; p90 = 0
    for (n = 1; n <= 2000; n++) {
      seen += size[n]
      if (!median && seen * 2 >= count) median = n
      if (!p90 && seen * 10 >= count * 9) p90 = n
    }
    printf "%d functions of more than one line: median %d lines, 90 in 100 within %d\n", count, median, p90
    exit bad > 0
  }' "$@" /dev/null
