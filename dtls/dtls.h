/* weft dtls: DTLS 1.2 with mutual certificates pinned by hash, over any datagram path; and the stateless gate in front
 * of a listener.
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
 * DTLS 1.2 (RFC 6347) only, ECDHE-ECDSA with AES-128-GCM, AES-256-GCM or ChaCha20-Poly1305, groups x25519 and
 * secp256r1, extended master secret (RFC 7627), use_srtp with profile 0x0001 and no MKI (RFC 5764; some peers end the
 * handshake without it, nothing is ever sent as SRTP). No renegotiation, no session tickets, no connection ids. mbedTLS
 * does the handshake; it allocates through libc, outside weft_alloc (its hooks are process-wide). Records are protected
 * by code of this layer once the keys are there, and mbedTLS's memory is given back as soon as nobody can ask for the
 * last flight again.
 *
 * From an event callback every call on the same object is allowed except input and tick; free takes effect when the
 * outermost call returns. From output, trace and keylog no call on the same object is allowed. An object belongs to one
 * thread at a time.
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

/* ---- certificates: cert.c, fingerprint.c
 * -------------------------------------------------------------------------------- */

/* ECDSA P-256, self-signed, immutable after creation: sessions of several threads may share it. Must outlive them. */
typedef struct weft_dtls_cert weft_dtls_cert;
/* The seed is secret: the private key follows from it alone (HKDF-SHA256, RFC 5869), and so does every byte of the
 * certificate (serial 1, 2020 to 2120, nonce of RFC 6979), whatever mbedTLS is linked. alloc NULL: libc; it is copied.
 * WEFT_ENOMEM. */
int weft_dtls_cert_new(weft_dtls_cert **out, const uint8_t seed[32], const weft_alloc *alloc);
void weft_dtls_cert_free(weft_dtls_cert *c);
/* Owned by c. */
const uint8_t *weft_dtls_cert_der(const weft_dtls_cert *c, size_t *len);
const uint8_t *weft_dtls_cert_fingerprint(const weft_dtls_cert *c); /* SHA-256 of the DER, 32 bytes */

/* SHA-256 of len bytes. */
int weft_dtls_fingerprint(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const uint8_t *der, size_t len);
/* "AB:CD:..." upper case (RFC 8122 section 5); out has 96 bytes. */
void weft_dtls_fingerprint_format(char *out, const uint8_t fp[WEFT_DTLS_FINGERPRINT_LEN]);
/* The value of a=fingerprint; WEFT_EUNSUPPORTED for a hash that is not sha-256, WEFT_EMALFORMED. */
int weft_dtls_fingerprint_parse(uint8_t out[WEFT_DTLS_FINGERPRINT_LEN], const char *text, size_t len);

/* ---- a session
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct weft_dtls weft_dtls;

typedef enum weft_dtls_role { WEFT_DTLS_CLIENT = 0, WEFT_DTLS_SERVER = 1 } weft_dtls_role;

typedef struct weft_dtls_config {
  size_t size;
  weft_rng rng;            /* required */
  const weft_alloc *alloc; /* NULL: libc; copied */
  weft_tracer trace;       /* IN/OUT: application records in clear; STATE; DROP: the record */
  weft_dtls_role role;
  const weft_dtls_cert *cert; /* required; must outlive the session */
  /* SHA-256 the peer's certificate must have; NULL: any, but one must be presented and proven. Copied. */
  const uint8_t *pin;
  const uint8_t (*pins)[WEFT_DTLS_FINGERPRINT_LEN]; /* more accepted hashes (several a=fingerprint lines). Copied */
  size_t pins_len;                                  /* at most 8 */
  uint16_t mtu; /* largest datagram handed to output, default 1200, at least 256; input takes any size */
  bool gated;   /* server: the first input comes from a weft_dtls_gate, whose cookie was good */
  /* Round trip time of the path, WEFT_NEVER: unknown. First timer max(50 ms, min(3 s, 2 * rtt)), 1 s when unknown,
   * doubling up to 10 s (RFC 6347 section 4.2.4.1). */
  weft_time rtt;
  weft_time handshake_limit; /* from start, default 10 s, then CLOSED with WEFT_ETIMEDOUT */
  /* NSS key log line ("CLIENT_RANDOM ..."), for Wireshark, in the middle of the handshake; NULL: none. */
  void (*keylog)(void *user, const char *line);
} weft_dtls_config;

/* The pointers of an event are valid during the callback only. */
typedef enum weft_dtls_event_type {
  WEFT_DTLS_EVENT_CONNECTED = 1, /* both sides have proven their keys; from now on send works */
  WEFT_DTLS_EVENT_DATA = 2,      /* never before CONNECTED */
  WEFT_DTLS_EVENT_CLOSED =
      3 /* once, the last one. Steps: "hello", "certificate", "certificate verify", "finished", "handshake", "alert",
                                    "close" */
} weft_dtls_event_type;

typedef struct weft_dtls_event {
  weft_dtls_event_type type;
  const uint8_t *data; /* DATA: one record's content */
  size_t len;
  const uint8_t *peer_fingerprint; /* CONNECTED: SHA-256 of peer_der */
  const uint8_t *peer_der;
  size_t peer_der_len;
  const char *cipher; /* CONNECTED: "ECDHE-ECDSA-AES128-GCM-SHA256" */
  weft_closed closed; /* CLOSED: wire_code is the alert */
} weft_dtls_event;

typedef struct weft_dtls_callbacks {
  size_t size;
  /* One datagram of at most mtu bytes. Anything but WEFT_OK: not sent; the handshake's timer recovers, send hands it
   * up. */
  int (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_dtls_event *ev, weft_time now);
} weft_dtls_callbacks;

