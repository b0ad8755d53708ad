#!/bin/bash
# vectors/v1 and vectors/recorded against vectors/schema, with any python3 that has jsonschema; SHIM.md and the schemas against what documents.py makes of the
# cases. Argument: the folder of the vectors.
set -u
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
python3 test/conformance/generate/documents.py "$made" > "$made/log" || exit 1
for file in SHIM.md $(cd "$made" && ls schema/*); do
  cmp -s "$made/$file" "$1/$file" && continue
  echo "$1/$file: not what test/conformance/generate/documents.py makes of the cases: run it" >&2
  exit 1
done
for python in python3 /usr/bin/python3; do
  "$python" -c 'import jsonschema' 2> /dev/null || continue
  "$python" -W ignore::DeprecationWarning test/lint/vectors.py "$1" && "$python" test/lint/sessions.py "$1"
  exit
done
echo 'missing: python3-jsonschema' >&2
exit 1
