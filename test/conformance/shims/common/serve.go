// The protocol of vectors/SHIM.md for a shim in Go: a table of operations, each a function of `in` that returns `out` or panics.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
)

type fields map[string]any

// A refusal for a MAC or a signature, and an operation that the library does not have; any other panic is "malformed".
var errAuth, errUnsupported = errors.New("auth"), errors.New("unsupported")

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T { check(err); return v }

func auth(err error) {
	if err != nil {
		panic(errAuth)
	}
}

func text(g fields, k string) string   { s, _ := g[k].(string); return s }
func octets(g fields, k string) []byte { return must(hex.DecodeString(text(g, k))) }
func hx(b []byte) string               { return hex.EncodeToString(b) }

func answer(id any, run func(fields) fields, in fields, partial bool) (out fields) {
	out = fields{"id": id, "status": "unsupported"}
	defer func() {
		if r := recover(); r != nil && r != errUnsupported {
			out["status"], out["error"] = "error", map[bool]string{true: "auth", false: "malformed"}[r == errAuth]
		}
	}()
	if run != nil {
		result := run(in)
		out["status"], out["out"], out["partial"] = "ok", result, partial
	}
	return
}

// serve answers until the input ends; partial are operations of a library that reads more than they give back.
func serve(ops map[string]func(fields) fields, partial map[string]bool) {
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q struct {
			ID any    `json:"id"`
			Op string `json:"op"`
			In fields `json:"in"`
		}
		check(json.Unmarshal(line, &q))
		check(out.Encode(answer(q.ID, ops[q.Op], q.In, partial[q.Op])))
	}
}
