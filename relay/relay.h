/* weft relay: circuit relay v2 - messages, vouchers, the client's reserve, connect and stop exchanges, and the relay itself.
 *
 *   weft_relay_server_config cfg;
 *   weft_relay_server_config_default(&cfg);
 *   cfg.sign = my_sign; cfg.peer_id = my_id; cfg.peer_id_len = n;
 *   weft_relay_server *r;
 *   weft_relay_server_new(&r, &cfg, &callbacks, me);
 *   on a peer:            weft_relay_server_peer(r, conn, peer_id, n, &addr, limited, now);
 *   on a hop stream:      weft_relay_server_stream(r, conn, stream, now);      then its bytes:
 *                         weft_relay_server_input(r, conn, stream, data, len, now);
 *   callbacks:            open_stop (opens a stop stream to a peer), output (writes to a stream), shutdown, reset
 *   weft_relay_server_tick(r, now) by weft_relay_server_deadline(r);
 *   on a peer's end:      weft_relay_server_peer_gone(r, conn, now);
 *   weft_relay_server_free(r);
 *
 * Sources: libp2p specs relay/circuit-v2.md; RFC 0002 (signed envelopes) of the same repository.
 */
#ifndef WEFT_RELAY_RELAY_H
#define WEFT_RELAY_RELAY_H

#include "../base/addr.h"
#include "../base/base.h"
#include "../multiaddr/multiaddr.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_RELAY_HOP_PROTOCOL "/libp2p/circuit/relay/0.2.0/hop"
#define WEFT_RELAY_STOP_PROTOCOL "/libp2p/circuit/relay/0.2.0/stop"
#define WEFT_RELAY_MESSAGE_MAX 4096 /* as go-libp2p's relay.go */
#define WEFT_RELAY_ADDRS_MAX 16

enum { WEFT_RELAY_HOP_RESERVE = 0, WEFT_RELAY_HOP_CONNECT = 1, WEFT_RELAY_HOP_STATUS = 2 };
enum { WEFT_RELAY_STOP_CONNECT = 0, WEFT_RELAY_STOP_STATUS = 1 };
enum {
  WEFT_RELAY_OK = 100,
  WEFT_RELAY_RESERVATION_REFUSED = 200,
  WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED = 201,
  WEFT_RELAY_PERMISSION_DENIED = 202,
  WEFT_RELAY_CONNECTION_FAILED = 203,
  WEFT_RELAY_NO_RESERVATION = 204,
  WEFT_RELAY_MALFORMED_MESSAGE = 400,
  WEFT_RELAY_UNEXPECTED_MESSAGE = 401
};
const char *weft_relay_status_name(int status); /* "NO_RESERVATION"; "unknown status" */
/* The statuses in the order above: weft_relay_status_at(1) is WEFT_RELAY_RESERVATION_REFUSED; 0 beyond the last. */
int weft_relay_status_at(size_t index);

typedef struct weft_relay_bytes {
  const uint8_t *data;
  size_t len;
} weft_relay_bytes;

/* ---- messages: proto.c, voucher.c ---------------------------------------------------------------------------------------------------- */

/* Both HopMessage and StopMessage; pointers go into the decoded bytes. */
typedef struct weft_relay_message {
  int type;   /* -1: absent */
  int status; /* -1: absent */
  bool has_peer, has_reservation, has_limit;
  weft_relay_bytes peer_id;
  weft_relay_bytes addrs[WEFT_RELAY_ADDRS_MAX]; /* of the peer, or of the reservation */
  size_t addrs_len;
  uint64_t expire; /* unix seconds */
  weft_relay_bytes voucher;
  uint32_t limit_duration; /* seconds; 0: absent; a js relay writes milliseconds: take huge values as advice */
  uint64_t limit_data;     /* bytes per direction; 0: absent */
} weft_relay_message;
int weft_relay_hop_decode(weft_relay_message *m, const uint8_t *data, size_t len);
int weft_relay_stop_decode(weft_relay_message *m, const uint8_t *data, size_t len);
int weft_relay_hop_encode(const weft_relay_message *m, uint8_t *out, size_t cap,
                          size_t *len); /* with the uvarint length */
int weft_relay_stop_encode(const weft_relay_message *m, uint8_t *out, size_t cap, size_t *len);

typedef struct weft_relay_envelope { /* RFC 0002 */
  weft_relay_bytes public_key, payload_type, payload, signature;
} weft_relay_envelope;
int weft_relay_envelope_decode(weft_relay_envelope *e, const uint8_t *data, size_t len);
int weft_relay_envelope_encode(const weft_relay_envelope *e, uint8_t *out, size_t cap, size_t *len);
/* The bytes that are signed. */
int weft_relay_envelope_signing_input(const char *domain, const weft_relay_envelope *e, uint8_t *out, size_t cap,
                                      size_t *len);

