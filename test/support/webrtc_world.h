/* A webrtc-direct listener and dialers on one simulated network, for tests of whole connections.
 *
 *   world w;
 *   world_init(&w, 42);                              listener at 10.0.0.1:4001
 *   w.on_event = my_event; w.user = me;              every event of both sides; world_side says whose
 *   world_side *c = world_dial(&w, 0);               from 10.0.0.2:5000
 *   world_run(&w, WEFT_SEC(5), NULL);                or until a condition holds
 *   world_end(&w);
 */
#ifndef TEST_SUPPORT_WEBRTC_WORLD_H
#define TEST_SUPPORT_WEBRTC_WORLD_H

#include <weft/webrtc/webrtc.h>

#include "test/support/net.h"
#include "test/support/rng.h"

enum { WORLD_DIALERS = 32, WORLD_TEXT = 256 };

typedef struct world world;

/* One end of a connection. */
typedef struct world_side {
  world *w;
  weft_webrtc *c;
  bool server;
  weft_addr addr; /* dialer */
  bool ready, closed_seen;
  unsigned steps; /* STEP events seen, a bit each */
  unsigned paths;
  weft_closed closed;
  char text[WORLD_TEXT];
  void *data;
} world_side;

struct world {
  net net;
  test_rng rng, client_rng;
  weft_identity server_id, client_id;
  weft_dtls_cert *server_cert, *client_cert; /* made once per process */
  weft_addr server_addr;
  weft_webrtc_config server_cfg, client_cfg; /* may be changed before world_listen / world_dial */
  const char *ufrag;                         /* of version 1: dials with this user name in place of a random one */
  weft_webrtc_listener *listener;
  world_side dialers[WORLD_DIALERS], accepted[WORLD_DIALERS];
  size_t accepted_len;
  unsigned refused;
  weft_closed last_refused;
  char refused_text[WORLD_TEXT];
  weft_time now;
  uint64_t steps;
  bool livelock; /* a deadline did not move */
  void (*on_event)(world_side *s, const weft_webrtc_event *ev, weft_time now);
  void *user;
  const weft_alloc *alloc;
};

/* Without listening yet. alloc may be NULL. */
void world_prepare(world *w, uint64_t seed, const weft_alloc *alloc);
void world_listen(world *w);
/* Both. */
void world_init(world *w, uint64_t seed, const weft_alloc *alloc);
/* Dials from 10.0.0.2, port 5000 + index (bound since world_prepare, so that its link can be set before). */
world_side *world_dial(world *w, size_t index);
/* The same, where failing is part of the test. */
bool world_try_listen(world *w);
bool world_try_dial(world *w, size_t index);
/* Lets time pass until `until`, or until done(w) is true (its result is returned). */
bool world_run(world *w, weft_time until, bool (*done)(world *w));
/* One datagram or timer; false: nothing is left to happen before `until`. */
bool world_step(world *w, weft_time until);
bool world_all_ready(world *w);
void world_end(world *w);

#endif
