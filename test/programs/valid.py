#!/usr/bin/env python3
"""Checks JSON against a schema: valid.py SCHEMA FILE [lines]; with `lines` each line is a document. Needs python3-jsonschema 4 or later."""
import json
import sys

from jsonschema import Draft202012Validator


def main():
    schema, text = json.load(open(sys.argv[1], encoding="utf-8")), open(sys.argv[2], encoding="utf-8").read()
    Draft202012Validator.check_schema(schema)
    validator, wrong, documents = Draft202012Validator(schema), 0, text.splitlines() if sys.argv[3:] == ["lines"] else [text]
    for number, document in enumerate(documents, 1):
        for e in list(validator.iter_errors(json.loads(document)))[:3]:
            wrong += 1
            print("document %d: %s: %s" % (number, "/".join(map(str, e.absolute_path)), e.message[:200]))
    sys.exit(wrong > 0 or not documents)


main()
