/* weft relay: circuit relay v2 - messages, vouchers, the client's reserve, connect and stop exchanges, and the relay itself.
 *
 *   weft_relay_server_config cfg;
 *   weft_relay_server_config_default(&cfg);
 *   cfg.sign = my_sign; cfg.peer_id = my_id; cfg.peer_id_len = n;
 *   weft_relay_server *r;
 *   weft_relay_server_new(&r, &cfg, &callbacks, me);
 *   on a peer:            weft_relay_server_peer(r, conn, peer_id, n, &addr, limited, now);
 *   on a hop stream:      weft_relay_server_stream(r, conn, stream, now);      then its bytes:
 *                         n = weft_relay_server_input(r, conn, stream, data, len, now);
 *                         keep data + n: offer it again after the consumed callback has named the stream
 *   callbacks:            open_stop (opens a stop stream to a peer), output (writes to a stream), shutdown, reset
 *   weft_relay_server_tick(r, now) by weft_relay_server_deadline(r);
 *   on a peer's end:      weft_relay_server_peer_gone(r, conn, now);
 *   weft_relay_server_free(r);
 *
 * The pure codecs may be called from anywhere. A client's or server's functions may be called from its `event`, except
 * input, input_end and tick; from its other callbacks the server takes peer_gone, gone, stop_ready and writable (what a
 * connection underneath may raise while it is written to), the client nothing. free() from a callback takes effect when
 * the outermost call returns, and no event follows it.
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

/* ---- messages: proto.c, envelope.c, voucher.c, peer_record.c ---- */

/* Both HopMessage and StopMessage (circuit-v2.md "Protobuf"); pointers go into the decoded bytes. */
typedef struct weft_relay_message {
  int type;   /* -1: absent */
  int status; /* -1: absent */
  bool has_peer, has_reservation, has_limit;
  weft_relay_bytes peer_id;
  weft_relay_bytes addrs[WEFT_RELAY_ADDRS_MAX]; /* of the peer, or of the reservation; those beyond are left out */
  size_t addrs_len;
  uint64_t expire; /* unix seconds */
  weft_relay_bytes voucher;
  uint32_t limit_duration; /* seconds; 0: absent; a js relay writes milliseconds: take huge values as advice */
  uint64_t limit_data;     /* bytes per direction; 0: absent */
} weft_relay_message;
/* The bytes of one message without its length. WEFT_EMALFORMED: no protobuf, or a field of another wire type than the
 * schema's. Unknown fields are skipped, numbers too large for their field become the largest; what must be there is the
 * caller's to ask. */
int weft_relay_hop_decode(weft_relay_message *m, const uint8_t *data, size_t len);
int weft_relay_stop_decode(weft_relay_message *m, const uint8_t *data, size_t len);
/* With the uvarint length before it. WEFT_ETOOBIG: cap, or WEFT_RELAY_MESSAGE_MAX. */
int weft_relay_hop_encode(const weft_relay_message *m, uint8_t *out, size_t cap, size_t *len);
int weft_relay_stop_encode(const weft_relay_message *m, uint8_t *out, size_t cap, size_t *len);

typedef struct weft_relay_envelope { /* RFC 0002 */
  weft_relay_bytes public_key, payload_type, payload, signature;
} weft_relay_envelope;
/* WEFT_EMALFORMED: no protobuf, a wrong wire type, no key, or no signature. Nothing is verified. */
int weft_relay_envelope_decode(weft_relay_envelope *e, const uint8_t *data, size_t len);
int weft_relay_envelope_encode(const weft_relay_envelope *e, uint8_t *out, size_t cap, size_t *len);
/* The bytes that are signed: domain, payload type and payload, each behind its uvarint length. WEFT_ETOOBIG. */
int weft_relay_envelope_signing_input(const char *domain, const weft_relay_envelope *e, uint8_t *out, size_t cap,
                                      size_t *len);

#define WEFT_RELAY_VOUCHER_DOMAIN "libp2p-relay-rsvp"
typedef struct weft_relay_voucher {
  weft_relay_bytes relay, peer; /* peer ids */
  uint64_t expiration;          /* unix seconds */
} weft_relay_voucher;
/* The payload of the envelope (payload type 03 02). WEFT_EMALFORMED: also when an id is no peer id. */
int weft_relay_voucher_decode(weft_relay_voucher *v, const uint8_t *data, size_t len);
int weft_relay_voucher_encode(const weft_relay_voucher *v, uint8_t *out, size_t cap, size_t *len);

