/* Two Yamux sessions joined by two byte pipes, delivered in pieces of any size; or one session and frames by hand.
 * Side 0 is the client. What each side was told is written down in `log`, one letter an event:
 *   o inbound opened, O outbound opened, d data (once for adjacent pieces), f remote closed, w writable, r reset, c closed
 *   (each with the stream's id), T rtt, G go-away, C closed */
#ifndef TEST_UNIT_YAMUX_RIG_H
#define TEST_UNIT_YAMUX_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"
#include "yamux/yamux_int.h"

typedef struct yamux_rig yamux_rig;
typedef struct yamux_end {
  yamux_rig *r;
  unsigned side;
} yamux_end;

typedef struct yamux_pipe {
  uint8_t *bytes;
  size_t len, at, cap;
} yamux_pipe;

struct yamux_rig {
  weft_yamux *y[2];
  yamux_end ends[2];
  yamux_pipe out[2], got[2]; /* on the wire; delivered as DATA, of all streams */
  size_t take[2];            /* output takes at most this many in all from now on */
  int output_error[2];
  unsigned outputs[2];
  char log[2][4000];
  size_t log_len[2];
  uint32_t last_data[2];
  weft_closed closed[2];
  uint32_t go_away_code[2], reset_wire_code[2];
  int reset_code[2];
  weft_time now;
  void (*hook)(yamux_rig *r, unsigned side, const weft_yamux_event *ev);
};

static inline void yamux_pipe_add(yamux_pipe *p, const uint8_t *data, size_t len) {
  while (p->len + len > p->cap) {
    p->cap = p->cap ? 2 * p->cap : 4096;
    p->bytes = realloc(p->bytes, p->cap);
    if (!p->bytes) abort();
  }
  if (len > 0) memcpy(p->bytes + p->len, data, len);
  p->len += len;
}

static inline ptrdiff_t yamux_rig_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  yamux_end *e = user;
  yamux_rig *r = e->r;
  unsigned s = e->side;
  (void)now;
  r->outputs[s]++;
  if (r->output_error[s]) return r->output_error[s];
  size_t n = len < r->take[s] ? len : r->take[s];
  if (r->take[s] != SIZE_MAX) r->take[s] -= n;
  yamux_pipe_add(&r->out[s], data, n);
  return (ptrdiff_t)n;
}

static inline void yamux_rig_note(yamux_rig *r, unsigned s, const char *letter, uint32_t stream) {
  char text[24];
  bool repeated = letter[0] == 'd' && r->last_data[s] == stream;
  r->last_data[s] = letter[0] == 'd' ? stream : 0;
  if (repeated) return;
  snprintf(text, sizeof text, stream ? "%s%u " : "%s ", letter, (unsigned)stream);
  size_t n = strlen(text);
  if (r->log_len[s] + n >= sizeof r->log[s]) return;
  memcpy(r->log[s] + r->log_len[s], text, n + 1);
  r->log_len[s] += n;
}

static inline void yamux_rig_stream(yamux_rig *r, unsigned s, const weft_stream_event *ev) {
  static const char *const letters[] = {"", "o", "d", "f", "r", "w", "c"};
  bool outbound = ev->type == WEFT_STREAM_OPENED && !ev->inbound;
  yamux_rig_note(r, s, outbound ? "O" : letters[ev->type], ev->stream);
  if (ev->type == WEFT_STREAM_DATA) yamux_pipe_add(&r->got[s], ev->data, ev->len);
  if (ev->type != WEFT_STREAM_RESET) return;
  r->reset_code[s] = ev->code;
  r->reset_wire_code[s] = ev->wire_code;
}

static inline void yamux_rig_event(void *user, const weft_yamux_event *ev, weft_time now) {
  yamux_end *e = user;
  yamux_rig *r = e->r;
  unsigned s = e->side;
  (void)now;
  switch (ev->type) {
  case WEFT_YAMUX_EVENT_STREAM: yamux_rig_stream(r, s, ev->stream); break;
  case WEFT_YAMUX_EVENT_RTT: yamux_rig_note(r, s, "T", 0); break;
  case WEFT_YAMUX_EVENT_GO_AWAY:
    r->go_away_code[s] = ev->go_away_code;
    yamux_rig_note(r, s, "G", 0);
    break;
  case WEFT_YAMUX_EVENT_CLOSED:
    r->closed[s] = ev->closed;
    yamux_rig_note(r, s, "C", 0);
    break;
  }
  if (r->hook) r->hook(r, s, ev);
}

static inline weft_yamux_config yamux_rig_config(unsigned side) {
  weft_yamux_config cfg;
  weft_yamux_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.client = side == 0;
  return cfg;
}

static inline int yamux_rig_make(yamux_rig *r, unsigned side, const weft_yamux_config *cfg) {
  weft_yamux_callbacks cb = {sizeof cb, yamux_rig_output, yamux_rig_event};
  r->ends[side] = (yamux_end){r, side};
  r->take[side] = SIZE_MAX;
  return weft_yamux_new(&r->y[side], cfg, &cb, &r->ends[side]);
}

static inline yamux_rig *yamux_rig_bare(void) {
  yamux_rig *r = calloc(1, sizeof *r);
  if (!r) abort();
  r->now = WEFT_SEC(1);
  return r;
}

static inline void yamux_rig_clear(yamux_rig *r) {
  for (unsigned i = 0; i < 2; i++) {
    r->out[i].len = r->out[i].at = r->got[i].len = 0;
    r->log[i][0] = 0;
    r->log_len[i] = r->last_data[i] = r->outputs[i] = 0;
  }
}

