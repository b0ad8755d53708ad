#!/bin/sh
# Runs the rows of every peer and writes a markdown table to standard output; what the rows print goes to stderr.
#   PEERS="chromium firefox node go rust py"   ROWS="full chat ipv6 idle ctrlc kill9 streams2000 lossy mux p2p yamux"   RESULTS=file (JSON lines)
set -u
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-chromium firefox node go rust py}
rows=${ROWS:-full chat ipv6 idle ctrlc kill9 streams2000 lossy mux p2p yamux}
results=${RESULTS:-$(mktemp)}
: > "$results"
for peer in $peers; do
  for row in $rows; do
    log=$(mktemp)
    echo "== $peer, row $row" >&2
    ROW=$row "$here/row.sh" "$peer" > "$log" 2>&1
    grep -v '^{"row"' "$log" >&2
    grep '^{"row"' "$log" >> "$results" || echo "{\"row\":\"$peer/$row\",\"result\":\"fail\",\"reason\":\"no result line\"}" >> "$results"
    rm -f "$log"
  done
done
python3 -B "$here/matrix.py" "$results"
