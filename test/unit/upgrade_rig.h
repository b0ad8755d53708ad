/* Two upgrades joined by two byte pipes, delivered in pieces of any size; side 0 dials. What each side was told is in
 * `log`: S secured, R ready, C closed; streams as o O d f w r c with their id. */
#ifndef TEST_UNIT_UPGRADE_RIG_H
#define TEST_UNIT_UPGRADE_RIG_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libp2p/upgrade_int.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

typedef struct upgrade_rig upgrade_rig;
typedef struct upgrade_end {
  upgrade_rig *r;
  unsigned side;
} upgrade_end;

typedef struct upgrade_pipe {
  uint8_t *bytes;
  size_t len, cap;
} upgrade_pipe;

struct upgrade_rig {
  weft_upgrade *u[2];
  upgrade_end ends[2];
  upgrade_pipe out[2], got[2];
  size_t take[2];
  int output_error[2];
  char log[2][2000];
  uint32_t last_data[2];
  weft_closed closed[2];
  char closed_text[2][200], closed_layer[2][20], closed_step[2][40];
  uint8_t peer_id[2][WEFT_PEER_ID_MAX];
  size_t peer_id_len[2];
  weft_identity id[2];
  test_rng rng[2];
  weft_time now;
  void (*hook)(upgrade_rig *r, unsigned side, const weft_upgrade_event *ev);
};

static inline void upgrade_pipe_add(upgrade_pipe *p, const uint8_t *data, size_t len) {
  while (p->len + len > p->cap) {
    p->cap = p->cap ? 2 * p->cap : 4096;
    p->bytes = realloc(p->bytes, p->cap);
    if (!p->bytes) abort();
  }
  if (len > 0) memcpy(p->bytes + p->len, data, len);
  p->len += len;
}

static inline ptrdiff_t upgrade_rig_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  upgrade_end *e = user;
  upgrade_rig *r = e->r;
  unsigned s = e->side;
  (void)now;
  ck_assert_ptr_nonnull(r->u[s]);
  if (r->output_error[s]) return r->output_error[s];
  size_t n = len < r->take[s] ? len : r->take[s];
  if (r->take[s] != SIZE_MAX) r->take[s] -= n;
  upgrade_pipe_add(&r->out[s], data, n);
  return (ptrdiff_t)n;
}

static inline void upgrade_rig_note(upgrade_rig *r, unsigned s, const char *letter, uint32_t stream) {
  bool repeated = letter[0] == 'd' && r->last_data[s] == stream;
  r->last_data[s] = letter[0] == 'd' ? stream : 0;
  size_t n = strlen(r->log[s]);
  if (!repeated) snprintf(r->log[s] + n, sizeof r->log[s] - n, stream ? "%s%u " : "%s ", letter, (unsigned)stream);
}

static inline void upgrade_rig_peer(upgrade_rig *r, unsigned s, const weft_upgrade_event *ev) {
  r->peer_id_len[s] = ev->peer_id_len;
  if (ev->peer_id_len > 0) memcpy(r->peer_id[s], ev->peer_id, ev->peer_id_len);
}

static inline void upgrade_rig_closed(upgrade_rig *r, unsigned s, const weft_closed *c) {
  r->closed[s] = *c;
  snprintf(r->closed_text[s], sizeof r->closed_text[s], "%s", c->text);
  snprintf(r->closed_layer[s], sizeof r->closed_layer[s], "%s", c->layer);
  snprintf(r->closed_step[s], sizeof r->closed_step[s], "%s", c->step);
}

static inline void upgrade_rig_event(void *user, const weft_upgrade_event *ev, weft_time now) {
  static const char *const letters[] = {"", "o", "d", "f", "r", "w", "c"};
  upgrade_end *e = user;
  upgrade_rig *r = e->r;
  unsigned s = e->side;
  (void)now;
  switch (ev->type) {
  case WEFT_UPGRADE_EVENT_SECURED: upgrade_rig_note(r, s, "S", 0); break;
  case WEFT_UPGRADE_EVENT_READY: upgrade_rig_note(r, s, "R", 0); break;
  case WEFT_UPGRADE_EVENT_CLOSED:
    upgrade_rig_note(r, s, "C", 0);
    upgrade_rig_closed(r, s, &ev->closed);
    break;
  case WEFT_UPGRADE_EVENT_STREAM:
    upgrade_rig_note(r, s,
                     ev->stream->type == WEFT_STREAM_OPENED && !ev->stream->inbound ? "O" : letters[ev->stream->type],
                     ev->stream->stream);
    if (ev->stream->type == WEFT_STREAM_DATA) upgrade_pipe_add(&r->got[s], ev->stream->data, ev->stream->len);
    break;
  }
  if (ev->type != WEFT_UPGRADE_EVENT_STREAM) upgrade_rig_peer(r, s, ev);
  if (r->hook) r->hook(r, s, ev);
}

static inline weft_upgrade_config upgrade_rig_config(upgrade_rig *r, unsigned side) {
  weft_upgrade_config cfg;
  weft_upgrade_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&r->rng[side], 100 + side);
  cfg.identity = &r->id[side];
  cfg.dialer = side == 0;
  return cfg;
}