#define WEFT_RELAY_VOUCHER_DOMAIN "libp2p-relay-rsvp"
typedef struct weft_relay_voucher {
  weft_relay_bytes relay, peer; /* peer ids */
  uint64_t expiration;          /* unix seconds */
} weft_relay_voucher;
int weft_relay_voucher_decode(weft_relay_voucher *v, const uint8_t *data, size_t len);
int weft_relay_voucher_encode(const weft_relay_voucher *v, uint8_t *out, size_t cap, size_t *len);

/* Signs with the relay's key; verifies with a PublicKey protobuf and gives the signer's peer id. The application connects them to weft_identity. */
typedef int (*weft_relay_sign_fn)(void *user, const uint8_t *msg, size_t len, uint8_t *sig, size_t cap,
                                  size_t *sig_len);
typedef int (*weft_relay_verify_fn)(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len,
                                    const uint8_t *sig, size_t sig_len, uint8_t *peer_id, size_t cap,
                                    size_t *peer_id_len);

/* Signs v and puts it into an envelope. public_key is the PublicKey protobuf. What sign answers other than WEFT_OK is
 * handed on; WEFT_ETOOBIG. */
#define WEFT_RELAY_SIGNATURE_MAX 1024
int weft_relay_voucher_sign(const weft_relay_voucher *v, weft_relay_bytes public_key, weft_relay_sign_fn sign,
                            void *sign_user, uint8_t *out, size_t cap, size_t *len);

/* RFC 0003: the payload of an envelope with domain "libp2p-peer-record" and payload type 03 01. */
typedef struct weft_relay_peer_record {
  weft_relay_bytes peer_id;
  uint64_t seq;
  weft_relay_bytes addrs[WEFT_RELAY_ADDRS_MAX]; /* multiaddrs; those beyond are left out */
  size_t addrs_len;
} weft_relay_peer_record;
int weft_relay_peer_record_decode(weft_relay_peer_record *p, const uint8_t *data, size_t len);

/* ---- client: hop.c, stop.c -------------------------------------------------------------------------------------------------------------- */

/* One exchange on one negotiated stream. RESERVE: on RESERVED the reservation stands until `expire`; reserve again at refresh_at. CONNECT: on CIRCUIT
 * the stream is the circuit: bytes from data + taken on are the peer's. ACCEPT (on an inbound stop stream): on CIRCUIT likewise. */
typedef enum weft_relay_client_kind {
  WEFT_RELAY_RESERVE = 1,
  WEFT_RELAY_CONNECT = 2,
  WEFT_RELAY_ACCEPT = 3
} weft_relay_client_kind;

typedef struct weft_relay_client weft_relay_client;

typedef struct weft_relay_client_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  weft_relay_client_kind kind;
  const uint8_t *relay_id, *self_id, *target_id; /* peer ids; target: CONNECT. Copied */
  size_t relay_id_len, self_id_len, target_id_len;
  weft_relay_verify_fn verify; /* RESERVE; required there */
  void *verify_user;
  int64_t unix_at_zero; /* unix seconds at weft_time 0 */
  weft_time limit;      /* default 10 s */
} weft_relay_client_config;

typedef enum weft_relay_client_event_type {
  WEFT_RELAY_CLIENT_RESERVED = 1,
  WEFT_RELAY_CLIENT_CIRCUIT = 2,
  WEFT_RELAY_CLIENT_CLOSED = 3
} weft_relay_client_event_type;

typedef struct weft_relay_client_event {
  weft_relay_client_event_type type;
  uint64_t expire;                   /* RESERVED */
  weft_time refresh_at;              /* RESERVED */
  const weft_relay_message *message; /* RESERVED, CIRCUIT: addresses and limit */
  bool limited;                      /* CIRCUIT, RESERVED: a Limit came with it */
  weft_relay_bytes peer_id;          /* CIRCUIT of ACCEPT: who connects */
  weft_closed closed;                /* wire_code: the status */
} weft_relay_client_event;

typedef struct weft_relay_client_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_relay_client_event *ev, weft_time now);
} weft_relay_client_callbacks;

#define weft_relay_client_config_default(c) weft_relay_client_config_init((c), sizeof *(c))
void weft_relay_client_config_init(weft_relay_client_config *c, size_t size);
int weft_relay_client_new(weft_relay_client **out, const weft_relay_client_config *cfg,
                          const weft_relay_client_callbacks *cb, void *user);
void weft_relay_client_free(weft_relay_client *c);
int weft_relay_client_start(weft_relay_client *c, weft_time now);
ptrdiff_t weft_relay_client_input(weft_relay_client *c, const uint8_t *data, size_t len,
                                  weft_time now); /* bytes taken */
int weft_relay_client_input_end(weft_relay_client *c, weft_time now);
int weft_relay_client_tick(weft_relay_client *c, weft_time now);
weft_time weft_relay_client_deadline(const weft_relay_client *c);

/* ---- the relay: server.c ------------------------------------------------------------------------------------------------------------------- */

typedef struct weft_relay_server weft_relay_server;

