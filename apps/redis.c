#define _GNU_SOURCE
#include "apps/redis.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/clock.h"
#include "apps/sockaddr.h"

enum { ANSWER_SECONDS = 10 };

static int fail(char *why, size_t cap, int code, const char *what, const char *detail) {
  snprintf(why, cap, "redis: %s%s%s", what, detail ? ": " : "", detail ? detail : "");
  return code;
}

/* ---- the connection ---- */

static bool split(const char *addr, char *host, size_t cap, const char **port) {
  const char *colon = strrchr(addr, ':');
  size_t n = colon ? (size_t)(colon - addr) : strlen(addr);
  if (n == 0 || n >= cap) return false;
  memcpy(host, addr, n);
  host[n] = 0;
  *port = colon ? colon + 1 : "6379";
  return true;
}

static void learn_local(app_redis *r) {
  struct sockaddr_storage ss;
  socklen_t n = sizeof ss;
  if (getsockname(r->fd, (struct sockaddr *)&ss, &n) == 0) app_sockaddr_to(&r->local, &ss);
}

int app_redis_open(app_redis *r, const char *addr, char *why, size_t cap) {
  char host[256];
  const char *port;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  memset(r, 0, sizeof *r);
  r->fd = -1;
  if (!split(addr, host, sizeof host, &port)) return fail(why, cap, WEFT_EINTERNAL, "not host:port", addr);
  int rc = getaddrinfo(host, port, &hints, &found);
  if (rc != 0) return fail(why, cap, WEFT_EINTERNAL, addr, gai_strerror(rc));
  for (const struct addrinfo *a = found; a && r->fd < 0; a = a->ai_next) {
    r->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->fd >= 0 && connect(r->fd, a->ai_addr, a->ai_addrlen) != 0) {
      rc = errno;
      close(r->fd);
      r->fd = -1;
    }
  }
  freeaddrinfo(found);
  if (r->fd < 0) return fail(why, cap, WEFT_EINTERNAL, addr, strerror(rc));
  learn_local(r);
  return WEFT_OK;
}

void app_redis_close(app_redis *r) {
  if (r->fd >= 0) close(r->fd);
  r->fd = -1;
}

/* ---- words out ---- */

