#!/usr/bin/env python3
"""Writes the schemas of vectors/v1 and SHIM.md from vectors/v1 and ops.py.  python3 test/conformance/generate/documents.py [OUT_DIR], else into vectors"""
import glob
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.dont_write_bytecode = True

from ops import OPS

VECTORS = os.path.join(here, "../../../vectors")
DRAFT = "https://json-schema.org/draft/2020-12/schema"
HEX = re.compile("^([0-9a-f]{2})*$")
NUMBER = re.compile("^(0|[1-9][0-9]*)$")

COMMON = {
    "$schema": DRAFT, "$id": "common.schema.json", "title": "What all files of vectors/v1 have",
    "type": "object", "required": ["type", "layer", "schema", "spec", "mode", "numberOfTests", "notes", "groups"], "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "pattern": "^[a-z0-9_]+$"}, "layer": {"enum": ["base", "multiaddr", "stun", "ice", "dtls", "sctp", "datachannel", "webrtc", "noise", "relay", "libp2p", "yamux"]},
        "schema": {"type": "string"}, "spec": {"type": "array", "minItems": 1, "items": {"type": "string"}}, "mode": {"enum": ["exact", "decode", "reach"]},
        "numberOfTests": {"type": "integer", "minimum": 1},
        "notes": {"type": "object", "additionalProperties": {"type": "object", "required": ["description", "effect", "links"], "additionalProperties": False,
                                                             "properties": {"description": {"type": "string"}, "effect": {"type": "string"}, "links": {"type": "array", "items": {"type": "string", "format": "uri"}}}}},
        "groups": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["params", "tests"], "additionalProperties": False,
                   "properties": {"params": {"type": "object", "required": ["op", "source", "licence"], "additionalProperties": False, "properties": {"op": {"type": "string"}, "source": {"type": "string", "minLength": 1}, "licence": {"type": "string", "minLength": 1}}},
                                  "tests": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/test"}}}}}},
    "$defs": {
        "hex": {"type": "string", "pattern": "^([0-9a-f]{2})*$"},
        "integer": {"oneOf": [{"type": "integer", "minimum": 0, "maximum": 9007199254740992}, {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}]},
        "test": {"type": "object", "required": ["tcId", "comment", "flags", "in", "result"], "additionalProperties": False,
                 "properties": {"tcId": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"}, "comment": {"type": "string"}, "flags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                                "in": {"type": "object"}, "out": {"type": "object"}, "also": {"type": "object"}, "result": {"enum": ["valid", "invalid", "acceptable"]},
                                "error": {"enum": ["malformed", "auth", "state", "limit"]}, "rule": {"type": "string", "minLength": 1}, "check": {"type": "string"}},
                 "oneOf": [{"properties": {"result": {"const": "valid"}, "error": False, "rule": False}, "required": ["out"]},
                           {"properties": {"result": {"const": "invalid"}, "out": False}, "required": ["error", "rule"]},
                           {"properties": {"result": {"const": "acceptable"}, "error": False, "rule": False}}]}}}


def kind_of(values):
    """A schema that all these values fit."""
    kinds = {type(v) for v in values}
    null = type(None) in kinds
    values = [v for v in values if v is not None]
    if not values:
        return {"type": "null"}
    if all(isinstance(v, bool) for v in values):
        out = {"type": "boolean"}
    elif all(isinstance(v, int) or (isinstance(v, str) and NUMBER.match(v)) for v in values) and any(isinstance(v, int) or len(v) > 15 for v in values):
        out = {"$ref": "common.schema.json#/$defs/integer"}
    elif all(isinstance(v, str) for v in values):
        out = {"$ref": "common.schema.json#/$defs/hex"} if all(HEX.match(v) for v in values) and any(len(v) > 3 for v in values) else {"type": "string"}
    elif all(isinstance(v, list) for v in values):
        items = [x for v in values for x in v]
        out = {"type": "array"}
        if items:
            out["items"] = kind_of(items)
    elif all(isinstance(v, dict) for v in values):
        out = object_of(values)
    else:
        out = {"anyOf": [kind_of([v for v in values if type(v) is k]) for k in sorted({type(v) for v in values}, key=str)]}
    return {"anyOf": [out, {"type": "null"}]} if null else out


def object_of(values):
    keys = sorted({k for v in values for k in v})
    required = [k for k in keys if all(k in v for v in values)]
    out = {"type": "object", "properties": {k: kind_of([v[k] for v in values if k in v]) for k in keys}, "additionalProperties": False}
    if required:
        out["required"] = required
    return out


def schema_of(doc, ops):
    rules = []
    for op, tests in ops.items():
        outs = [t["out"] for t in tests if "out" in t]
        body = {"in": object_of([t["in"] for t in tests])}
        if outs:
            body["out"] = dict(object_of(outs))
            body["out"].pop("required", None)
        rules.append({"if": {"properties": {"params": {"properties": {"op": {"const": op}}}}}, "then": {"properties": {"tests": {"items": {"properties": body}}}}, "description": OPS[op]})
    return {"$schema": DRAFT, "$id": doc["schema"], "title": "Tests of type " + doc["type"], "allOf": [{"$ref": "common.schema.json"}],
            "properties": {"type": {"const": doc["type"]}, "layer": {"const": doc["layer"]}, "schema": {"const": doc["schema"]},
                           "groups": {"items": {"properties": {"params": {"properties": {"op": {"enum": sorted(ops)}}}}, "allOf": rules}}}}


SHIM_HEAD = """# The shim protocol

A shim is a program that reads one JSON object per line on standard input and answers each with one line on standard output, in order, and flushed. It ends when
its input ends. What it prints on standard error is shown as it is.

    {"id":7,"op":"varint.decode","in":{"hex":"8001"}}                        a question
    {"id":7,"status":"ok","out":{"value":"128","consumed":2}}                 an answer
    {"id":8,"status":"error","error":"malformed"}                             refused: malformed, auth, state or limit
    {"id":9,"status":"unsupported"}                                           this implementation does not have that

* Octets are lower-case hex. Integers above 2^53 are strings of decimal digits; the runner takes both everywhere. Time is in microseconds (`..._us`).
* `rng` is the randomness of the operation, used up in order; when it runs out, the operation fails. An implementation that cannot be given randomness uses its
  own: operations with `rng` compare no octets that depend on it.
* With `"partial":true` beside `out`, fields that are missing from `out`, or from an object in it, are not compared: for a library that reads more than it shows.
* `out` may have more fields than the case names, and fields that a case does not name are not compared. `null` is the same as absent.
* An operation has no state: whatever it needs is made for it and thrown away.
* Five seconds for an answer (`--case-timeout`), thirty for the first one (`--start-timeout`). A shim that ends, hangs, or prints something else is started again; that case has failed, the run goes on. After
  ten cases in a row without an answer the rest is not asked. A command that the shell cannot start (status 126 or 127 before any answer) ends the run with exit status 2.
* An answer is one line of at most 8 MiB, in UTF-8, and no object in it has a name twice. A shim runs in a process group of its own, which is ended with the run or by a signal that ends it.
* The questions are the cases of `v1`, or are made of recorded sessions (`--session`, FORMAT.md): a shim need not know which.
* A line that is not JSON has no id to answer; `weft-shim` says `{"id":null,"status":"error","error":"bad request","why":...}` and goes on.
* `error` says how the octets were refused, if the implementation can tell; the runner compares it only with `--strict-errors`.

`apps/conform/op_*.c` is the table for this library, behind `weft-shim`; `test/conformance/shims/` has examples for other libraries.

## Operations

Fields in brackets are not in every case. Layer, then operation.
"""


def fields(values):
    keys = []
    for v in values:
        keys += [k for k in v if k not in keys]
    return ", ".join("`%s`" % k if all(k in v for v in values) else "[`%s`]" % k for k in keys) or "nothing"


WORDS = ["algorithm", "base", "class", "context", "cookie_tag", "crc", "direction", "do", "dtls_client", "dtls_role", "event", "family", "key_algorithm", "key_type", "kind", "meaning", "receiver",
         "reliability", "role", "setup", "state", "tag", "tcptype", "transport", "transport_first", "type"]  # fields that are one of a few words
WORDS_HEAD = """
## Words

Fields, at any depth of `in` and `out`, whose text is one of a few words, and those that the cases have.

| field | operations | words |
| --- | --- | --- |
"""


def words_in(value, field=None):
    """Every word in a field of WORDS, with the field."""
    if isinstance(value, str) and field in WORDS:
        yield field, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from words_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from words_in(inner, field)


def words_table(layers):
    """A row for a field with these words: within a type they are counted together, and types that have the same ones share it."""
    of_type, rows = {}, {}
    for op, tests in (x for ops in layers.values() for x in ops):
        for field, word in words_in([t.get(part, {}) for t in tests for part in ("in", "out", "also")]):
            of_type.setdefault((field, op.split(".")[0]), {}).setdefault(word, set()).add(op)
    for (field, _), words in of_type.items():
        rows.setdefault((field, ", ".join("`%s`" % w for w in sorted(words))), set()).update(*words.values())
    return "".join("| `%s` | %s | %s |\n" % (field, ", ".join(sorted(ops)), words) for (field, words), ops in sorted(rows.items()))


def main(out):
    os.makedirs(os.path.join(out, "schema"), exist_ok=True)
    layers = {}
    known = set()
    for path in sorted(glob.glob(os.path.join(VECTORS, "v1/*.json"))):
        doc = json.load(open(path, encoding="utf-8"))
        ops = {}
        for g in doc["groups"]:
            ops.setdefault(g["params"]["op"], []).extend(g["tests"])
        with open(os.path.join(out, "schema", doc["schema"]), "w") as f:
            json.dump(schema_of(doc, ops), f, indent=1)
            f.write("\n")
        known |= set(ops)
        layers.setdefault(doc["layer"], []).extend(ops.items())
    with open(os.path.join(out, "schema/common.schema.json"), "w") as f:
        json.dump(COMMON, f, indent=1)
        f.write("\n")
    with open(os.path.join(out, "SHIM.md"), "w") as f:
        f.write(SHIM_HEAD)
        for layer, ops in layers.items():
            f.write("\n### %s\n\n| operation | in | out | |\n| --- | --- | --- | --- |\n" % layer)
            for op, tests in sorted(ops):
                outs = [t["out"] for t in tests if "out" in t]
                f.write("| %s | %s | %s | %s |\n" % (op, fields([t["in"] for t in tests]), fields(outs) if outs else "nothing", OPS[op]))
        f.write(WORDS_HEAD + words_table(layers))
    print("not in any case:", sorted(set(OPS) - known))


main(sys.argv[1] if len(sys.argv) > 1 else VECTORS)
