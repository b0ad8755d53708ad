/* apps: circuits through a relay, both ends of them - CONNECT on a hop stream, or an inbound stop stream; then the stream carries a libp2p
 * connection of its own (multistream, Noise, Yamux). Sans-IO.
 *
 *   app_circuits all;
 *   app_circuits_init(&all, &callbacks, me);             give &all.stop to app_host_init
 *   app_circuit *c = app_circuit_dial(&all, relay_peer, &target, &rc, now);
 *   opened(c):     the relay joined the two; c->dialer, c->limited, c->relay_text, c->peer_text
 *   up(c, peer):   the far peer is proven to be c->peer_text
 *   closed(c):     last; goodbye: the far peer closed the connection itself
 *   app_circuit_close(c, now);                           go-away, then closed()
 *   app_circuits_tick(&all, now) by app_circuits_deadline(&all);
 *   app_circuits_end(&all, now);
 */
#ifndef APPS_CIRCUIT_H
#define APPS_CIRCUIT_H

#include <weft/relay/relay.h>

#include "apps/link.h"

/* Inbound circuits whose far peer is not proven yet; one more is reset. Each ends within the upgrade's 10 s. */
enum { APP_CIRCUITS_UNPROVEN = 64 };

typedef struct app_circuits app_circuits;

typedef struct app_circuit {
  app_circuits *all;
  bool dialer, limited;
  char relay_text[128], peer_text[128];
  app_peer *relay, *peer; /* peer: from up to closed */
  uint32_t limit_seconds; /* 0: none told */
  uint64_t limit_bytes;
  weft_peer_id far;
  app_stream *stream; /* on the relay's connection; NULL: gone */
  weft_relay_client *client;
  app_link *link;
  bool in_output, pipe_gone, told; /* told: closed() is being called, or was */
  weft_time started;               /* dial, or the stop stream */
  weft_time linger_at;             /* our end is said; for the peer to say its own */
  struct app_circuit *next;
} app_circuit;

typedef struct app_circuits_callbacks {
  void (*opened)(void *user, app_circuit *c, weft_time now);
  void (*up)(void *user, app_circuit *c, app_peer *p, weft_time now);
  /* Streams of the peer end after it, then the peer. Its layers: those of relay.h, and of upgrade.h. */
  void (*closed)(void *user, app_circuit *c, const weft_closed *why, bool goodbye, weft_time now);
} app_circuits_callbacks;

struct app_circuits {
  app_protocol hop, stop;
  app_circuits_callbacks cb;
  void *user;
  app_record *record; /* of the connections inside; NULL: not recorded */
  app_circuit *first;
  unsigned removed;
};

void app_circuits_init(app_circuits *a, const app_circuits_callbacks *cb, void *user);
/* Without a word; no callback. Before the relay connections go. */
void app_circuits_end(app_circuits *a, weft_time now);
/* NULL and *rc when the stream cannot be opened; else closed() follows some time. */
app_circuit *app_circuit_dial(app_circuits *a, app_peer *relay, const weft_peer_id *target, int *rc, weft_time now);
void app_circuit_close(app_circuit *c, weft_time now);
void app_circuits_tick(app_circuits *a, weft_time now);
weft_time app_circuits_deadline(const app_circuits *a);

#endif