/* Signs with the relay's key; verifies with a PublicKey protobuf and gives the signer's peer id. WEFT_OK, or anything
 * else: no. The application connects them to weft_identity_sign, and to weft_identity_verify with
 * weft_identity_peer_id. */
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
/* WEFT_EMALFORMED: no protobuf, a wrong wire type, or no peer id. */
int weft_relay_peer_record_decode(weft_relay_peer_record *p, const uint8_t *data, size_t len);

/* ---- client: client.c, hop.c, stop.c ---- */

/* One exchange on one negotiated stream:
 *
 *   cfg.kind = WEFT_RELAY_CONNECT; cfg.target_id = bob; cfg.target_id_len = n;
 *   weft_relay_client_new(&c, &cfg, &callbacks, me);  weft_relay_client_start(c, now);
 *   n = weft_relay_client_input(c, data, len, now);             bytes from data + n on are the circuit's
 *   on CIRCUIT: the stream is the circuit;  on CLOSED: weft_relay_client_free(c)
 *
 * RESERVE (hop stream): on RESERVED the reservation stands until `expire`; reserve again, on a new stream, at refresh_at.
 * CONNECT (hop stream), ACCEPT (an inbound stop stream): on CIRCUIT the stream is the circuit.
 * Exactly one CLOSED follows: code WEFT_OK behind RESERVED or CIRCUIT (which leave the stream to the application), else
 * the exchange failed and the stream is to be reset. Its steps:
 *   "reservation", "circuit"   EREFUSED: wire_code has the status; EPROTO: an answer without a reservation, or expired
 *   "voucher"                  EAUTH: signature, relay, peer or expiry; text says which. A voucher may be absent.
 *   "message"                  EMALFORMED, ETOOBIG (more than 4,096 bytes), EPROTO, ECLOSED (ended before), ETIMEDOUT
 *                              (limit), ENOMEM. A stop stream is told MALFORMED_MESSAGE or UNEXPECTED_MESSAGE first.
 *   "output"                   the callback's code */
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
  const uint8_t *relay_id, *self_id; /* peer ids, copied; needed by RESERVE */
  const uint8_t *target_id;          /* needed by CONNECT */
  size_t relay_id_len, self_id_len, target_id_len;
  weft_relay_verify_fn verify; /* RESERVE; required there */
  void *verify_user;
  int64_t unix_at_zero; /* unix seconds at weft_time 0 */
  weft_time limit;      /* default 10 s, from start to the answer (ACCEPT: to our answer being out) */
} weft_relay_client_config;

typedef enum weft_relay_client_event_type {
  WEFT_RELAY_CLIENT_RESERVED = 1,
  WEFT_RELAY_CLIENT_CIRCUIT = 2,
  WEFT_RELAY_CLIENT_CLOSED = 3
} weft_relay_client_event_type;

typedef struct weft_relay_client_event {
  weft_relay_client_event_type type;
  uint64_t expire;                   /* RESERVED */
  weft_time refresh_at;              /* RESERVED: 5 minutes before the end, or half of a short reservation before */
  const weft_relay_message *message; /* RESERVED, CIRCUIT: addresses and limit; valid during the callback */
  bool limited;                      /* CIRCUIT, RESERVED: a Limit came with it */
  weft_relay_bytes peer_id;          /* CIRCUIT of ACCEPT: who connects */
  weft_closed closed;                /* wire_code: the status */
} weft_relay_client_event;

/* output: bytes taken, 0 for not now (offered again in tick), negative to end the exchange with that code. */
typedef struct weft_relay_client_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_relay_client_event *ev, weft_time now);
} weft_relay_client_callbacks;

#define weft_relay_client_config_default(c) weft_relay_client_config_init((c), sizeof *(c))
void weft_relay_client_config_init(weft_relay_client_config *c, size_t size);
/* Config and callbacks are copied; both callbacks are needed. WEFT_EINVAL: an id is missing or no peer id, or verify is;
 * WEFT_ENOMEM. */
int weft_relay_client_new(weft_relay_client **out, const weft_relay_client_config *cfg,
                          const weft_relay_client_callbacks *cb, void *user);
void weft_relay_client_free(weft_relay_client *c);
/* Sends the request (ACCEPT: waits for the relay's). WEFT_ESTATE: started already. */
int weft_relay_client_start(weft_relay_client *c, weft_time now);
/* Bytes taken: never one beyond the message, so the rest is the circuit's. 0 while what we wrote is not all out, and once
 * the exchange is over: keep the bytes. WEFT_ESTATE before start. */
ptrdiff_t weft_relay_client_input(weft_relay_client *c, const uint8_t *data, size_t len, weft_time now);
int weft_relay_client_input_end(weft_relay_client *c, weft_time now);
int weft_relay_client_tick(weft_relay_client *c, weft_time now);
weft_time weft_relay_client_deadline(const weft_relay_client *c);

