#!/usr/bin/env python3
"""Checks lines of --json output against apps/events.schema.json. Arguments: the schema, the file of lines. Needs python3-jsonschema 4 or later."""
import json
import sys

from jsonschema import Draft202012Validator


def why(schema, event, error):
    """Of the alternatives, the one that is this event's says what is wrong."""
    for branch in schema["oneOf"]:
        if isinstance(event, dict) and branch["properties"]["event"]["const"] == event.get("event"):
            for e in Draft202012Validator(branch).iter_errors(event):
                return "%s: %s" % ("/".join(map(str, e.absolute_path)), e.message)
    return error.message


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator, lines, wrong = Draft202012Validator(schema), 0, 0
    for line in open(sys.argv[2], encoding="utf-8"):
        lines += 1
        try:
            event = json.loads(line)
            bad = [why(schema, event, e) for e in validator.iter_errors(event)]
        except ValueError as e:
            bad = [str(e)]
        wrong += bool(bad)
        if bad and wrong <= 5:
            print("%s: %s" % (bad[0][:200], line.strip()[:200]))
    print("%d lines of --json, %d not as the schema has them" % (lines, wrong))
    sys.exit(wrong > 0 or lines == 0)


main()