static inline int upgrade_rig_make(upgrade_rig *r, unsigned side, const weft_upgrade_config *cfg) {
  weft_upgrade_callbacks cb = {sizeof cb, upgrade_rig_output, upgrade_rig_event};
  r->ends[side] = (upgrade_end){r, side};
  r->take[side] = SIZE_MAX;
  return weft_upgrade_new(&r->u[side], cfg, &cb, &r->ends[side]);
}

static inline upgrade_rig *upgrade_rig_bare(void) {
  upgrade_rig *r = calloc(1, sizeof *r);
  if (!r || sodium_init() < 0) abort();
  r->now = WEFT_SEC(1);
  for (unsigned i = 0; i < 2; i++) {
    uint8_t seed[32];
    memset(seed, 0x10 + (int)i, sizeof seed);
    ck_assert_int_eq(weft_identity_from_seed(&r->id[i], seed), WEFT_OK);
  }
  return r;
}

/* Both made and started. */
static inline upgrade_rig *upgrade_rig_new(bool secured) {
  upgrade_rig *r = upgrade_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_upgrade_config cfg = upgrade_rig_config(r, i);
    cfg.secured = secured;
    ck_assert_int_eq(upgrade_rig_make(r, i, &cfg), WEFT_OK);
    ck_assert_int_eq(weft_upgrade_start(r->u[i], r->now), WEFT_OK);
  }
  return r;
}

static inline void upgrade_rig_give(upgrade_rig *r, unsigned to, const void *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1); /* exactly len bytes, so that a sanitizer sees a read beyond them */
  if (!copy) abort();
  if (len > 0) memcpy(copy, data, len);
  if (r->u[to]) weft_upgrade_input(r->u[to], copy, len, r->now);
  free(copy);
}

static inline bool upgrade_rig_pass(upgrade_rig *r, unsigned from, size_t piece) {
  upgrade_pipe p = r->out[from];
  if (p.len == 0) return false;
  r->out[from] = (upgrade_pipe){0};
  for (size_t at = 0; at < p.len;) {
    size_t n = p.len - at < piece ? p.len - at : piece;
    upgrade_rig_give(r, 1 - from, p.bytes + at, n);
    at += n;
  }
  free(p.bytes);
  return true;
}

static inline void upgrade_rig_run(upgrade_rig *r, size_t piece) {
  for (bool more = true; more;) {
    more = upgrade_rig_pass(r, 0, piece);
    more = upgrade_rig_pass(r, 1, piece) || more;
  }
}

static inline void upgrade_rig_clear(upgrade_rig *r) {
  for (unsigned i = 0; i < 2; i++) {
    r->log[i][0] = 0;
    r->last_data[i] = 0;
    r->got[i].len = 0;
  }
}

static inline upgrade_rig *upgrade_rig_ready(bool secured) {
  upgrade_rig *r = upgrade_rig_new(secured);
  upgrade_rig_run(r, SIZE_MAX);
  for (unsigned i = 0; i < 2; i++) ck_assert_str_eq(r->log[i], secured ? "R " : "S R ");
  upgrade_rig_clear(r);
  return r;
}

static inline void upgrade_rig_free(upgrade_rig *r) {
  for (unsigned i = 0; i < 2; i++) {
    weft_upgrade *u = r->u[i];
    weft_upgrade_free(u);
    free(r->out[i].bytes);
    free(r->got[i].bytes);
  }
  free(r);
}

static inline ptrdiff_t upgrade_rig_send(upgrade_rig *r, unsigned side, uint32_t stream, const char *text) {
  return weft_upgrade_stream_send(r->u[side], stream, (const uint8_t *)text, strlen(text), r->now);
}

static inline uint32_t upgrade_rig_open(upgrade_rig *r, unsigned side) {
  uint32_t id = 0;
  ck_assert_int_eq(weft_upgrade_stream_open(r->u[side], &id, r->now), WEFT_OK);
  return id;
}

static inline bool upgrade_rig_got(const upgrade_rig *r, unsigned side, const char *text) {
  return r->got[side].len == strlen(text) && memcmp(r->got[side].bytes, text, strlen(text)) == 0;
}

#define ck_assert_upgrade_closed(r, side, want_who, want_layer, want_step, want_code) \
  do { \
    const char *log_ = (r)->log[side]; \
    ck_assert(strlen(log_) >= 2 && strcmp(log_ + strlen(log_) - 2, "C ") == 0); \
    ck_assert_ptr_eq(strchr(log_, 'C'), log_ + strlen(log_) - 2); \
    ck_assert_str_eq((r)->closed_layer[side], want_layer); \
    ck_assert_str_eq((r)->closed_step[side], want_step); \
    ck_assert_int_eq((r)->closed[side].code, want_code); \
    ck_assert_int_eq((int)(r)->closed[side].who, (int)(want_who)); \
    ck_assert_uint_gt(strlen((r)->closed_text[side]), 0); \
    ck_assert_uint_eq(weft_upgrade_deadline((r)->u[side]), WEFT_NEVER); \
  } while (0)

#endif
