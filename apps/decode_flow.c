/* Conversations, streams and keys: found by search, all of them bounded. */
#include <stdlib.h>
#include <string.h>

#include "apps/decode_int.h"
#include "base/hash.h"
#include "dtls/dtls.h"

/* ---- keys ---- */

static bool next_line(const char **text, size_t *len, const char **line, size_t *n) {
  if (*len == 0) return false;
  const char *end = memchr(*text, '\n', *len);
  *line = *text;
  *n = end ? (size_t)(end - *text) : *len;
  size_t step = end ? *n + 1 : *n;
  *text += step;
  *len -= step;
  if (*n > 0 && (*line)[*n - 1] == '\r') (*n)--;
  return true;
}

/* "CLIENT_RANDOM <64 digits> <96 digits>"; other labels are of TLS 1.3. */
static bool take_line(decode *d, const char *line, size_t n) {
  static const char label[] = "CLIENT_RANDOM ";
  decode_key k;
  if (n != 14 + 64 + 1 + 96 || memcmp(line, label, 14) != 0 || line[78] != ' ') return false;
  if (weft_hex_decode(k.client_random, 32, line + 14, 64) != WEFT_OK) return false;
  if (weft_hex_decode(k.master, 48, line + 79, 96) != WEFT_OK) return false;
  if (!d->keys) d->keys = malloc(DECODE_KEYS * sizeof *d->keys);
  if (!d->keys || d->keys_len == DECODE_KEYS) return false;
  d->keys[d->keys_len++] = k;
  return true;
}

size_t decode_keylog(decode *d, const char *text, size_t len) {
  const char *line;
  size_t n, found = 0;
  while (next_line(&text, &len, &line, &n)) found += take_line(d, line, n) ? 1 : 0;
  return found;
}

const decode_key *decode_key_of(const decode *d, const uint8_t client_random[32]) {
  for (size_t i = d->keys_len; i-- > 0;)
    if (memcmp(d->keys[i].client_random, client_random, 32) == 0) return &d->keys[i];
  return NULL;
}

/* ---- conversations ---- */

static bool is_flow(const decode_flow *f, const packet *p, unsigned *way) {
  if (f->protocol != p->protocol) return false;
  *way = weft_addr_equal(&f->a, &p->from) && weft_addr_equal(&f->b, &p->to) ? 0 : 1;
  return *way == 0 || (weft_addr_equal(&f->b, &p->from) && weft_addr_equal(&f->a, &p->to));
}

decode_flow *decode_flow_of(decode *d, const packet *p, unsigned *way) {
  for (decode_flow *f = d->flows; f; f = f->next)
    if (is_flow(f, p, way)) return f;
  *way = 0;
  if (d->flows_len == DECODE_FLOWS) return NULL;
  decode_flow *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  f->protocol = p->protocol;
  f->a = p->from;
  f->b = p->to;
  f->next = d->flows;
  d->flows = f;
  d->flows_len++;
  return f;
}

static void free_bytes(decode_bytes *b) {
  if (b->started) weft_webrtc_deframer_free(&b->frames);
  free(b->kept);
}

void decode_flow_clear(decode_flow *f) {
  for (decode_stream *s = f->streams, *next; s; s = next) {
    next = s->next;
    free_bytes(&s->way[0]);
    free_bytes(&s->way[1]);
    free(s);
  }
  f->streams = NULL;
  f->streams_len = 0;
  for (int way = 0; way < 2; way++) {
    decode_sctp_clear(&f->sctp[way]);
    if (f->keyed) weft_dtls_half_stop(&f->half[way]);
    free(f->certificate[way]);
    f->certificate[way] = NULL;
  }
  f->has_client_random = f->has_server_random = f->keyed = f->no_keys_told = false;
}

decode_stream *decode_stream_of(decode_flow *f, uint16_t id) {
  for (decode_stream *s = f->streams; s; s = s->next)
    if (s->id == id) return s;
  if (f->streams_len == DECODE_STREAMS) return NULL;
  decode_stream *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->id = id;
  s->next = f->streams;
  f->streams = s;
  f->streams_len++;
  return s;
}
