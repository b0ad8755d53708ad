/* Two app_links, each with a host of its own, over a pipe in memory whose cuts and capacity the test decides. */
#ifndef TEST_APP_PIPE_H
#define TEST_APP_PIPE_H

#include <stdlib.h>
#include <string.h>

#include "apps/link.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

enum { APP_PIPE_CAP = 1 << 20 };

typedef struct app_end {
  struct app_end *other;
  void *owner;         /* the test's */
  app_host host, *use; /* use: the host of its link, if not its own */
  test_rng seed;
  weft_identity identity;
  app_link *link;
  app_peer *peer;
  uint8_t *in; /* what the other end wrote and this one has not read */
  size_t in_len;
  size_t room; /* bytes `output` takes before it says: not now */
  unsigned ready, closed;
  weft_closed why;
  bool broken;
} app_end;

typedef struct app_pipe {
  app_end end[2]; /* 0 dials */
  size_t cut;     /* bytes per input call; 0: all */
  weft_time now;
} app_pipe;

static ptrdiff_t app_pipe_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_end *e = user, *to = e->other;
  (void)now;
  if (e->broken) return WEFT_ECLOSED;
  size_t n = len < e->room ? len : e->room;
  if (n > APP_PIPE_CAP - to->in_len) n = APP_PIPE_CAP - to->in_len;
  memcpy(to->in + to->in_len, data, n);
  to->in_len += n;
  e->room -= n;
  return (ptrdiff_t)n;
}

static void app_pipe_ready(void *user, app_link *l, app_peer *p, weft_time now) {
  app_end *e = user;
  (void)l, (void)now;
  e->ready++;
  e->peer = p;
}

static void app_pipe_closed(void *user, app_link *l, const weft_closed *why, weft_time now) {
  app_end *e = user;
  (void)now;
  ck_assert_ptr_eq(l, e->link);
  e->closed++;
  e->why = *why;
}

static const app_link_callbacks app_pipe_callbacks = {app_pipe_output, app_pipe_ready, app_pipe_closed};

static void app_pipe_end_init(app_end *e, uint8_t n, const app_protocol *const *protocols, size_t protocols_len) {
  uint8_t seed[32] = {n};
  weft_rng r = test_rng_init(&e->seed, n);
  ck_assert_int_eq(weft_identity_from_seed(&e->identity, seed), WEFT_OK);
  app_host_init(&e->host, &r, &e->identity, protocols, protocols_len, e);
  e->in = malloc(APP_PIPE_CAP);
  ck_assert_ptr_nonnull(e->in);
  e->room = SIZE_MAX;
}

static __attribute__((unused)) void app_pipe_init(app_pipe *p, const app_protocol *const *protocols,
                                                  size_t protocols_len) {
  memset(p, 0, sizeof *p);
  for (uint8_t i = 0; i < 2; i++) {
    app_pipe_end_init(&p->end[i], (uint8_t)(i + 1), protocols, protocols_len);
    p->end[i].other = &p->end[1 - i];
  }
}

static void app_pipe_start(app_pipe *p, const app_link_config *with) {
  for (int i = 0; i < 2; i++) {
    app_link_config c = with ? *with : (app_link_config){.limit = 0};
    c.host = p->end[i].use ? p->end[i].use : &p->end[i].host;
    c.dialer = i == 0;
    if (c.secured) {
      const app_end *o = &p->end[1 - i];
      c.expected_peer = o->use ? o->use->identity->peer_id : o->identity.peer_id;
      c.expected_peer_len = sizeof o->identity.peer_id;
    }
    ck_assert_int_eq(app_link_new(&p->end[i].link, &c, &app_pipe_callbacks, &p->end[i]), WEFT_OK);
    ck_assert_int_eq(app_link_start(p->end[i].link, p->now), WEFT_OK);
  }
}

/* Moves what was written on this far; true when there was something. */
static bool app_pipe_move(app_pipe *p, int to, size_t most) {
  app_end *e = &p->end[to];
  if (!e->link) e->in_len = 0;
  size_t n = e->in_len < most ? e->in_len : most, cut = p->cut ? p->cut : n;
  uint8_t *data = malloc(n ? n : 1);
  ck_assert_ptr_nonnull(data);
  memcpy(data, e->in, n);
  e->in_len -= n;
  memmove(e->in, e->in + n, e->in_len);
  for (size_t at = 0; at < n && e->link; at += cut)
    app_link_input(e->link, data + at, n - at < cut ? n - at : cut, p->now);
  free(data);
  return n > 0;
}

static void app_pipe_run(app_pipe *p) {
  bool more = true;
  while (more) {
    more = app_pipe_move(p, 0, SIZE_MAX);
    more = app_pipe_move(p, 1, SIZE_MAX) || more;
  }
}

static void app_pipe_free(app_pipe *p) {
  for (int i = 0; i < 2; i++) {
    app_link_free(p->end[i].link, p->now);
    free(p->end[i].in);
  }
}

#endif