typedef struct weft_relay_server_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  const uint8_t *peer_id;  /* of the relay; copied */
  size_t peer_id_len;
  const uint8_t *public_key; /* PublicKey protobuf, for the voucher's envelope; copied */
  size_t public_key_len;
  weft_relay_sign_fn sign; /* required */
  void *sign_user;
  int64_t unix_at_zero;
  const weft_relay_bytes *addrs; /* multiaddrs put into reservations; copied; at most WEFT_RELAY_ADDRS_MAX */
  size_t addrs_len;
  uint32_t max_reservations;                                     /* default 16; 0: unlimited, here and below */
  uint32_t max_reservations_per_peer;                            /* default 1 */
  uint32_t max_reservations_per_ip;                              /* default 16; IPv6: per /56 */
  uint32_t max_circuits;                                         /* default 32 */
  uint32_t max_circuits_per_peer;                                /* default 4 */
  uint32_t circuit_seconds;                                      /* default 3600 */
  uint64_t circuit_bytes;                                        /* per direction, default 100 MiB */
  uint32_t reservation_seconds;                                  /* default 3600 */
  uint32_t buffer;                                               /* per direction of a circuit, default 16 KiB */
  weft_time stop_limit;                                          /* default 10 s */
  bool (*allow)(void *user, const uint8_t *peer_id, size_t len); /* NULL: all */
  void *allow_user;
  weft_time hop_limit;    /* default 30 s (as js): for the message of a hop stream to arrive */
  uint32_t max_exchanges; /* streams per connection that carry no circuit (yet), default 16; one more is reset */
  /* Churn: of each IP prefix at most issue_factor * max_reservations_per_ip reservations are issued in a minute, renewals
   * and those given back included. Default 4; 0 (or no limit per prefix): unlimited. */
  uint32_t issue_factor;
} weft_relay_server_config;

typedef enum weft_relay_server_event_type {
  WEFT_RELAY_SERVER_RESERVED = 1,
  WEFT_RELAY_SERVER_EXPIRED = 2,
  WEFT_RELAY_SERVER_CIRCUIT_OPENED = 3,
  WEFT_RELAY_SERVER_CIRCUIT_CLOSED = 4,
  WEFT_RELAY_SERVER_REFUSED = 5
} weft_relay_server_event_type;

typedef struct weft_relay_server_event {
  weft_relay_server_event_type type;
  weft_relay_bytes peer, target;
  int status;                       /* REFUSED */
  uint64_t bytes_there, bytes_back; /* CIRCUIT_CLOSED */
  const char *reason;               /* CIRCUIT_CLOSED, REFUSED */
} weft_relay_server_event;

typedef struct weft_relay_server_callbacks {
  size_t size;
  /* Opens and negotiates a stop stream on that connection; when it is ready call weft_relay_server_stop_ready, when it fails weft_relay_server_gone. */
  int (*open_stop)(void *user, void *conn, uint32_t *stream, weft_time now);
  ptrdiff_t (*output)(void *user, void *conn, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
  void (*consumed)(void *user, void *conn, uint32_t stream, size_t n, weft_time now);
  void (*shutdown)(void *user, void *conn, uint32_t stream, weft_time now);
  void (*reset)(void *user, void *conn, uint32_t stream, weft_time now);
  void (*event)(void *user, const weft_relay_server_event *ev, weft_time now);
} weft_relay_server_callbacks;

typedef struct weft_relay_server_stats {
  size_t size;
  uint64_t circuits_total, bytes_there, bytes_back,
      refused[16];                        /* by status: index of WEFT_RELAY_... in order of the enum */
  uint32_t reservations, circuits, peers; /* gauges */
} weft_relay_server_stats;

#define weft_relay_server_config_default(c) weft_relay_server_config_init((c), sizeof *(c))
void weft_relay_server_config_init(weft_relay_server_config *c, size_t size);
int weft_relay_server_new(weft_relay_server **out, const weft_relay_server_config *cfg,
                          const weft_relay_server_callbacks *cb, void *user);
void weft_relay_server_free(weft_relay_server *r);
/* conn is the caller's handle of a connection. relayed: it came through a circuit: it may neither reserve nor connect. */
int weft_relay_server_peer(weft_relay_server *r, void *conn, const uint8_t *peer_id, size_t len, const weft_addr *addr,
                           bool relayed, weft_time now);
int weft_relay_server_peer_gone(weft_relay_server *r, void *conn, weft_time now);
int weft_relay_server_stream(weft_relay_server *r, void *conn, uint32_t stream,
                             weft_time now); /* an inbound hop stream */
int weft_relay_server_stop_ready(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
/* Bytes are accounted until the consumed callback gives them back. */
ptrdiff_t weft_relay_server_input(weft_relay_server *r, void *conn, uint32_t stream, const uint8_t *data, size_t len,
                            weft_time now);
int weft_relay_server_input_end(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
int weft_relay_server_gone(weft_relay_server *r, void *conn, uint32_t stream, weft_time now); /* reset or refused */
int weft_relay_server_writable(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
int weft_relay_server_tick(weft_relay_server *r, weft_time now);
weft_time weft_relay_server_deadline(const weft_relay_server *r);
void weft_relay_server_get_stats(const weft_relay_server *r, weft_relay_server_stats *s);

#ifdef __cplusplus
}
#endif
#endif
