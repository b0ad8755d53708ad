# Sourced by tests: valid SCHEMA FILE [lines], with a schema of vectors/schema.
valid_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

valid() { # any python3 that has jsonschema
  local python schema=$valid_top/vectors/schema/$1.schema.json
  shift
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import jsonschema' 2> /dev/null || continue
    "$python" "$valid_top/test/programs/valid.py" "$schema" "$@"
    return
  done
  echo 'not checked against its schema: python3-jsonschema is missing'
  [ "${NO_INSTALL:-0}" = 1 ]
}