/* ---- the relay: server.c, peer.c, prefix.c, stream.c, reserve.c, connect.c, circuit.c ---- */

/* Answers RESERVE and CONNECT on hop streams, asks targets on stop streams, and joins the two. Refusals:
 *   PERMISSION_DENIED          over a relayed connection, `allow` says no, CONNECT to oneself
 *   RESERVATION_REFUSED        max_reservations..., issue_factor, or the voucher could not be signed
 *   NO_RESERVATION             the target has none (any more)
 *   RESOURCE_LIMIT_EXCEEDED    max_circuits, max_circuits_per_peer (of the dialer or the target), connects_per_second, no
 *                              memory
 *   CONNECTION_FAILED          no stop stream, the target refused, answered garbage, or not within stop_limit
 *   MALFORMED_MESSAGE          over 4,096 bytes, no protobuf, no type, no peer id
 *   UNEXPECTED_MESSAGE         neither RESERVE nor CONNECT
 * A circuit ends when both sides have ended their direction (an end goes through alone: half close); when one side is
 * reset or its connection ends (the other is reset); at circuit_seconds (both are reset); and at the first byte beyond
 * circuit_bytes of one direction: its sender is reset, its receiver has the bytes up to the limit and then an end.
 * A peer may hold one reservation per connection; a second of the same peer counts against max_reservations_per_peer.
 * Existing circuits outlive the reservation of their target, not its connection. */
typedef struct weft_relay_server weft_relay_server;

typedef struct weft_relay_server_config {
  size_t size;
  const weft_alloc *alloc; /* NULL: libc */
  const uint8_t *peer_id;  /* of the relay; copied */
  size_t peer_id_len;
  const uint8_t *public_key; /* PublicKey protobuf, for the voucher's envelope; required; copied */
  size_t public_key_len;
  weft_relay_sign_fn sign; /* required */
  void *sign_user;
  int64_t unix_at_zero;          /* unix seconds at weft_time 0 */
  const weft_relay_bytes *addrs; /* multiaddrs put into reservations; copied; at most WEFT_RELAY_ADDRS_MAX */
  size_t addrs_len;
  uint32_t max_reservations;          /* default 16; 0: unlimited, here and to reservation_seconds */
  uint32_t max_reservations_per_peer; /* default 1 */
  uint32_t max_reservations_per_ip;   /* default 16; IPv4: per address, IPv6: per /56 */
  uint32_t max_circuits;              /* default 32, those being opened included */
  uint32_t max_circuits_per_peer;     /* default 4 */
  uint32_t circuit_seconds;           /* default 3600 */
  uint64_t circuit_bytes;             /* per direction, default 100 MiB */
  uint32_t reservation_seconds;       /* default 3600 */
  uint32_t buffer;                    /* per direction of a circuit, default 16 KiB; not 0 */
  weft_time stop_limit;               /* default 10 s: for a target to answer; and a last message to leave */
  bool (*allow)(void *user, const uint8_t *peer_id, size_t len); /* NULL: all */
  void *allow_user;
  weft_time hop_limit;    /* default 30 s (as js): for the message of a hop stream to arrive */
  uint32_t max_exchanges; /* hop streams per connection that carry no circuit (yet), default 16; one more is reset */
  /* Churn: of each IP prefix at most issue_factor * max_reservations_per_ip reservations are issued in a minute, renewals
   * and those given back included. Default 4; 0 (or no limit per prefix): unlimited. */
  uint32_t issue_factor;
  /* Circuits begun towards one target: 16 times as many at once, then so many a second; default 64, 0: unlimited. Without
   * it, dialers that connect and reset make the relay open and reset streams of the target until that one takes the relay
   * for an attacker and closes the connection (1,000 a second in weft's Yamux). */
  uint32_t connects_per_second;
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
  weft_relay_bytes peer, target;    /* peer ids, valid during the callback; target: circuits, refused CONNECTs */
  int status;                       /* REFUSED */
  uint64_t bytes_there, bytes_back; /* CIRCUIT_CLOSED: from the dialer, from the target */
  const char *reason;               /* CIRCUIT_CLOSED, REFUSED, EXPIRED: static text */
  bool renewed;                     /* RESERVED: it stood already */
  uint64_t expire;                  /* RESERVED: unix seconds */
} weft_relay_server_event;

