# Sourced by the tests of the programs before they enter their own folder: what the programs print with --json is kept and, at the end,
# checked against apps/events.schema.json line by line.
events_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

keep_events() { # FILE...: which may be about to be written anew
  cat "$@" 2> /dev/null | grep '^{' >> events.jsonl
}

check_events() { # any python3 that has jsonschema
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import jsonschema' 2> /dev/null || continue
    "$python" "$events_top/test/programs/events.py" "$events_top/apps/events.schema.json" events.jsonl
    return
  done
  echo 'the lines of --json are not checked: python3-jsonschema is missing'
  [ "${NO_INSTALL:-0}" = 1 ]
}
