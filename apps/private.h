/* apps: direct connections that are set up over /webrtc-signaling/0.0.1 on a relayed peer. All of a program's share its UDP sockets: each
 * datagram finds its own by ICE's user name, or by the addresses it goes between. Sans-IO.
 *
 *   app_private all;
 *   app_private_init(&all, &callbacks, me);              give &all.protocol to app_host_init
 *   app_private_start(&all, &cfg);
 *   app_private_set_locals(&all, addrs, n, loopback);    socket addresses; app_private_set_stun(&all, servers, n)
 *   app_direct *d = app_private_dial(&all, relayed_peer, &rc, now);       we offer; who comes in is told by INBOUND
 *   on a datagram: app_private_input(&all, &local, &remote, data, len, now);
 *   app_private_tick(&all, now) by app_private_deadline(&all);
 *   on UP:         ev->peer is an app_peer of the host; on FAILED or DOWN d is gone
 *   app_private_end(&all, now);
 */
#ifndef APPS_PRIVATE_H
#define APPS_PRIVATE_H

#include <weft/webrtc/signaling.h>

#include "apps/host.h"
#include "apps/record.h"

/* APP_PRIVATE_NAMES: candidates of one peer behind ".local" names that are remembered. In set-up at once: in all, and of one peer; one more is reset. Set-ups end within the limit, so this bounds what strangers can hold. */
enum {
  APP_PRIVATE_NAMES = 8,
  APP_PRIVATE_SETUPS = 64,
  APP_PRIVATE_SETUPS_PER_PEER = 4,
  APP_PRIVATE_LOCALS = 16,
  APP_PRIVATE_STUN = 4
};

typedef struct app_private app_private;

/* First an attempt, then the connection it made. */
typedef struct app_direct {
  app_private *all;
  bool offerer, superseded, taken; /* taken: the attempt has become the connection */
  bool told;                       /* FAILED or DOWN was */
  char peer_text[128];
  weft_private *attempt;
  weft_webrtc *conn;
  app_stream *signaling; /* NULL: ended, or being closed */
  app_peer *peer;        /* from UP on */
  unsigned addresses;    /* registered */
  weft_addr sent_from, sent_to;
  weft_ice_candidate *named; /* the peer's, until their names are resolved */
  size_t named_len;
  weft_time started, signaled, selected, connected; /* WEFT_NEVER: not reached; the stream opened, SDP exchanged, ... */
  struct app_direct *next;
} app_direct;

typedef enum app_private_event_type {
  APP_PRIVATE_INBOUND = 1,   /* a peer offers; relayed says which */
  APP_PRIVATE_STEP,          /* text */
  APP_PRIVATE_CANDIDATE,     /* candidate, remote_candidate */
  APP_PRIVATE_SELECTED,      /* local, remote, local_type, remote_type */
  APP_PRIVATE_UP,            /* peer, local, remote */
  APP_PRIVATE_PATH,          /* local, remote: they changed */
  APP_PRIVATE_SIGNALING_END, /* the signaling stream is gone */
  APP_PRIVATE_FAILED,        /* before UP; why; d is gone after it */
  APP_PRIVATE_DOWN           /* after UP; why; the peer and d are gone after it */
} app_private_event_type;

typedef struct app_private_event {
  app_private_event_type type;
  app_peer *relayed; /* INBOUND */
  const char *text;
  const weft_ice_candidate *candidate;
  bool remote_candidate;
  const weft_addr *local, *remote;
  weft_ice_candidate_type local_type, remote_type;
  app_peer *peer;
  const weft_closed *why;
} app_private_event;

typedef struct app_private_callbacks {
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*event)(void *user, app_direct *d, const app_private_event *ev, weft_time now);
} app_private_callbacks;

typedef struct app_private_config {
  app_host *host;
  app_record *record; /* NULL: nothing is recorded; else keylog must be set */
  const weft_dtls_cert *cert;
  void (*keylog)(void *user, const char *line); /* may be NULL */
  uint32_t types;  /* candidates of these types alone, ours and theirs (WEFT_ICE_TYPE); 0: all */
  weft_time limit; /* for one set-up; 0: weft_private's own */
} app_private_config;

struct app_private {
  app_protocol protocol;
  app_private_config cfg;
  app_private_callbacks cb;
  void *user;
  weft_ice_mux *mux;
  app_direct *first;
  unsigned setups;  /* not connected yet */
  unsigned removed; /* counts, so that a loop sees that the list changed */
  weft_addr locals[APP_PRIVATE_LOCALS], stun[APP_PRIVATE_STUN];
  size_t locals_len, stun_len;
  bool loopback;
  bool stun_answered; /* something came from one of them since they were set */
};

void app_private_init(app_private *a, const app_private_callbacks *cb, void *user);
/* Before the first peer. WEFT_ENOMEM, WEFT_ERANDOM. */
int app_private_start(app_private *a, const app_private_config *cfg);
/* Frees what is left without a word. */
void app_private_end(app_private *a, weft_time now);
/* For attempts from now on. */
void app_private_set_locals(app_private *a, const weft_addr *addrs, size_t n, bool loopback);
void app_private_set_stun(app_private *a, const weft_addr *servers, size_t n);
/* NULL and *rc when the stream cannot be opened; else UP or FAILED follows. */
app_direct *app_private_dial(app_private *a, app_peer *relayed, int *rc, weft_time now);
/* The address behind a name that a CANDIDATE event told (candidate->host). */
void app_private_resolved(app_private *a, const char *name, const weft_addr *ip, weft_time now);
/* FAILED or DOWN follows before this returns, or when the outermost call does. */
void app_direct_close(app_direct *d, int code, weft_time now);
/* False: nobody here wants it. */
bool app_private_input(app_private *a, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now);
void app_private_tick(app_private *a, weft_time now);
weft_time app_private_deadline(const app_private *a);

#endif