static inline void yamux_rig_give(yamux_rig *r, unsigned to, const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1); /* exactly len bytes, so that a sanitizer sees a read beyond them */
  if (!copy) abort();
  if (len > 0) memcpy(copy, data, len);
  weft_yamux_input(r->y[to], copy, len, r->now);
  free(copy);
}

static inline void yamux_rig_give_hex(yamux_rig *r, unsigned to, const char *text) {
  uint8_t buf[1024];
  yamux_rig_give(r, to, buf, hex_into(buf, sizeof buf, text));
}

/* A frame by hand, with `body` bytes of fill behind it. */
static inline void yamux_rig_frame(yamux_rig *r, unsigned to, unsigned type, unsigned flags, uint32_t stream,
                                   uint32_t length, size_t body) {
  uint8_t *buf = calloc(1, 12 + body);
  weft_yamux_header h = {0, (uint8_t)type, (uint16_t)flags, stream, length};
  if (!buf) abort();
  weft_yamux_header_encode(&h, buf);
  memset(buf + 12, 'x', body);
  weft_yamux_input(r->y[to], buf, 12 + body, r->now);
  free(buf);
}

static inline bool yamux_rig_pass(yamux_rig *r, unsigned from, size_t piece) {
  yamux_pipe *p = &r->out[from];
  if (p->at == p->len) return false;
  while (p->at < p->len) {
    size_t n = p->len - p->at < piece ? p->len - p->at : piece;
    p->at += n;
    yamux_rig_give(r, 1 - from, p->bytes + p->at - n, n);
  }
  p->at = p->len = 0;
  return true;
}

static inline void yamux_rig_run(yamux_rig *r, size_t piece) {
  for (bool more = true; more;) {
    more = yamux_rig_pass(r, 0, piece);
    more = yamux_rig_pass(r, 1, piece) || more;
  }
}

/* Both started, RTT known, logs empty. cfg may be NULL; its role is set here. */
static inline yamux_rig *yamux_rig_pair(const weft_yamux_config *cfg) {
  yamux_rig *r = yamux_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_yamux_config c = cfg ? *cfg : yamux_rig_config(i);
    c.client = i == 0;
    ck_assert_int_eq(yamux_rig_make(r, i, &c), WEFT_OK);
    ck_assert_int_eq(weft_yamux_start(r->y[i], r->now), WEFT_OK);
  }
  yamux_rig_run(r, SIZE_MAX);
  ck_assert_str_eq(r->log[0], "T ");
  ck_assert_str_eq(r->log[1], "T ");
  yamux_rig_clear(r);
  return r;
}

/* Side 1, a server, alone: its peer is the test. Its first ping is out and forgotten. */
static inline yamux_rig *yamux_rig_server(const weft_yamux_config *cfg) {
  yamux_rig *r = yamux_rig_bare();
  weft_yamux_config c = cfg ? *cfg : yamux_rig_config(1);
  c.client = false;
  ck_assert_int_eq(yamux_rig_make(r, 1, &c), WEFT_OK);
  ck_assert_int_eq(weft_yamux_start(r->y[1], r->now), WEFT_OK);
  ck_assert_hex(r->out[1].bytes, r->out[1].len, "000200010000000000000001");
  yamux_rig_clear(r);
  return r;
}

static inline void yamux_rig_free(yamux_rig *r) {
  for (unsigned i = 0; i < 2; i++) {
    weft_yamux_free(r->y[i]);
    free(r->out[i].bytes);
    free(r->got[i].bytes);
  }
  free(r);
}

static inline ptrdiff_t yamux_rig_send(yamux_rig *r, unsigned side, uint32_t stream, const char *text) {
  return weft_yamux_send(r->y[side], stream, (const uint8_t *)text, strlen(text), r->now);
}

static inline uint32_t yamux_rig_open(yamux_rig *r, unsigned side) {
  uint32_t id = 0;
  ck_assert_int_eq(weft_yamux_open(r->y[side], &id, r->now), WEFT_OK);
  return id;
}

static inline weft_yamux_stats yamux_rig_stats(const yamux_rig *r, unsigned side) {
  weft_yamux_stats s = {.size = sizeof s};
  weft_yamux_get_stats(r->y[side], &s);
  return s;
}

#define ck_assert_wire(r, side, want) ck_assert_hex((r)->out[side].bytes, (r)->out[side].len, want)
#define ck_assert_log(r, side, want) ck_assert_str_eq((r)->log[side], want)
#define ck_assert_got(r, side, text) \
  ck_assert((r)->got[side].len == strlen(text) && memcmp((r)->got[side].bytes, text, strlen(text)) == 0)

#define ck_assert_yamux_closed(r, side, want_who, want_step, want_code) \
  do { \
    const char *log_ = (r)->log[side]; \
    ck_assert(strlen(log_) >= 2 && strcmp(log_ + strlen(log_) - 2, "C ") == 0); \
    ck_assert_ptr_eq(strchr(log_, 'C'), log_ + strlen(log_) - 2); \
    ck_assert_str_eq((r)->closed[side].layer, "yamux"); \
    ck_assert_str_eq((r)->closed[side].step, want_step); \
    ck_assert_int_eq((r)->closed[side].code, want_code); \
    ck_assert_int_eq((int)(r)->closed[side].who, (int)(want_who)); \
    ck_assert_uint_gt(strlen((r)->closed[side].text), 0); \
  } while (0)

#endif
