/* Runs the public vectors of vectors/import/<topic>.json against this library.
 *
 * test/conformance/run_<topic>.c has one function; the runner's main is made from the list of these files, opens the topic's
 * file and calls it:
 *
 *   int conform_varint(conform_ctx *ctx) {
 *     conform_case c;
 *     while (conform_next(ctx, &c)) {
 *       if (strcmp(c.op, "encode") == 0) run_encode(ctx, &c);
 *       else conform_unsupported(ctx, &c, "op");
 *     }
 *     return 0;
 *   }
 *   static void run_encode(conform_ctx *ctx, const conform_case *c) {
 *     size_t len; const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
 *     ...
 *     conform_verdict(ctx, c, ok, "value differs");
 *   }
 *
 * Every case gets exactly one verdict; one without a verdict counts as failed. A case marked "strict" in the file (another
 * implementation is lenient there) that disagrees is counted apart and does not fail the run. A non-zero result of the
 * function fails the run ("the file could not be worked through").
 */
#ifndef TEST_CONFORMANCE_CONFORM_H
#define TEST_CONFORMANCE_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/support/json.h"

typedef struct conform_ctx conform_ctx;

typedef struct conform_case {
  const char *name, *op;
  const json *node; /* the whole case */
  const json *input;
  const json *expected; /* NULL for most invalid cases */
  bool valid;           /* false: must be refused */
  bool strict;
} conform_case;

/* The next case that --filter lets through; false after the last. */
bool conform_next(conform_ctx *ctx, conform_case *c);

/* Verdicts. `why` is a printf format. */
void conform_pass(conform_ctx *ctx, const conform_case *c);
void conform_fail(conform_ctx *ctx, const conform_case *c, const char *why, ...) __attribute__((format(printf, 3, 4)));
void conform_unsupported(conform_ctx *ctx, const conform_case *c, const char *why, ...)
    __attribute__((format(printf, 3, 4)));
/* A disagreement that is known and wanted: counted with the strict ones, with the reason shown by --verbose. */
void conform_strict(conform_ctx *ctx, const conform_case *c, const char *why, ...)
    __attribute__((format(printf, 3, 4)));
/* pass or fail */
void conform_verdict(conform_ctx *ctx, const conform_case *c, bool pass, const char *why);
/* For a case with valid false: passes when `refused`. */
void conform_refused(conform_ctx *ctx, const conform_case *c, bool refused);

/* Fields by path from the case ("input.hex", "expected.records.0.length"). What is returned lives until the next
 * conform_next. NULL (or false) when the field is absent, null, or of another kind. */
const uint8_t *conform_bytes(conform_ctx *ctx, const conform_case *c, const char *path, size_t *len);
const uint8_t *conform_bytes_of(conform_ctx *ctx, const json *field, size_t *len);
const char *conform_text(const conform_case *c, const char *path);
bool conform_u64(const conform_case *c, const char *path, uint64_t *out);
bool conform_has(const conform_case *c, const char *path); /* present and not null */
/* True when the hex at `path` is exactly these bytes; an absent field is never equal. */
bool conform_hex_is(conform_ctx *ctx, const conform_case *c, const char *path, const uint8_t *data, size_t len);
bool conform_text_is(const conform_case *c, const char *path, const char *text);
bool conform_u64_is(const conform_case *c, const char *path, uint64_t value);

typedef struct conform_topic {
  const char *name;
  int (*run)(conform_ctx *ctx);
} conform_topic;

/* main of the runner: conform [--filter TEXT] [--verbose] [--dir vectors/import] [TOPIC...]; the exit status. */
int conform_main(int argc, char **argv, const conform_topic *topics, size_t n);

#endif
