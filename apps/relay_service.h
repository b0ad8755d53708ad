/* apps: the relay of relay.h on the host's streams - hop streams come in, stop streams are opened, and what passes between them is held back end to end. Sans-IO,
 * as the host is.
 *
 *   app_relay_service_prepare(&relay);                             &relay.hop and &relay.stop are for app_host_init
 *   app_relay_service_init(&relay, &host, &cfg, on_event, me);
 *   on a peer:           app_relay_service_peer(&relay, peer, now);        after its `remote` and `limited` are set
 *   app_relay_service_tick(&relay, now) by app_relay_service_deadline(&relay);
 *   on a peer's end:     app_relay_service_peer_gone(&relay, peer, now);   before the peer is freed
 *   app_relay_service_free(&relay);
 *
 * Of a circuit's direction 16 KiB wait in the relay itself; what the receiver has no room for beyond that stays with its sender's
 * stream, unconsumed, so that no more than that stream's window can come (256 KiB by the Yamux specification).
 */
#ifndef APPS_RELAY_SERVICE_H
#define APPS_RELAY_SERVICE_H

#include <weft/relay/relay.h>

#include "apps/host.h"

typedef struct app_relay_stream app_relay_stream;

typedef struct app_relay_service {
  app_protocol hop, stop; /* give their addresses to app_host_init */
  weft_relay_server *server;
  app_host *host;
  void (*event)(void *user, const weft_relay_server_event *ev, weft_time now);
  void *user;
  app_relay_stream **slots; /* by the number under which the server knows a stream */
  size_t slots_cap, slot_hint, orphans;
  app_relay_stream *dead;
  app_relay_stream *retry; /* those whose receiver has room again */
  unsigned depth;
} app_relay_service;

/* Before app_host_init: sets up the two protocols. */
void app_relay_service_prepare(app_relay_service *r);
/* cfg: limits; identity, signing and callbacks are filled in here. */
int app_relay_service_init(app_relay_service *r, app_host *host, const weft_relay_server_config *cfg,
                           void (*event)(void *user, const weft_relay_server_event *ev, weft_time now), void *user);
void app_relay_service_free(app_relay_service *r);
int app_relay_service_peer(app_relay_service *r, app_peer *p, weft_time now);
void app_relay_service_peer_gone(app_relay_service *r, app_peer *p, weft_time now);
void app_relay_service_tick(app_relay_service *r, weft_time now);
weft_time app_relay_service_deadline(const app_relay_service *r);

#endif