typedef struct weft_relay_server_callbacks {
  size_t size;
  /* Opens and negotiates a stop stream on that connection; *stream is its id. Later, when it is ready, call
   * weft_relay_server_stop_ready, when it fails weft_relay_server_gone. Other than WEFT_OK: it cannot be opened. */
  int (*open_stop)(void *user, void *conn, uint32_t *stream, weft_time now);
  /* Bytes taken; 0 or WEFT_EAGAIN: not now, offered again by weft_relay_server_writable and tick; negative: the stream is
   * reset, and its circuit ends. */
  ptrdiff_t (*output)(void *user, void *conn, uint32_t stream, const uint8_t *data, size_t len, weft_time now);
  /* n of the bytes taken from that stream have left: its window may open by as much, and what input() did not take may
   * be offered again when the call underneath has returned. May be NULL. */
  void (*consumed)(void *user, void *conn, uint32_t stream, size_t n, weft_time now);
  /* No more bytes of ours on that stream (FIN). */
  void (*shutdown)(void *user, void *conn, uint32_t stream, weft_time now);
  /* The stream is to be reset, and is forgotten here. */
  void (*reset)(void *user, void *conn, uint32_t stream, weft_time now);
  void (*event)(void *user, const weft_relay_server_event *ev, weft_time now); /* may be NULL */
} weft_relay_server_callbacks;

typedef struct weft_relay_server_stats {
  size_t size;
  /* bytes: payload of circuits alone, from dialers and from targets. refused by status: weft_relay_status_at(index). */
  uint64_t circuits_total, bytes_there, bytes_back, refused[16];
  uint32_t reservations, circuits, peers; /* gauges: now held, now open, connections */
} weft_relay_server_stats;

#define weft_relay_server_config_default(c) weft_relay_server_config_init((c), sizeof *(c))
void weft_relay_server_config_init(weft_relay_server_config *c, size_t size);
/* Config and callbacks are copied; open_stop, output, shutdown and reset are needed. WEFT_EINVAL: sign, public_key or
 * peer_id is missing, or a value that may not be 0 is; WEFT_ETOOBIG: addrs of more than 2,730 bytes; WEFT_ENOMEM. */
int weft_relay_server_new(weft_relay_server **out, const weft_relay_server_config *cfg,
                          const weft_relay_server_callbacks *cb, void *user);
void weft_relay_server_free(weft_relay_server *r);
/* A connection begins. conn is the caller's handle of it. addr: of the peer, NULL when unknown (those are one network).
 * relayed: it came through a circuit: it may neither reserve nor connect. WEFT_EINVAL: no peer id; WEFT_ESTATE: conn is
 * here already; WEFT_ENOMEM. */
int weft_relay_server_peer(weft_relay_server *r, void *conn, const uint8_t *peer_id, size_t len, const weft_addr *addr,
                           bool relayed, weft_time now);
/* It ended: its reservation and circuits too. No callback names it from now on. WEFT_ENOTFOUND. */
int weft_relay_server_peer_gone(weft_relay_server *r, void *conn, weft_time now);
/* An inbound hop stream. WEFT_ENOTFOUND (conn), WEFT_ESTATE (known already); WEFT_ELIMIT (max_exchanges) and WEFT_ENOMEM:
 * it was reset. */
int weft_relay_server_stream(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
/* A stop stream is negotiated. WEFT_ENOTFOUND: it is not wanted any more (and was reset); WEFT_ESTATE. */
int weft_relay_server_stop_ready(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
/* Bytes of a hop or stop stream, in any cuts. Returns how many were taken: all, but on a circuit whose receiver is slow,
 * where no more than cfg.buffer wait here. The caller keeps the rest, does not consume it (the stream's own window bounds
 * it), and offers it again after the consumed callback has named the stream. Bytes taken count until that callback gives
 * them back. WEFT_ENOTFOUND: the stream is unknown here (any more); WEFT_ESTATE: its input ended, or the call comes from a
 * callback. */
ptrdiff_t weft_relay_server_input(weft_relay_server *r, void *conn, uint32_t stream, const uint8_t *data, size_t len,
                                  weft_time now);
/* The peer sends no more on it; after the last byte was taken. WEFT_ENOTFOUND, as for the following two. */
int weft_relay_server_input_end(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
/* It was reset or refused; or it ended both ways, which its circuit survives until the other side has what waits. */
int weft_relay_server_gone(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
int weft_relay_server_writable(weft_relay_server *r, void *conn, uint32_t stream, weft_time now);
/* Expiries and limits; offers what waits. */
int weft_relay_server_tick(weft_relay_server *r, weft_time now);
weft_time weft_relay_server_deadline(const weft_relay_server *r);
void weft_relay_server_get_stats(const weft_relay_server *r, weft_relay_server_stats *s);

#ifdef __cplusplus
}
#endif
#endif