typedef struct weft_dtls_stats {
  size_t size;
  uint64_t records_in; /* records whose MAC was good: a change over an input call says its source is the peer */
  uint64_t records_out, bytes_in, bytes_out;
  uint64_t drop_malformed, drop_bad_mac, drop_replay, drop_epoch, drop_state, retransmits;
} weft_dtls_stats;

#define weft_dtls_config_default(c) weft_dtls_config_init((c), sizeof *(c))
void weft_dtls_config_init(weft_dtls_config *c, size_t size);
/* WEFT_EINVAL: rng or cert missing, mtu or pins_len out of range. WEFT_ENOMEM. */
int weft_dtls_new(weft_dtls **out, const weft_dtls_config *cfg, const weft_dtls_callbacks *cb, void *user);
void weft_dtls_free(weft_dtls *d); /* NULL: nothing. Says no goodbye */
/* Client: sends the ClientHello. Server: starts the handshake limit. WEFT_ESTATE the second time. */
int weft_dtls_start(weft_dtls *d, weft_time now);
/* One datagram, one or more records. What is malformed, replayed, not authentic or out of place is dropped and counted;
 * after the handshake so is all that is not protected (RFC 6347 section 4.1.2.7). Negative only for WEFT_ENOMEM, and
 * WEFT_ESTATE before start. */
int weft_dtls_input(weft_dtls *d, const uint8_t *data, size_t len, weft_time now);
/* One record, one datagram; WEFT_ETOOBIG above weft_dtls_max_data(); WEFT_ESTATE before CONNECTED; WEFT_ECLOSED after
 * CLOSED; WEFT_EAGAIN, or whatever else output answered: not sent. */
int weft_dtls_send(weft_dtls *d, const uint8_t *data, size_t len, weft_time now);
/* Largest payload whose record fits cfg.mtu; before CONNECTED, for the cipher with the largest overhead (37 bytes). */
size_t weft_dtls_max_data(const weft_dtls *d);
int weft_dtls_tick(weft_dtls *d, weft_time now);
weft_time weft_dtls_deadline(const weft_dtls *d); /* WEFT_NEVER once the handshake is over */
/* Sends close_notify (code WEFT_OK) or a fatal alert that suits the code; CLOSED follows before this returns, or,
 * inside an event, when the outermost call does. WEFT_ECLOSED when it is closed already. */
int weft_dtls_close(weft_dtls *d, int code, weft_time now);
void weft_dtls_get_stats(const weft_dtls *d, weft_dtls_stats *s); /* s->size must be set */

/* ---- the gate in front of a listener: gate.c, reassembly.c
 * ------------------------------------------------------------------ */

/* Stateless HelloVerifyRequest (RFC 6347 section 4.2.1) and ClientHello reassembly, before any session exists. Keeps
 * nothing for a source that has not sent back a good cookie: HMAC-SHA256 over the minute, the source, and the hello's
 * version, random and session id; good in the minute of its making and the one after. Only a first fragment is
 * answered, and it must hold the cookie's field.
 *
 *   weft_dtls_gate_new(&g, &cfg, &(weft_dtls_gate_callbacks){sizeof(weft_dtls_gate_callbacks), my_output, my_hello}, me);
 *   on a datagram of an unknown source: weft_dtls_gate_input(g, &local, &remote, data, len, now);
 *   in my_hello: weft_dtls_new() with cfg.gated, weft_dtls_start(), weft_dtls_input(d, data, len, now); from now on this source's
 *   datagrams, its repeated hellos too, are the session's. */
typedef struct weft_dtls_gate weft_dtls_gate;

typedef struct weft_dtls_gate_config {
  size_t size;
  weft_rng rng; /* required: the cookie key */
  const weft_alloc *alloc;
  weft_tracer trace;
  uint16_t slots;      /* ClientHellos in reassembly at once, default 64; one per source */
  uint16_t hello_max;  /* default 4096 bytes */
  weft_time slot_life; /* default 2 s */
} weft_dtls_gate_config;

typedef struct weft_dtls_gate_callbacks {
  size_t size;
  /* A HelloVerifyRequest, always smaller than what came in. */
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  /* A whole ClientHello with a good cookie, as one datagram: give it to weft_dtls_input of a fresh session with
   * cfg.gated. */
  void (*hello)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
} weft_dtls_gate_callbacks;

typedef struct weft_dtls_gate_stats {
  size_t size;
  uint64_t hellos, cookies_sent, drop_malformed, drop_cookie, drop_not_hello, drop_slots, drop_toobig, drop_conflict,
      bytes_in, bytes_out;
  uint64_t slots_used; /* gauge */
} weft_dtls_gate_stats;

#define weft_dtls_gate_config_default(c) weft_dtls_gate_config_init((c), sizeof *(c))
void weft_dtls_gate_config_init(weft_dtls_gate_config *c, size_t size);
int weft_dtls_gate_new(weft_dtls_gate **out, const weft_dtls_gate_config *cfg, const weft_dtls_gate_callbacks *cb,
                       void *user);
void weft_dtls_gate_free(weft_dtls_gate *g);
/* A datagram from a source without a session. Not from its own callbacks. Always WEFT_OK: what is no hello is dropped
 * and counted. */
int weft_dtls_gate_input(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len, weft_time now);
/* Frees slots whose life is over. */
int weft_dtls_gate_tick(weft_dtls_gate *g, weft_time now);
weft_time weft_dtls_gate_deadline(const weft_dtls_gate *g);
void weft_dtls_gate_get_stats(const weft_dtls_gate *g, weft_dtls_gate_stats *s);

#ifdef __cplusplus
}
#endif
#endif
