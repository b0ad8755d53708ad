/* weft dtls: DTLS 1.2 with mutual certificates pinned by hash, over any datagram path; and the stateless gate in front of a listener.
 *
 *   weft_dtls_cert *cert;
 *   weft_dtls_cert_new(&cert, seed32, NULL);                the same seed gives the same certificate, byte for byte
 *   weft_dtls_config cfg;
 *   weft_dtls_config_default(&cfg);
 *   cfg.rng = rng; cfg.cert = cert; cfg.role = WEFT_DTLS_CLIENT; cfg.pin = server_sha256;
 *   weft_dtls *d;
 *   weft_dtls_new(&d, &cfg, &(weft_dtls_callbacks){sizeof(weft_dtls_callbacks), my_output, my_event}, me);
 *   weft_dtls_start(d, now);
 *   on datagram:   weft_dtls_input(d, data, len, now);
 *   on CONNECTED:  weft_dtls_send(d, "hello", 5, now);      one record, one datagram
 *   weft_dtls_tick(d, now) by weft_dtls_deadline(d);
 *   weft_dtls_close(d, WEFT_OK, now);                       close_notify
 *   weft_dtls_free(d);
 *   weft_dtls_cert_free(cert);
 *
 * mbedTLS does the handshake; it allocates through libc, outside weft_alloc (its hooks are process-wide).
 */
#ifndef WEFT_DTLS_DTLS_H
#define WEFT_DTLS_DTLS_H

#include "../base/addr.h"
#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_DTLS_FINGERPRINT_LEN 32 /* SHA-256 */
#define WEFT_DTLS_CERT_MAX 4096      /* a peer certificate's DER; larger is refused */

/* ---- certificates: cert.c, fingerprint.c -------------------------------------------------------------------------------- */

/* ECDSA P-256, self-signed, immutable after creation: sessions of several threads may share it. Must outlive them. */
typedef struct weft_dtls_cert weft_dtls_cert;
int weft_dtls_cert_new(weft_dtls_cert **out, const uint8_t seed[32], const weft_alloc *alloc);
void weft_dtls_cert_free(weft_dtls_cert *c);
const uint8_t *weft_dtls_cert_der(const weft_dtls_cert *c, size_t *len);
const uint8_t *weft_dtls_cert_fingerprint(const weft_dtls_cert *c); /* SHA-256 of the DER, 32 bytes */

int weft_dtls_fingerprint(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const uint8_t *der, size_t len);
/* "AB:CD:..." upper case (RFC 8122 section 5); out has 96 bytes. */
void weft_dtls_fingerprint_format(char *out, const uint8_t fp[WEFT_DTLS_FINGERPRINT_LEN]);
/* The value of a=fingerprint; WEFT_EUNSUPPORTED for a hash that is not sha-256, WEFT_EMALFORMED. */
int weft_dtls_fingerprint_parse(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const char *text, size_t len);

/* ---- a session ------------------------------------------------------------------------------------------------------------ */

typedef struct weft_dtls weft_dtls;

typedef enum weft_dtls_role { WEFT_DTLS_CLIENT = 0, WEFT_DTLS_SERVER = 1 } weft_dtls_role;

typedef struct weft_dtls_config {
  size_t size;
  weft_rng rng;               /* required */
  const weft_alloc *alloc;    /* NULL: libc */
  weft_tracer trace;          /* IN/OUT: application records in clear; STATE */
  weft_dtls_role role;
  const weft_dtls_cert *cert; /* required; must outlive the session */
  const uint8_t *pin;         /* SHA-256 the peer's certificate must have; NULL: any, but one must be presented and proven. Copied */
  const uint8_t (*pins)[WEFT_DTLS_FINGERPRINT_LEN]; /* more accepted hashes (several a=fingerprint lines). Copied */
  size_t pins_len;            /* at most 8 */
  uint16_t mtu;               /* largest datagram handed to output, default 1200 */
  bool gated;                 /* server: the first input comes from a weft_dtls_gate, whose cookie was good */
  weft_time rtt;              /* of the path, WEFT_NEVER: unknown. First timer max(50 ms, min(3 s, 2 * rtt)), 1 s when unknown (RFC 6347 4.2.4.1) */
  weft_time handshake_limit;  /* default 10 s, then CLOSED with WEFT_ETIMEDOUT */
  /* NSS key log line ("CLIENT_RANDOM ..."), for Wireshark; NULL: none. */
  void (*keylog)(void *user, const char *line);
} weft_dtls_config;

typedef enum weft_dtls_event_type {
  WEFT_DTLS_EVENT_CONNECTED = 1,
  WEFT_DTLS_EVENT_DATA = 2,
  WEFT_DTLS_EVENT_CLOSED = 3
} weft_dtls_event_type;

