#include "test/conformance/conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

typedef struct tally {
  unsigned cases, passed, failed, unsupported, strict;
} tally;

typedef struct scratch {
  struct scratch *next;
  uint8_t bytes[];
} scratch;

struct conform_ctx {
  const char *filter, *dir, *topic, *path;
  bool verbose;
  const json *at;   /* the next case */
  conform_case now; /* the case under way */
  bool open, judged;
  scratch *scratch;
  tally file, total;
};

static void drop_scratch(conform_ctx *ctx) {
  while (ctx->scratch) {
    scratch *s = ctx->scratch;
    ctx->scratch = s->next;
    free(s);
  }
}

/* ---- verdicts ---- */

static void report(const conform_ctx *ctx, const conform_case *c, const char *verdict, const char *why, va_list args) {
  printf("%s:%d: %s: %s: ", ctx->path, c->node->line, verdict, c->name);
  vprintf(why, args);
  putchar('\n');
}

/* True for the first verdict on a case. */
static bool judge(conform_ctx *ctx, const conform_case *c) {
  bool first = !ctx->judged;
  ctx->judged = true;
  if (!first) {
    printf("%s:%d: fail: %s: more than one verdict\n", ctx->path, c->node->line, c->name);
    ctx->file.failed++;
  }
  return first;
}

void conform_pass(conform_ctx *ctx, const conform_case *c) {
  if (judge(ctx, c)) ctx->file.passed++;
}

void conform_fail(conform_ctx *ctx, const conform_case *c, const char *why, ...) {
  if (!judge(ctx, c)) return;
  if (c->strict)
    ctx->file.strict++;
  else
    ctx->file.failed++;
  if (c->strict && !ctx->verbose) return;
  va_list args;
  va_start(args, why);
  report(ctx, c, c->strict ? "strict" : "fail", why, args);
  va_end(args);
}

void conform_unsupported(conform_ctx *ctx, const conform_case *c, const char *why, ...) {
  if (!judge(ctx, c)) return;
  ctx->file.unsupported++;
  if (!ctx->verbose) return;
  va_list args;
  va_start(args, why);
  report(ctx, c, "unsupported", why, args);
  va_end(args);
}

void conform_strict(conform_ctx *ctx, const conform_case *c, const char *why, ...) {
  if (!judge(ctx, c)) return;
  ctx->file.strict++;
  if (!ctx->verbose) return;
  va_list args;
  va_start(args, why);
  report(ctx, c, "strict", why, args);
  va_end(args);
}

void conform_verdict(conform_ctx *ctx, const conform_case *c, bool pass, const char *why) {
  if (pass)
    conform_pass(ctx, c);
  else
    conform_fail(ctx, c, "%s", why);
}

void conform_refused(conform_ctx *ctx, const conform_case *c, bool refused) {
  const char *reason = json_text(json_get(c->node, "reason"));
  if (refused)
    conform_pass(ctx, c);
  else
    conform_fail(ctx, c, "accepted, though %s", reason ? reason : "it is invalid");
}

/* ---- cases ---- */

static void close_case(conform_ctx *ctx) {
  if (ctx->open && !ctx->judged) conform_fail(ctx, &ctx->now, "no verdict");
  ctx->open = false;
  drop_scratch(ctx);
}

static const char *text_or(const json *j, const char *otherwise) {
  const char *text = json_text(j);
  return text ? text : otherwise;
}

bool conform_next(conform_ctx *ctx, conform_case *c) {
  close_case(ctx);
  while (ctx->at) {
    const json *node = ctx->at;
    ctx->at = node->next;
    *c = (conform_case){
        .name = text_or(json_get(node, "name"), "?"),
        .op = text_or(json_get(node, "op"), "?"),
        .node = node,
        .input = json_get(node, "input"),
        .expected = json_get(node, "expected"),
        .valid = json_bool(json_get(node, "valid"), true),
        .strict = json_bool(json_get(node, "strict"), false),
    };
    if (ctx->filter && !strstr(c->name, ctx->filter) && !strstr(c->op, ctx->filter)) continue;
    ctx->file.cases++;
    ctx->now = *c;
    ctx->open = true;
    ctx->judged = false;
    return true;
  }
  return false;
}

/* ---- fields ---- */

