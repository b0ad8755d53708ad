/* apps: a reservation on one relay - made, kept, refreshed before it ends, made again when the relay's connection is lost. Sans-IO: the
 * connection is the owner's.
 *
 *   app_reservation_init(&r, &cfg, &callbacks, me);
 *   app_reservation_start(&r, now);                        dial() is called: connect to the relay, then
 *   app_reservation_connected(&r, relay_peer, now);        or app_reservation_disconnected(&r, &why, now) when that fails, or later
 *   reserved(r):  it stands until r->expire; app_reservation_address() is where others find us
 *   failed(r):    not made, or not any more; tried again in `again`
 *   app_reservation_tick(&r, now) by app_reservation_deadline(&r);
 *   app_reservation_end(&r);
 */
#ifndef APPS_RESERVATION_H
#define APPS_RESERVATION_H

#include <weft/relay/relay.h>

#include "apps/host.h"

typedef struct app_reservation app_reservation;

typedef struct app_reservation_callbacks {
  /* Connect to the relay. connected() or disconnected() follows. */
  void (*dial)(void *user, app_reservation *r, weft_time now);
  /* r->answer: with the addresses that the relay tells. */
  void (*reserved)(void *user, app_reservation *r, bool first, weft_time now);
  /* why: layers and steps of relay.h, "multistream" when the relay is none, or those of the connection. */
  void (*failed)(void *user, app_reservation *r, const weft_closed *why, weft_time again, weft_time now);
} app_reservation_callbacks;

typedef struct app_reservation_config {
  weft_peer_id self, relay;
  int64_t unix_at_zero; /* unix seconds at weft_time 0 */
} app_reservation_config;

struct app_reservation {
  app_reservation_config cfg;
  app_reservation_callbacks cb;
  void *user;
  app_protocol hop;
  app_peer *peer;     /* the relay; NULL: not connected */
  app_stream *stream; /* of an exchange under way */
  weft_relay_client *client;
  bool standing, limited, ever;
  const weft_relay_message *answer; /* during reserved() */
  uint64_t expire;                  /* unix seconds */
  weft_time ends_at, act_at, dial_pause, ask_pause;
};

void app_reservation_init(app_reservation *r, const app_reservation_config *cfg, const app_reservation_callbacks *cb,
                          void *user);
/* Without a word to the relay: closing the connection gives the reservation back. */
void app_reservation_end(app_reservation *r);
void app_reservation_start(app_reservation *r, weft_time now);
void app_reservation_connected(app_reservation *r, app_peer *relay, weft_time now);
/* Before the connection's streams and peer are freed, or after. */
void app_reservation_disconnected(app_reservation *r, const weft_closed *why, weft_time now);
void app_reservation_tick(app_reservation *r, weft_time now);
weft_time app_reservation_deadline(const app_reservation *r);
/* <relay's address>/p2p-circuit/webrtc/p2p/<self>; WEFT_ETOOBIG. */
int app_reservation_address(const weft_multiaddr *relay_addr, const weft_peer_id *self, weft_multiaddr *out);

#endif
