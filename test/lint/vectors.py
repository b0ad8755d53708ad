#!/usr/bin/env python3
"""Validates vectors/v1 and vectors/expect against vectors/schema (JSON Schema 2020-12). Arguments: the folder of the vectors. Needs python3-jsonschema 4 or later."""
import glob
import json
import os
import sys

from jsonschema import Draft202012Validator, RefResolver


def main():
    top, bad, cases = sys.argv[1], 0, 0
    schemas = {os.path.basename(p): json.load(open(p)) for p in glob.glob(os.path.join(top, "schema/*.json"))}
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
    paths = sorted(glob.glob(os.path.join(top, "v1/*.json")))
    for path in paths:
        doc = json.load(open(path, encoding="utf-8"))
        schema = schemas.get(doc.get("schema"))
        if schema is None:
            print("%s: no schema %s" % (path, doc.get("schema")))
            bad += 1
            continue
        cases += doc["numberOfTests"]
        resolver = RefResolver.from_schema(schema, store=schemas)
        for e in list(Draft202012Validator(schema, resolver=resolver).iter_errors(doc))[:5]:
            bad += 1
            print("%s: %s: %s" % (path, "/".join(str(x) for x in e.absolute_path), e.message[:200]))
    expectations = sorted(glob.glob(os.path.join(top, "expect/**/*.json"), recursive=True))
    entries = Draft202012Validator(schemas["expect.schema.json"])
    for path in expectations:
        for e in list(entries.iter_errors(json.load(open(path, encoding="utf-8"))))[:5]:
            bad += 1
            print("%s: %s: %s" % (path, "/".join(str(x) for x in e.absolute_path), e.message[:200]))
    print("%d files, %d cases, %d schemas: %d wrong" % (len(paths) + len(expectations), cases, len(schemas), bad))
    sys.exit(bad > 0 or not paths)


main()