const uint8_t *conform_bytes_of(conform_ctx *ctx, const json *field, size_t *len) {
  *len = 0;
  if (!field || field->type != JSON_STRING) return NULL;
  size_t n = field->len / 2;
  scratch *s = malloc(sizeof *s + n + 1);
  if (!s) return NULL;
  s->next = ctx->scratch;
  ctx->scratch = s;
  if (weft_hex_decode(s->bytes, n, field->text, field->len) != WEFT_OK) return NULL;
  *len = n;
  return s->bytes;
}

const uint8_t *conform_bytes(conform_ctx *ctx, const conform_case *c, const char *path, size_t *len) {
  return conform_bytes_of(ctx, json_find(c->node, path), len);
}

const char *conform_text(const conform_case *c, const char *path) { return json_text(json_find(c->node, path)); }

bool conform_u64(const conform_case *c, const char *path, uint64_t *out) {
  return json_u64(json_find(c->node, path), out);
}

bool conform_has(const conform_case *c, const char *path) { return !json_is_null(json_find(c->node, path)); }

bool conform_hex_is(conform_ctx *ctx, const conform_case *c, const char *path, const uint8_t *data, size_t len) {
  size_t n;
  const uint8_t *want = conform_bytes(ctx, c, path, &n);
  return want && n == len && (n == 0 || memcmp(want, data, n) == 0);
}

bool conform_text_is(const conform_case *c, const char *path, const char *text) {
  const char *want = conform_text(c, path);
  return want && text && strcmp(want, text) == 0;
}

bool conform_u64_is(const conform_case *c, const char *path, uint64_t value) {
  uint64_t want;
  return conform_u64(c, path, &want) && want == value;
}

/* ---- the runner ---- */

static void print_tally(const char *name, const tally *t) {
  printf("%-16s %6u %7u %7u %12u %7u\n", name, t->cases, t->passed, t->failed, t->unsupported, t->strict);
}

static void add(tally *sum, const tally *t) {
  sum->cases += t->cases;
  sum->passed += t->passed;
  sum->failed += t->failed;
  sum->unsupported += t->unsupported;
  sum->strict += t->strict;
}

static void run_topic(conform_ctx *ctx, const conform_topic *topic) {
  char path[512], err[96];
  snprintf(path, sizeof path, "%s/%s.json", ctx->dir, topic->name);
  ctx->topic = topic->name;
  ctx->path = path;
  ctx->file = (tally){0};
  json *doc = json_load(path, err, sizeof err);
  if (!doc) printf("%s: %s\n", path, err);
  ctx->at = json_first(json_get(doc, "cases"));
  if (!doc || topic->run(ctx) != 0) ctx->file.failed++;
  close_case(ctx);
  print_tally(topic->name, &ctx->file);
  add(&ctx->total, &ctx->file);
  json_free(doc);
}

typedef struct choice {
  char **names;
  int n;
} choice;

static bool chosen(const choice *c, const char *topic) {
  for (int i = 0; i < c->n; i++)
    if (strcmp(c->names[i], topic) == 0) return true;
  return c->n == 0;
}

static int usage(const char *program) {
  fprintf(stderr, "usage: %s [--filter TEXT] [--verbose] [--dir DIR] [TOPIC...]\n", program);
  return 2;
}

/* Options first; what remains names topics. */
static bool read_args(conform_ctx *ctx, choice *names, int argc, char **argv) {
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--verbose") == 0)
      ctx->verbose = true;
    else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
      ctx->filter = argv[++i];
    else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
      ctx->dir = argv[++i];
    else
      return false;
  }
  *names = (choice){argv + i, argc - i};
  return true;
}

int conform_main(int argc, char **argv, const conform_topic *topics, size_t n) {
  conform_ctx ctx = {.dir = "vectors/import"};
  choice names;
  if (!read_args(&ctx, &names, argc, argv)) return usage(argv[0]);
  printf("%-16s %6s %7s %7s %12s %7s\n", "vectors", "cases", "passed", "failed", "unsupported", "strict");
  for (size_t i = 0; i < n; i++)
    if (chosen(&names, topics[i].name)) run_topic(&ctx, &topics[i]);
  const tally *t = &ctx.total;
  printf("(%u unsupported, %u strict differences)\n", t->unsupported, t->strict);
  printf("%u cases, %u passed, %u failed\n", t->cases, t->passed, t->failed);
  return t->failed == 0 && t->cases > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
