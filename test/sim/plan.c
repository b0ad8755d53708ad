#include <string.h>

#include "test/sim/session.h"
#include "test/support/rng.h"

enum { PERCENT = 10000 /* ppm */ };

void session_plan_quiet(session_plan *p, uint64_t seed) {
  memset(p, 0, sizeof *p);
  p->seed = seed;
  p->version = 1;
  p->mtu = 1200;
  p->up.delay = p->down.delay = WEFT_MS(10);
  p->dialer_streams = p->listener_streams = 1;
  for (size_t i = 0; i < SESSION_STREAMS; i++) p->bytes[i] = 4096;
  p->limit = WEFT_SEC(600);
}

static weft_time between(test_rng *r, weft_time lo, weft_time hi) { return lo + test_rng_u64(r) % (hi - lo + 1); }

/* Loss up to 20 in 100, RTT 1 to 300 ms. */
static void draw_link(session_link *l, test_rng *r, weft_time delay) {
  l->delay = delay;
  if (test_rng_chance(r, 50)) l->jitter = between(r, 0, delay);
  if (test_rng_chance(r, 70)) l->loss_ppm = test_rng_below(r, 20 * PERCENT + 1);
  if (test_rng_chance(r, 30)) l->duplicate_ppm = test_rng_below(r, 5 * PERCENT);
  if (test_rng_chance(r, 30)) l->corrupt_ppm = test_rng_below(r, 1 * PERCENT);
  if (test_rng_chance(r, 20)) l->refuse_ppm = test_rng_below(r, 5 * PERCENT);
  if (test_rng_chance(r, 30)) {
    l->reorder_ppm = test_rng_below(r, 30 * PERCENT);
    l->reorder_by = between(r, WEFT_MS(1), WEFT_MS(100));
  }
  if (test_rng_chance(r, 30)) {
    l->rate = between(r, 50 * 1000, 5 * 1000 * 1000);
    l->queue = 64 * 1024;
  }
}

/* 1 to 256 KiB each; one session in a hundred has 10 MiB. */
static void draw_bytes(session_plan *p, test_rng *r) {
  for (size_t i = 0; i < SESSION_STREAMS; i++)
    p->bytes[i] = (size_t)between(r, 1024, test_rng_chance(r, 80) ? 32 * 1024 : 256 * 1024);
  if (p->seed % 100 != 0) return;
  p->dialer_streams = 1;
  p->listener_streams = 0;
  p->bytes[0] = 10 * 1024 * 1024;
  p->up.loss_ppm /= 4; /* at a loss of 20 in 100 it would be a test of patience */
  p->down.loss_ppm /= 4;
}

void session_plan_random(session_plan *p, uint64_t seed) {
  test_rng r;
  session_plan_quiet(p, seed);
  test_rng_init(&r, seed ^ UINT64_C(0x706c616e));
  weft_time rtt = between(&r, WEFT_MS(1), WEFT_MS(300));
  draw_link(&p->up, &r, rtt / 2);
  draw_link(&p->down, &r, rtt / 2);
  p->version = test_rng_chance(&r, 50) ? 1 : 2;
  p->mtu = (uint16_t)(test_rng_chance(&r, 50) ? 1200 : between(&r, 1200, 1500));
  p->up.mtu = p->down.mtu = p->mtu;
  p->near_wrap = seed % 2 == 0;
  p->manual_consume = test_rng_chance(&r, 30);
  p->reset_one = test_rng_chance(&r, 15);
  p->dialer_streams = 1 + test_rng_below(&r, 4);
  p->listener_streams = test_rng_below(&r, 3);
  draw_bytes(p, &r);
  p->setup_limit = WEFT_SEC(120); /* what is lost here is luck, and the limit has tests of its own */
  p->limit = WEFT_SEC(3600);
}
