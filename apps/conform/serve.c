#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/conform/child.h"

static void put_line(const json *reply) {
  size_t len;
  char *text = json_write(reply, &len);
  text[len] = '\n'; /* in place of the terminator */
  fwrite(text, 1, len + 1, stdout);
  fflush(stdout);
  free(text);
}

/* A line that is no JSON has no id that could be answered: null. */
static void refuse_line(const char *why) {
  json *reply = json_new(JSON_OBJECT);
  json_put_null(reply, "id");
  json_put_string(reply, "status", "error");
  json_put_string(reply, "error", conform_status_name(CONFORM_BAD));
  json_put_string(reply, "why", why);
  put_line(reply);
  json_free(reply);
}

static void answer(const json *request) {
  const json *id = json_get(request, "id"), *in = json_get(request, "in");
  const char *op = json_text(json_get(request, "op"));
  json *reply = json_new(JSON_OBJECT), *out = json_new(JSON_OBJECT);
  conform_status s = id && op && in ? conform_op(op, in, out) : CONFORM_BAD;
  json_put(reply, "id", id ? json_copy(id) : json_new(JSON_NULL));
  if (s == CONFORM_OK) {
    json_put_string(reply, "status", "ok");
    json_put(reply, "out", out);
    out = NULL;
  } else if (s == CONFORM_UNSUPPORTED) {
    json_put_string(reply, "status", "unsupported");
  } else {
    json_put_string(reply, "status", "error");
    json_put_string(reply, "error", conform_status_name(s));
  }
  put_line(reply);
  json_free(out);
  json_free(reply);
}

int conform_serve(void) {
  char *line = NULL, err[96], why[160];
  size_t cap = 0;
  ssize_t n;
  while ((n = getline(&line, &cap, stdin)) > 0) {
    json *request = json_parse(line, (size_t)n, err, sizeof err);
    if (request)
      answer(request);
    else
      snprintf(why, sizeof why, "the request is not JSON: %s", err), refuse_line(why);
    json_free(request);
  }
  free(line);
  return EXIT_SUCCESS;
}
