/* apps: what libp2p does with the streams of a connection, whatever made the connection - multistream-select on each, identify and ping, and the
 * program's own protocols. Sans-IO like the layers: no socket, no clock.
 *
 *   static const app_protocol chat = {.name = "/webrtc-chat/1.0.0", .opened = chat_opened, .data = chat_data, ...};
 *   const app_protocol *mine[] = {&chat};
 *   app_host_init(&host, &rng, &identity, mine, 1, true, me);
 *   on READY:     app_peer *p = app_peer_new(&host, conn, &app_webrtc_muxer, peer_id, n, now);
 *   on STREAM:    app_peer_stream_event(p, ev->stream, now);
 *   app_stream *s = app_stream_open(p, &chat, now);         opened() is called when the peer agreed
 *   app_host_tick(&host, now) by app_host_deadline(&host);
 *   on CLOSED:    app_peer_free(p, code, now);               closed() of every stream
 */
#ifndef APPS_HOST_H
#define APPS_HOST_H

#include <weft/base/addr.h>
#include <weft/base/stream.h>
#include <weft/libp2p/identify.h>
#include <weft/libp2p/multistream.h>
#include <weft/libp2p/ping.h>
#include <weft/multiaddr/multiaddr.h>
#include <weft/noise/identity.h>

#include "apps/due.h"

typedef struct app_host app_host;
typedef struct app_peer app_peer;
typedef struct app_stream app_stream;

/* The stream calls of a connection. */
typedef struct app_muxer {
  int (*open)(void *conn, uint32_t *stream, weft_time now);
  ptrdiff_t (*send)(void *conn, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
  int (*shutdown)(void *conn, uint32_t stream, weft_time now);
  int (*reset)(void *conn, uint32_t stream, weft_time now);
  int (*consumed)(void *conn, uint32_t stream, size_t n, weft_time now);
  size_t (*room)(const void *conn, uint32_t stream);
} app_muxer;

extern const app_muxer app_webrtc_muxer;  /* conn is a weft_webrtc */
extern const app_muxer app_upgrade_muxer; /* conn is a weft_upgrade */

/* A protocol's callbacks; each may be NULL. data() gives bytes as they came, one call per frame on webrtc. */
typedef struct app_protocol {
  const char *name;
  bool manual_consume; /* data() is followed by app_stream_consumed from the protocol */
  bool dial_only;      /* not accepted from the peer */
  bool limited;        /* may run on a relayed connection (circuit-v2.md: those are limited in time and bytes) */
  void (*opened)(app_stream *s, weft_time now);
  void (*data)(app_stream *s, const uint8_t *data, size_t len, weft_time now);
  void (*remote_closed)(app_stream *s, weft_time now);
  void (*writable)(app_stream *s, weft_time now);
  void (*closed)(app_stream *s, int code, weft_time now); /* last; s is gone after it */
  /* Both or none. deadline() is asked again after every event and tick of the stream; when it changes at another time, say
   * app_stream_rearm(). */
  void (*tick)(app_stream *s, weft_time now);
  weft_time (*deadline)(const app_stream *s);
} app_protocol;

struct app_stream {
  app_peer *peer;
  uint32_t id;
  bool inbound;
  bool remote_closed;
  const app_protocol *protocol;  /* NULL while an inbound stream is negotiating */
  weft_multistream *negotiation; /* NULL once done */
  int refused;                   /* why the negotiation failed, WEFT_OK: it did not */
  void *state;                   /* the protocol's */
  app_stream *next;
  app_due_item due;
};

struct app_peer {
  app_host *host;
  void *conn;
  const app_muxer *muxer;
  char id_text[128];
  weft_peer_id id;
  char agent[128]; /* from identify, "" before */
  bool limited;    /* relayed: only protocols that are `limited` run here; set by whoever made it, before its streams */
  weft_addr remote; /* where it is, family 0 when that is not known; set by whoever made it */
  app_stream *streams;
  void *data; /* the program's */
  app_peer *next, **link;
};

enum { APP_PROTOCOLS_MAX = 16 };

struct app_host {
  weft_rng rng;
  const weft_identity *identity;
  const app_protocol *protocols[APP_PROTOCOLS_MAX];
  /* Names for the listener side of multistream: those for every connection first, then the others. */
  const char *accepted[APP_PROTOCOLS_MAX];
  const app_protocol *accepted_protocols[APP_PROTOCOLS_MAX];
  size_t protocols_len, accepted_len, accepted_limited_len;
  app_peer *peers;
  app_due due; /* the streams that have a deadline */
  void *user;
  void (*identified)(void *user, app_peer *p, const weft_identify *id, weft_time now);
  void (*pinged)(void *user, app_peer *p, weft_time rtt, weft_time now);
  void (*ping_done)(void *user, app_peer *p, const weft_closed *why, weft_time now);
};

/* protocols are borrowed. identify and ping are added by itself. */
void app_host_init(app_host *h, const weft_rng *rng, const weft_identity *identity,
                   const app_protocol *const *protocols, size_t n, void *user);
void app_host_tick(app_host *h, weft_time now);
weft_time app_host_deadline(const app_host *h);
/* One machine, or those behind one NAT: the IPv4 address, or the IPv6 /64, which a host has for itself (RFC 4291 section 2.5.4, RFC 7421). */
bool app_same_source(const weft_addr *a, const weft_addr *b);
size_t app_host_peers_from(const app_host *h, const weft_addr *source);

app_peer *app_peer_new(app_host *h, void *conn, const app_muxer *m, const uint8_t *peer_id, size_t len, weft_time now);
/* The connection is gone: closed(code) for every stream, then the peer's memory. */
void app_peer_free(app_peer *p, int code, weft_time now);
void app_peer_stream_event(app_peer *p, const weft_stream_event *ev, weft_time now);
/* Asks who the peer is; identified() follows. */
int app_peer_identify(app_peer *p, weft_time now);
/* count pings, pinged() for each, then ping_done(). */
int app_peer_ping(app_peer *p, uint32_t count, weft_time interval, weft_time now);

/* NULL and *rc on failure; WEFT_EUNSUPPORTED: the connection is relayed, and this protocol does not run on those. opened()
 * when negotiated; closed(WEFT_EUNSUPPORTED) when the peer does not speak it. */
app_stream *app_stream_open(app_peer *p, const app_protocol *protocol, void *state, int *rc, weft_time now);
ptrdiff_t app_stream_send(app_stream *s, const uint8_t *data, size_t len, weft_time now);
size_t app_stream_room(const app_stream *s);
int app_stream_shutdown(app_stream *s, weft_time now);
void app_stream_reset(app_stream *s, weft_time now);
void app_stream_consumed(app_stream *s, size_t n, weft_time now);
void app_stream_rearm(app_stream *s); /* its protocol's deadline() changed outside an event */

/* The two protocols every host speaks: host_identify.c, host_ping.c. */
extern const app_protocol app_identify_protocol;
extern const app_protocol app_ping_protocol;

#endif
