#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/conform/child.h"

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
  size_t len;
  char *text = json_write(reply, &len);
  text[len] = '\n';
  fwrite(text, 1, len + 1, stdout);
  fflush(stdout);
  free(text);
  json_free(out);
  json_free(reply);
}

int conform_serve(void) {
  char *line = NULL, err[96];
  size_t cap = 0;
  ssize_t n;
  int status = EXIT_SUCCESS;
  while (status == EXIT_SUCCESS && (n = getline(&line, &cap, stdin)) > 0) {
    json *request = json_parse(line, (size_t)n, err, sizeof err);
    if (request)
      answer(request);
    else
      fprintf(stderr, "weft-shim: a request is not JSON: %s\n", err), status = EXIT_FAILURE;
    json_free(request);
  }
  free(line);
  return status;
}