static int send_all(app_redis *r, const char *data, size_t len, char *why, size_t cap) {
  while (len > 0) {
    ssize_t n = send(r->fd, data, len, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(why, cap, WEFT_EINTERNAL, "cannot send", strerror(errno));
    data += n;
    len -= (size_t)n;
  }
  return WEFT_OK;
}

/* An array of bulk strings. */
static int command(app_redis *r, const char *const *words, size_t n, char *why, size_t cap) {
  char out[4096];
  int at = snprintf(out, sizeof out, "*%zu\r\n", n);
  for (size_t i = 0; i < n && at < (int)sizeof out; i++)
    at += snprintf(out + at, sizeof out - (size_t)at, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
  if (at >= (int)sizeof out) return fail(why, cap, WEFT_EINTERNAL, "the command is too long", NULL);
  return send_all(r, out, (size_t)at, why, cap);
}

/* ---- answers in ---- */

static int more(app_redis *r, weft_time until, char *why, size_t cap) {
  struct pollfd p = {r->fd, POLLIN, 0};
  weft_time now = app_clock_now();
  if (r->at > 0) {
    memmove(r->in, r->in + r->at, r->len - r->at);
    r->len -= r->at;
    r->at = 0;
  }
  if (r->len == sizeof r->in) return fail(why, cap, WEFT_EINTERNAL, "an answer too long to be one", NULL);
  int ready = now < until ? poll(&p, 1, (int)((until - now) / 1000 + 1)) : 0;
  if (ready < 0 && errno == EINTR) return WEFT_OK;
  if (ready <= 0) return fail(why, cap, WEFT_ETIMEDOUT, "no answer in time", NULL);
  ssize_t n = recv(r->fd, r->in + r->len, sizeof r->in - r->len, 0);
  if (n <= 0) return fail(why, cap, WEFT_EINTERNAL, "the server closed the connection", n < 0 ? strerror(errno) : NULL);
  r->len += (size_t)n;
  return WEFT_OK;
}

/* One line without its CR LF; valid until the next read. */
static int line(app_redis *r, const char **text, weft_time until, char *why, size_t cap) {
  for (;;) {
    uint8_t *from = r->in + r->at, *end = memmem(from, r->len - r->at, "\r\n", 2);
    if (end) {
      *end = 0;
      *text = (const char *)from;
      r->at += (size_t)(end - from) + 2;
      return WEFT_OK;
    }
    int rc = more(r, until, why, cap);
    if (rc != WEFT_OK) return rc;
  }
}

/* "$5" was read: the bytes and their CR LF. */
static int bulk(app_redis *r, const char *size, char *out, size_t out_cap, weft_time until, char *why, size_t cap) {
  char *end;
  long n = strtol(size, &end, 10);
  if (*end || n < 0 || (size_t)n >= out_cap)
    return fail(why, cap, WEFT_EINTERNAL, "a value of this length is not taken", size);
  while (r->len - r->at < (size_t)n + 2) {
    int rc = more(r, until, why, cap);
    if (rc != WEFT_OK) return rc;
  }
  memcpy(out, r->in + r->at, (size_t)n);
  out[n] = 0;
  r->at += (size_t)n + 2;
  return WEFT_OK;
}

typedef enum answer { NUMBER_OR_STATUS, VALUE, NIL, WRONG_TYPE } answer;

/* The last bulk string of an answer goes to out: BLPOP names the key first. */
static int read_answer(app_redis *r, answer *kind, char *out, size_t out_cap, weft_time until, char *why, size_t cap) {
  const char *text;
  long left = 1;
  *kind = NUMBER_OR_STATUS;
  while (left-- > 0) {
    int rc = line(r, &text, until, why, cap);
    if (rc != WEFT_OK) return rc;
    switch (text[0]) {
    case '+':
    case ':': break;
    case '-':
      *kind = WRONG_TYPE;
      if (strncmp(text + 1, "WRONGTYPE", 9) == 0) break;
      return fail(why, cap, WEFT_EREFUSED, "the server says", text + 1);
    case '*':
      left = strtol(text + 1, NULL, 10);
      if (left > 64) return fail(why, cap, WEFT_EINTERNAL, "an answer that was not asked for", text);
      if (left < 0) *kind = NIL;
      break;
    case '$':
      *kind = text[1] == '-' ? NIL : VALUE;
      if (*kind == VALUE) rc = bulk(r, text + 1, out, out_cap, until, why, cap);
      if (rc != WEFT_OK) return rc;
      break;
    default: return fail(why, cap, WEFT_EINTERNAL, "not a Redis server: it says", text);
    }
  }
  return WEFT_OK;
}

/* ---- commands ---- */

int app_redis_push(app_redis *r, const char *key, const char *value, char *why, size_t cap) {
  const char *words[] = {"RPUSH", key, value};
  char out[64];
  answer kind = NIL;
  int rc = command(r, words, 3, why, cap);
  if (rc == WEFT_OK) rc = read_answer(r, &kind, out, sizeof out, app_clock_now() + WEFT_SEC(ANSWER_SECONDS), why, cap);
  if (rc == WEFT_OK && kind == WRONG_TYPE)
    rc = fail(why, cap, WEFT_EREFUSED, "the key holds something else than a list", key);
  return rc;
}

static int get(app_redis *r, const char *key, answer *kind, char *out, size_t out_cap, char *why, size_t cap) {
  const char *words[] = {"GET", key};
  int rc = command(r, words, 2, why, cap);
  return rc == WEFT_OK ? read_answer(r, kind, out, out_cap, app_clock_now() + WEFT_SEC(ANSWER_SECONDS), why, cap) : rc;
}

int app_redis_pop(app_redis *r, const char *key, unsigned seconds, char *out, size_t out_cap, char *why, size_t cap) {
  weft_time until = app_clock_now() + WEFT_SEC(seconds);
  const char *words[] = {"BLPOP", key, "1"};
  while (app_clock_now() < until) {
    answer kind = NIL;
    int rc = command(r, words, 3, why, cap);
    if (rc == WEFT_OK) rc = read_answer(r, &kind, out, out_cap, app_clock_now() + WEFT_SEC(ANSWER_SECONDS), why, cap);
    if (rc == WEFT_OK && kind == WRONG_TYPE) rc = get(r, key, &kind, out, out_cap, why, cap);
    if (rc != WEFT_OK || kind == VALUE) return rc;
    if (kind == WRONG_TYPE) return fail(why, cap, WEFT_EREFUSED, "the key is neither a list nor a value", key);
  }
  return fail(why, cap, WEFT_ETIMEDOUT, "nobody has published an address under", key);
}
