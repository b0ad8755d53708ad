/* apps: a libp2p connection over any byte stream - a TCP socket, a relayed circuit, channel 0 of webrtc-direct. It upgrades
 * the stream (multistream, Noise, Yamux) and gives the host a peer. Sans-IO, as the host is.
 *
 *   app_link_config cfg = {.host = &host, .dialer = true, .expected_peer = id, .expected_peer_len = n};
 *   app_link *l;
 *   app_link_new(&l, &cfg, &(app_link_callbacks){output, ready, closed}, me);
 *   app_link_start(l, now);
 *   on bytes:           app_link_input(l, data, len, now);        always takes them all: windows bound what may come
 *   on their end:       app_link_input_end(l, now);
 *   on room below:      app_link_writable(l, now);
 *   app_link_tick(l, now) by app_link_deadline(l);
 *   on ready:           app_link_peer(l) is the app_peer: app_peer_identify, app_stream_open, ...
 *   app_link_close(l, WEFT_OK, now);                               go-away, then closed
 *   on closed:          app_link_free(l);
 *
 * From `ready` and `closed` everything may be called but input, input_end and tick; from `output` nothing on the same link.
 */
#ifndef APPS_LINK_H
#define APPS_LINK_H

#include "apps/host.h"
#include "apps/record.h"

typedef struct app_link app_link;

typedef struct app_link_config {
  app_host *host; /* its rng and identity; outlives the link */
  bool dialer;
  bool secured; /* the byte stream is authenticated already; then expected_peer is who it is, and required */
  bool limited; /* it is a circuit: the peer will be `limited` */
  const uint8_t *expected_peer; /* NULL: whoever proves to be somebody; copied */
  size_t expected_peer_len;
  weft_time limit; /* from start to ready; 0: 10 s */
  /* What one stream may hold here, coming and going (yamux.h); 0: the defaults. */
  uint32_t window_max, send_limit;
  uint32_t max_streams;   /* that the peer may have open; 0: the default of upgrade.h */
  app_record_link record; /* all zero: it is not recorded. Its owner says app_record_closed() of a TCP connection */
} app_link_config;

typedef struct app_link_callbacks {
  /* Bytes taken; 0: not now (app_link_writable follows); negative: the byte stream is broken. */
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*ready)(void *user, app_link *l, app_peer *p, weft_time now);
  /* Last. Streams have ended; the peer, if there was one, goes with app_link_free. */
  void (*closed)(void *user, app_link *l, const weft_closed *why, weft_time now);
} app_link_callbacks;

/* All three callbacks are needed. WEFT_EINVAL, WEFT_ENOMEM. */
int app_link_new(app_link **out, const app_link_config *cfg, const app_link_callbacks *cb, void *user);
int app_link_start(app_link *l, weft_time now);
void app_link_input(app_link *l, const uint8_t *data, size_t len, weft_time now);
void app_link_input_end(app_link *l, weft_time now);
void app_link_writable(app_link *l, weft_time now);
void app_link_tick(app_link *l, weft_time now);
weft_time app_link_deadline(const app_link *l);
/* closed() follows when output has taken the goodbye, or after 10 s; before ready at once. */
void app_link_close(app_link *l, int code, weft_time now);
/* Without a goodbye: closed() of every stream of the peer, no other callback. From ready and closed, and outside of events;
 * a protocol inside its own callback uses app_link_close. NULL: nothing. */
void app_link_free(app_link *l, weft_time now);
/* By which the recording knows it. */
const void *app_link_conn(const app_link *l);
app_peer *app_link_peer(const app_link *l); /* NULL before ready */
/* Who was proven: after ready, and in closed also when another was expected. NULL when nobody was. */
const weft_peer_id *app_link_proven(const app_link *l);

#endif
