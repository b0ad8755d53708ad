#!/bin/bash
# vectors/v1 and vectors/recorded against vectors/schema, with any python3 that has jsonschema. Argument: the folder of the vectors.
set -u
for python in python3 /usr/bin/python3; do
  "$python" -c 'import jsonschema' 2> /dev/null || continue
  "$python" -W ignore::DeprecationWarning test/lint/vectors.py "$1" && exec "$python" test/lint/sessions.py "$1"
  exit 1
done
echo 'missing: python3-jsonschema' >&2
exit 1
