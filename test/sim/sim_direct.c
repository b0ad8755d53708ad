/* Whole webrtc-direct sessions in virtual time: sim_direct --seeds N --first S [--verbose]. With the first seed also those in which each of the
 * first datagrams of either side is lost in turn: every DTLS flight and every packet of SCTP's handshake. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/sim/session.h"

enum { IN_TURN = 24, REPEAT_EVERY = 20 };

typedef struct tally {
  unsigned passed, failed;
  bool verbose;
} tally;

static void count(tally *t, bool good, const char *name, uint64_t number, const session_result *r) {
  if (good)
    t->passed++;
  else
    t->failed++;
  if (!good)
    printf("FAIL %s %" PRIu64 ": %s\n", name, number, r->why);
  else if (t->verbose)
    printf("ok %s %" PRIu64 ": ready after %" PRIu64 " ms, %" PRIu64 " ms, %" PRIu64 " datagrams, hash %016" PRIx64
           "\n",
           name, number, r->ready_after / 1000, r->took / 1000, r->datagrams, r->hash);
  fflush(stdout);
}

/* The same seed must give the same bytes on the wire. */
static bool repeats(const session_plan *p, session_result *r) {
  session_result again;
  bool good = session_run(p, &again) && again.hash == r->hash;
  if (!good)
    snprintf(r->why, sizeof r->why, "the second run differs: %016" PRIx64 ", %016" PRIx64, r->hash, again.hash);
  return good;
}

static void run_seed(tally *t, uint64_t seed) {
  session_plan p;
  session_result r;
  session_plan_random(&p, seed);
  bool good = session_run(&p, &r);
  if (good && seed % REPEAT_EVERY == 1) good = repeats(&p, &r);
  count(t, good, "seed", seed, &r);
}

/* Seeds that found something. */
static const uint64_t once_failed[] = {400, 722, 3534, 11307, 28354};

static void run_lost_in_turn(tally *t) {
  session_plan p;
  session_result r;
  for (unsigned i = 0; i < IN_TURN; i++) {
    session_plan_quiet(&p, 1000 + i);
    p.up.loss_mask = UINT64_C(1) << i;
    count(t, session_run(&p, &r), "lost from the dialer", i, &r);
    session_plan_quiet(&p, 2000 + i);
    p.down.loss_mask = UINT64_C(1) << i;
    count(t, session_run(&p, &r), "lost from the listener", i, &r);
  }
}

int main(int argc, char **argv) {
  uint64_t seeds = 20, first = 1;
  tally t = {0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
      seeds = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc)
      first = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--verbose") == 0)
      t.verbose = true;
    else {
      fprintf(stderr, "usage: sim_direct [--seeds N] [--first S] [--verbose]\n");
      return 2;
    }
  }
  if (first == 1) run_lost_in_turn(&t);
  for (size_t i = 0; first == 1 && i < sizeof once_failed / sizeof once_failed[0]; i++) run_seed(&t, once_failed[i]);
  for (uint64_t i = 0; i < seeds; i++) run_seed(&t, first + i);
  printf("%u passed, %u failed\n", t.passed, t.failed);
  return t.failed > 0;
}
