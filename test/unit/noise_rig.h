/* Two Noise sessions joined by two byte pipes, delivered in pieces of any size. Side 0 is the initiator. */
#ifndef TEST_UNIT_NOISE_RIG_H
#define TEST_UNIT_NOISE_RIG_H

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "noise/noise_int.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

typedef struct noise_rig noise_rig;
typedef struct noise_end {
  noise_rig *r;
  unsigned side;
} noise_end;

typedef struct noise_pipe { /* what that side sent */
  uint8_t *bytes;
  size_t len, at;
} noise_pipe;

struct noise_rig {
  weft_noise *n[2];
  noise_end ends[2];
  noise_pipe out[2], got[2]; /* on the wire; delivered as DATA */
  size_t take[2];            /* output takes at most this per call; 0: nothing */
  int output_error[2];
  unsigned events[2][8], outputs[2];
  char order[2][64]; /* S D R W C */
  weft_closed closed[2];
  char closed_text[2][200];
  uint8_t peer_id[2][WEFT_PEER_ID_MAX], peer_key[2][64], closed_peer[2][WEFT_PEER_ID_MAX];
  size_t peer_id_len[2], peer_key_len[2], closed_peer_len[2];
  char muxers[2][200];
  weft_identity id[2];
  test_rng rng[2];
  weft_time now;
  void (*hook)(noise_rig *r, unsigned side, const weft_noise_event *ev);
};

static inline void noise_pipe_add(noise_pipe *p, const uint8_t *data, size_t len) {
  uint8_t *more = realloc(p->bytes, p->len + len + 1);
  if (!more) abort();
  p->bytes = more;
  if (len > 0) memcpy(p->bytes + p->len, data, len);
  p->len += len;
}

static inline ptrdiff_t noise_rig_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  noise_end *e = user;
  (void)now;
  e->r->outputs[e->side]++;
  if (e->r->output_error[e->side]) return e->r->output_error[e->side];
  size_t n = len < e->r->take[e->side] ? len : e->r->take[e->side];
  noise_pipe_add(&e->r->out[e->side], data, n);
  return (ptrdiff_t)n;
}

static inline void noise_rig_secured(noise_rig *r, unsigned s, const weft_noise_event *ev) {
  memcpy(r->peer_id[s], ev->peer_id, ev->peer_id_len);
  r->peer_id_len[s] = ev->peer_id_len;
  r->peer_key_len[s] = ev->peer_key_len < 64 ? ev->peer_key_len : 64;
  memcpy(r->peer_key[s], ev->peer_key, r->peer_key_len[s]);
  for (size_t i = 0; i < ev->muxers_len; i++) {
    strcat(r->muxers[s], ev->muxers[i]);
    strcat(r->muxers[s], " ");
  }
}

static inline void noise_rig_event(void *user, const weft_noise_event *ev, weft_time now) {
  noise_end *e = user;
  noise_rig *r = e->r;
  unsigned s = e->side;
  (void)now;
  r->events[s][ev->type]++;
  size_t at = strlen(r->order[s]);
  if (at < sizeof r->order[s] - 1) r->order[s][at] = " SDRWC"[ev->type];
  if (ev->type == WEFT_NOISE_EVENT_SECURED) noise_rig_secured(r, s, ev);
  if (ev->type == WEFT_NOISE_EVENT_DATA) noise_pipe_add(&r->got[s], ev->data, ev->len);
  if (ev->type == WEFT_NOISE_EVENT_CLOSED) {
    r->closed[s] = ev->closed;
    strncpy(r->closed_text[s], ev->closed.text, sizeof r->closed_text[s] - 1);
    if (ev->peer_id_len > 0) memcpy(r->closed_peer[s], ev->peer_id, ev->peer_id_len);
    r->closed_peer_len[s] = ev->peer_id_len;
  }
  if (r->hook) r->hook(r, s, ev);
}

