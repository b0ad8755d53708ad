/* One whole webrtc-direct session in virtual time: set-up, streams both ways with known bytes, clean end. What the network does to it is drawn
 * from the seed, or given.
 *
 *   session_plan p;
 *   session_plan_random(&p, seed);
 *   session_result r;
 *   if (!session_run(&p, &r)) printf("%s\n", r.why);
 */
#ifndef TEST_SIM_SESSION_H
#define TEST_SIM_SESSION_H

#include "base/base.h"

enum { SESSION_STREAMS = 6 };

typedef struct session_link {
  weft_time delay, jitter, reorder_by;
  uint32_t loss_ppm, duplicate_ppm, corrupt_ppm, reorder_ppm, refuse_ppm;
  uint64_t loss_mask, rate;
  uint32_t queue, mtu;
} session_link;

typedef struct session_plan {
  uint64_t seed;
  session_link up, down; /* from the dialer, from the listener */
  uint8_t version;
  uint16_t mtu;
  bool near_wrap;      /* TSN, SSN and reset numbers about to wrap */
  bool manual_consume; /* the readers are slow */
  bool reset_one;      /* one stream is reset half way */
  unsigned dialer_streams, listener_streams;
  size_t bytes[SESSION_STREAMS]; /* of each stream, each way */
  weft_time limit;               /* virtual; longer is a hang */
  weft_time setup_limit;
} session_plan;

typedef struct session_result {
  char why[256]; /* what went wrong */
  uint64_t hash; /* of everything on the network */
  weft_time ready_after, took;
  uint64_t datagrams, steps;
} session_result;

void session_plan_quiet(session_plan *p, uint64_t seed); /* a perfect network, 20 ms */
void session_plan_random(session_plan *p, uint64_t seed);
bool session_run(const session_plan *p, session_result *r);

#endif
