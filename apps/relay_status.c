#include "apps/relay_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the line ------------------------------------------------------------------------------------------------------------------ */

void app_relay_status_get(app_relay_status *st, const app_relay_service *relay) {
  weft_relay_server_stats s = {.size = sizeof s};
  weft_relay_server_get_stats(relay->server, &s);
  memset(st, 0, sizeof *st);
  st->reservations = s.reservations;
  st->circuits = s.circuits;
  st->circuits_total = s.circuits_total;
  st->bytes = s.bytes_there + s.bytes_back;
  st->bytes_a_to_b = s.bytes_there;
  st->bytes_b_to_a = s.bytes_back;
  memcpy(st->refused, s.refused, sizeof st->refused);
}

size_t app_relay_status_format(const app_relay_status *st, char *out, size_t cap) {
  const char *comma = "";
  size_t n = 0;
  int put = snprintf(out, cap,
                     "{\"reservations\":%" PRIu64 ",\"circuits\":%" PRIu64 ",\"circuits_total\":%" PRIu64
                     ",\"bytes\":%" PRIu64 ",\"bytes_a_to_b\":%" PRIu64 ",\"bytes_b_to_a\":%" PRIu64 ",\"refused\":{",
                     st->reservations, st->circuits, st->circuits_total, st->bytes, st->bytes_a_to_b, st->bytes_b_to_a);
  if (put < 0 || (n += (size_t)put) >= cap) return 0;
  for (size_t i = 1; weft_relay_status_at(i) != 0; i++) { /* the first is OK, no refusal */
    if (st->refused[i] == 0) continue;
    put = snprintf(out + n, cap - n, "%s\"%s\":%" PRIu64, comma, weft_relay_status_name(weft_relay_status_at(i)),
                   st->refused[i]);
    if (put < 0 || (n += (size_t)put) >= cap) return 0;
    comma = ",";
  }
  if (n + 3 > cap) return 0;
  memcpy(out + n, "}}", 3);
  return n + 2;
}

static bool read_number(const char *text, const char *key, uint64_t *out) {
  char quoted[64], *end;
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *p = strstr(text, quoted);
  if (!p) return false;
  p += strlen(quoted);
  if (*p < '0' || *p > '9') return false;
  *out = strtoull(p, &end, 10);
  return *end == ',' || *end == '}';
}

int app_relay_status_parse(app_relay_status *st, const char *text) {
  struct {
    const char *key;
    uint64_t *to;
  } wanted[] = {{"reservations", &st->reservations},     {"circuits", &st->circuits},
                {"circuits_total", &st->circuits_total}, {"bytes", &st->bytes},
                {"bytes_a_to_b", &st->bytes_a_to_b},     {"bytes_b_to_a", &st->bytes_b_to_a}};
  memset(st, 0, sizeof *st);
  if (text[0] != '{') return WEFT_EMALFORMED;
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    if (!read_number(text, wanted[i].key, wanted[i].to)) return WEFT_EMALFORMED;
  for (size_t i = 1; weft_relay_status_at(i) != 0 && i < APP_RELAY_REFUSALS; i++)
    (void)read_number(text, weft_relay_status_name(weft_relay_status_at(i)), &st->refused[i]);
  return WEFT_OK;
}

/* ---- the relay's side -------------------------------------------------------------------------------------------------------------- */

static const app_relay_status_server *server_of(const app_stream *s) {
  return (const app_relay_status_server *)(const void *)((const char *)s->protocol -
                                                         offsetof(app_relay_status_server, protocol));
}

static void serve_opened(app_stream *s, weft_time now) {
  app_relay_status st;
  char line[APP_RELAY_STATUS_MAX];
  const app_peer *p = s->peer;
  bool here = !p->limited && p->remote.family && weft_addr_is_loopback(&p->remote);
  if (here) app_relay_status_get(&st, server_of(s)->relay);
  size_t n = here ? app_relay_status_format(&st, line, sizeof line - 1) : 0;
  if (n > 0) line[n++] = '\n';
  if (n == 0 || app_stream_send(s, (const uint8_t *)line, n, now) != (ptrdiff_t)n)
    app_stream_reset(s, now);
  else
    app_stream_shutdown(s, now);
}

void app_relay_status_serve(app_relay_status_server *s, app_relay_service *relay) {
  s->relay = relay;
  s->protocol = (app_protocol){.name = APP_RELAY_STATUS_PROTOCOL, .opened = serve_opened};
}

/* ---- the asking side ------------------------------------------------------------------------------------------------------------------ */

static void tell(app_relay_status_asker *a, const app_relay_status *st, const char *why, weft_time now) {
  if (a->told) return;
  a->told = true;
  a->done(a->user, st, why, now);
}

static void ask_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  app_relay_status_asker *a = s->state;
  if (a->len + len >= sizeof a->text) {
    app_stream_reset(s, now);
    return;
  }
  memcpy(a->text + a->len, data, len);
  a->len += len;
  a->text[a->len] = 0;
}

static void ask_remote_closed(app_stream *s, weft_time now) {
  app_relay_status_asker *a = s->state;
  app_relay_status st;
  bool good = strlen(a->text) == a->len && app_relay_status_parse(&st, a->text) == WEFT_OK;
  app_stream_shutdown(s, now);
  tell(a, good ? &st : NULL, good ? "" : "the answer is not a relay's status", now);
}

static void ask_closed(app_stream *s, int code, weft_time now) {
  tell(s->state, NULL,
       code == WEFT_EUNSUPPORTED ? "this peer does not tell its status"
                                 : "the relay refused: it tells its status on its own machine alone",
       now);
}

void app_relay_status_asker_init(app_relay_status_asker *a,
                                 void (*done)(void *user, const app_relay_status *st, const char *why, weft_time now),
                                 void *user) {
  memset(a, 0, sizeof *a);
  a->done = done;
  a->user = user;
  a->protocol = (app_protocol){.name = APP_RELAY_STATUS_PROTOCOL,
                               .dial_only = true,
                               .data = ask_data,
                               .remote_closed = ask_remote_closed,
                               .closed = ask_closed};
}

int app_relay_status_ask(app_relay_status_asker *a, app_peer *p, weft_time now) {
  int rc;
  return app_stream_open(p, &a->protocol, a, &rc, now) ? WEFT_OK : rc;
}