static inline weft_noise_config noise_rig_config(noise_rig *r, unsigned side) {
  weft_noise_config cfg;
  weft_noise_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.rng = test_rng_init(&r->rng[side], 100 + side);
  cfg.initiator = side == 0;
  cfg.identity = &r->id[side];
  cfg.prologue = (const uint8_t *)"prologue";
  cfg.prologue_len = 8;
  return cfg;
}

static inline int noise_rig_make(noise_rig *r, unsigned side, const weft_noise_config *cfg) {
  weft_noise_callbacks cb = {sizeof cb, noise_rig_output, noise_rig_event};
  r->ends[side] = (noise_end){r, side};
  r->take[side] = SIZE_MAX;
  return weft_noise_new(&r->n[side], cfg, &cb, &r->ends[side]);
}

static inline noise_rig *noise_rig_bare(void) {
  noise_rig *r = calloc(1, sizeof *r);
  if (!r || sodium_init() < 0) abort();
  for (unsigned i = 0; i < 2; i++) {
    uint8_t seed[32];
    memset(seed, 0x10 + (int)i, sizeof seed);
    ck_assert_int_eq(weft_identity_from_seed(&r->id[i], seed), WEFT_OK);
  }
  return r;
}

static inline noise_rig *noise_rig_new(void) {
  noise_rig *r = noise_rig_bare();
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_config cfg = noise_rig_config(r, i);
    ck_assert_int_eq(noise_rig_make(r, i, &cfg), WEFT_OK);
  }
  return r;
}

static inline void noise_rig_free(noise_rig *r) {
  for (unsigned i = 0; i < 2; i++) {
    weft_noise_free(r->n[i]);
    free(r->out[i].bytes);
    free(r->got[i].bytes);
  }
  free(r);
}

/* Gives what side `from` sent to the other side, `piece` bytes at a time; false when nothing was there. */
static inline bool noise_rig_pass(noise_rig *r, unsigned from, size_t piece) {
  noise_pipe *p = &r->out[from];
  if (p->at == p->len) return false;
  while (p->at < p->len) {
    size_t n = p->len - p->at < piece ? p->len - p->at : piece;
    uint8_t *copy = malloc(n); /* exactly n bytes, so that a sanitizer sees a read beyond them */
    if (!copy) abort();
    memcpy(copy, p->bytes + p->at, n);
    p->at += n;
    if (r->n[1 - from]) weft_noise_input(r->n[1 - from], copy, n, r->now);
    free(copy);
  }
  return true;
}

static inline void noise_rig_run(noise_rig *r, size_t piece) {
  for (bool more = true; more;) {
    more = noise_rig_pass(r, 0, piece);
    more = noise_rig_pass(r, 1, piece) || more;
  }
}

static inline noise_rig *noise_rig_secure(void) {
  noise_rig *r = noise_rig_new();
  for (unsigned i = 0; i < 2; i++) ck_assert_int_eq(weft_noise_start(r->n[i], 0), WEFT_OK);
  noise_rig_run(r, SIZE_MAX);
  ck_assert(weft_noise_secured(r->n[0]) && weft_noise_secured(r->n[1]));
  return r;
}

static inline ptrdiff_t noise_rig_send(noise_rig *r, unsigned side, const char *text) {
  return weft_noise_send(r->n[side], (const uint8_t *)text, strlen(text), r->now);
}

static inline weft_noise_stats noise_rig_stats(const noise_rig *r, unsigned side) {
  weft_noise_stats s = {.size = sizeof s};
  weft_noise_get_stats(r->n[side], &s);
  return s;
}

#define ck_assert_closed(r, side, want_who, want_step, want_code) \
  do { \
    ck_assert_uint_eq((r)->events[side][WEFT_NOISE_EVENT_CLOSED], 1); \
    ck_assert_str_eq((r)->closed[side].layer, "noise"); \
    ck_assert_str_eq((r)->closed[side].step, want_step); \
    ck_assert_int_eq((r)->closed[side].code, want_code); \
    ck_assert_int_eq((int)(r)->closed[side].who, (int)(want_who)); \
    ck_assert_uint_gt(strlen((r)->closed_text[side]), 0); \
  } while (0)

#endif
