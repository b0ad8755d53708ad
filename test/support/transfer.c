#include "test/support/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void fill(transfer *t) {
  t->chunk_len = t->bytes - t->sent < TRANSFER_CHUNK ? (size_t)(t->bytes - t->sent) : TRANSFER_CHUNK;
  t->chunk_at = 0;
  for (size_t i = 0; i < t->chunk_len; i++) {
    t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
    t->chunk[i] = (uint8_t)(t->seed >> 56);
  }
  crypto_hash_sha256_update(&t->out, t->chunk, t->chunk_len);
}

void transfer_finish(transfer *t, weft_time now) {
  if (t->shut || !t->stream) return;
  t->shut = true;
  app_stream_shutdown(t->stream, now);
}

static void pump(transfer *t, weft_time now) {
  while (t->sent < t->bytes) {
    if (t->chunk_at == t->chunk_len) fill(t);
    ptrdiff_t n = app_stream_send(t->stream, t->chunk + t->chunk_at, t->chunk_len - t->chunk_at, now);
    if (n <= 0) return;
    t->chunk_at += (size_t)n;
    t->sent += (uint64_t)n;
  }
  if (!t->echoed) transfer_finish(t, now);
}

static void on_opened(app_stream *s, weft_time now) { pump(s->state, now); }
static void on_writable(app_stream *s, weft_time now) { pump(s->state, now); }

static void on_data(app_stream *s, const uint8_t *data, size_t len, weft_time now) {
  transfer *t = s->state;
  crypto_hash_sha256_update(&t->in, data, len);
  t->received += len;
  if (t->unread)
    t->held += len;
  else
    app_stream_consumed(s, len, now);
  if (t->echoed && t->received == t->bytes) t->echoed(t, now);
}

static bool same_hash(transfer *t) {
  uint8_t a[32], b[32];
  crypto_hash_sha256_final(&t->out, a);
  crypto_hash_sha256_final(&t->in, b);
  return t->received == t->bytes && memcmp(a, b, sizeof a) == 0;
}

static void on_closed(app_stream *s, int code, weft_time now) {
  transfer *t = s->state;
  t->stream = NULL;
  t->code = code;
  t->closed(t, code == WEFT_OK && same_hash(t), now);
}

void transfer_complain(const transfer *t) {
  fprintf(stderr, "a stream ended with %s: sent %" PRIu64 ", received %" PRIu64 " of %" PRIu64 "%s\n",
          weft_errname(t->code), t->sent, t->received, t->bytes,
          t->code == WEFT_OK && t->received == t->bytes ? ", other bytes than were sent" : "");
}

void transfer_read_again(transfer *t, weft_time now) {
  t->unread = false;
  if (t->held > 0 && t->stream) app_stream_consumed(t->stream, (size_t)t->held, now);
  t->held = 0;
}

void transfer_protocol(app_protocol *p, const char *name) {
  *p = (app_protocol){.name = name,
                      .manual_consume = true,
                      .dial_only = true,
                      .opened = on_opened,
                      .data = on_data,
                      .writable = on_writable,
                      .closed = on_closed};
}

int transfer_open(transfer *t, app_peer *peer, const app_protocol *p, weft_time now) {
  int rc;
  crypto_hash_sha256_init(&t->out);
  crypto_hash_sha256_init(&t->in);
  t->sent = t->received = t->held = 0;
  t->chunk_at = t->chunk_len = 0;
  t->shut = false;
  t->stream = app_stream_open(peer, p, t, &rc, now);
  if (!t->stream) fprintf(stderr, "cannot open a stream: %s\n", weft_errname(rc));
  return t->stream ? WEFT_OK : rc;
}