typedef struct weft_dtls_event {
  weft_dtls_event_type type;
  const uint8_t *data; /* DATA: one record's content */
  size_t len;
  const uint8_t *peer_fingerprint; /* CONNECTED: SHA-256 of peer_der */
  const uint8_t *peer_der;
  size_t peer_der_len;
  const char *cipher;  /* CONNECTED: "ECDHE-ECDSA-AES128-GCM-SHA256" */
  weft_closed closed;  /* CLOSED: wire_code is the alert */
} weft_dtls_event;

typedef struct weft_dtls_callbacks {
  size_t size;
  int (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_dtls_event *ev, weft_time now);
} weft_dtls_callbacks;

typedef struct weft_dtls_stats {
  size_t size;
  uint64_t records_in;  /* records whose MAC was good: a change over an input call says its source is the peer */
  uint64_t records_out, bytes_in, bytes_out;
  uint64_t drop_malformed, drop_bad_mac, drop_replay, drop_epoch, drop_state, retransmits;
} weft_dtls_stats;

#define weft_dtls_config_default(c) weft_dtls_config_init((c), sizeof *(c))
void weft_dtls_config_init(weft_dtls_config *c, size_t size);
int weft_dtls_new(weft_dtls **out, const weft_dtls_config *cfg, const weft_dtls_callbacks *cb, void *user);
void weft_dtls_free(weft_dtls *d);
/* Client: sends the ClientHello. Server: starts the handshake limit. */
int weft_dtls_start(weft_dtls *d, weft_time now);
int weft_dtls_input(weft_dtls *d, const uint8_t *data, size_t len, weft_time now); /* one datagram, one or more records */
/* One record; WEFT_ETOOBIG above weft_dtls_max_data(); WEFT_ESTATE before CONNECTED; WEFT_EAGAIN: not sent. */
int weft_dtls_send(weft_dtls *d, const uint8_t *data, size_t len, weft_time now);
/* Largest payload whose record fits cfg.mtu; before CONNECTED, for the cipher with the largest overhead (37 bytes). */
size_t weft_dtls_max_data(const weft_dtls *d);
int weft_dtls_tick(weft_dtls *d, weft_time now);
weft_time weft_dtls_deadline(const weft_dtls *d);
/* Sends close_notify (code WEFT_OK) or a fatal alert; CLOSED follows. */
int weft_dtls_close(weft_dtls *d, int code, weft_time now);
void weft_dtls_get_stats(const weft_dtls *d, weft_dtls_stats *s);

/* ---- the gate in front of a listener: gate.c, reassembly.c ------------------------------------------------------------------ */

/* Stateless HelloVerifyRequest (RFC 6347 section 4.2.1) and ClientHello reassembly, before any session exists. Keeps nothing for a source
 * that has not sent back a good cookie. */
typedef struct weft_dtls_gate weft_dtls_gate;

typedef struct weft_dtls_gate_config {
  size_t size;
  weft_rng rng;            /* required: the cookie key */
  const weft_alloc *alloc;
  weft_tracer trace;
  uint16_t slots;          /* ClientHellos in reassembly at once, default 64; one per source */
  uint16_t hello_max;      /* default 4096 bytes */
  weft_time slot_life;     /* default 2 s */
} weft_dtls_gate_config;

typedef struct weft_dtls_gate_callbacks {
  size_t size;
  /* A HelloVerifyRequest, always smaller than what came in. */
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len, weft_time now);
  /* A whole ClientHello with a good cookie, as one datagram: give it to weft_dtls_input of a fresh session with cfg.gated. */
  void (*hello)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len, weft_time now);
} weft_dtls_gate_callbacks;

typedef struct weft_dtls_gate_stats {
  size_t size;
  uint64_t hellos, cookies_sent, drop_malformed, drop_cookie, drop_not_hello, drop_slots, drop_toobig, drop_conflict, bytes_in, bytes_out;
  uint64_t slots_used; /* gauge */
} weft_dtls_gate_stats;

#define weft_dtls_gate_config_default(c) weft_dtls_gate_config_init((c), sizeof *(c))
void weft_dtls_gate_config_init(weft_dtls_gate_config *c, size_t size);
int weft_dtls_gate_new(weft_dtls_gate **out, const weft_dtls_gate_config *cfg, const weft_dtls_gate_callbacks *cb, void *user);
void weft_dtls_gate_free(weft_dtls_gate *g);
int weft_dtls_gate_input(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                         weft_time now);
/* Frees slots whose life is over. */
int weft_dtls_gate_tick(weft_dtls_gate *g, weft_time now);
weft_time weft_dtls_gate_deadline(const weft_dtls_gate *g);
void weft_dtls_gate_get_stats(const weft_dtls_gate *g, weft_dtls_gate_stats *s);

#ifdef __cplusplus
}
#endif
#endif
