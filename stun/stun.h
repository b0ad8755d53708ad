/* weft stun: RFC 8489 messages, integrity, transactions, and a binding client and server usable alone.
 *
 *   uint8_t txid[12] = {...}, buf[256];
 *   weft_stun_writer w;
 *   weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
 *   weft_stun_put(&w, WEFT_STUN_USERNAME, "bob:alice", 9);
 *   weft_stun_put_integrity(&w, "password", 8);             HMAC-SHA1; in integrity.c, needs mbedcrypto
 *   weft_stun_put_fingerprint(&w);
 *   size_t len;
 *   if (weft_stun_end(&w, &len) == WEFT_OK) sendto(fd, buf, len, ...);
 *
 *   weft_stun_msg m;
 *   weft_stun_attr a;
 *   weft_addr mapped;
 *   if (weft_stun_parse(&m, data, n) == WEFT_OK && weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) == WEFT_OK &&
 *       weft_stun_get_xor_address(&m, &a, &mapped) == WEFT_OK) ...
 *
 * The codec is a set of caller-allocated views: no allocation, no callback, no crypto. All functions of it may be
 * called from anywhere.
 */
#ifndef WEFT_STUN_STUN_H
#define WEFT_STUN_STUN_H

#include "../base/addr.h"
#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_STUN_COOKIE 0x2112A442u /* RFC 8489 section 5 */
#define WEFT_STUN_HEADER_LEN 20      /* RFC 8489 section 5 */
#define WEFT_STUN_TXID_LEN 12        /* 96 bits, RFC 8489 section 5 */
#define WEFT_STUN_USERNAME_MAX 508   /* fewer than 509 bytes, RFC 8489 section 14.3 */

typedef enum weft_stun_class { /* RFC 8489 section 5 */
                               WEFT_STUN_REQUEST = 0,
                               WEFT_STUN_INDICATION = 1,
                               WEFT_STUN_SUCCESS = 2,
                               WEFT_STUN_ERROR = 3
} weft_stun_class;

enum { WEFT_STUN_BINDING = 0x001 };

enum { /* RFC 8489 section 18.3, RFC 8445 section 20.1 */
       WEFT_STUN_MAPPED_ADDRESS = 0x0001,
       WEFT_STUN_USERNAME = 0x0006,
       WEFT_STUN_MESSAGE_INTEGRITY = 0x0008,
       WEFT_STUN_ERROR_CODE = 0x0009,
       WEFT_STUN_UNKNOWN_ATTRIBUTES = 0x000A,
       WEFT_STUN_REALM = 0x0014,
       WEFT_STUN_NONCE = 0x0015,
       WEFT_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
       WEFT_STUN_USERHASH = 0x001E,
       WEFT_STUN_XOR_MAPPED_ADDRESS = 0x0020,
       WEFT_STUN_PRIORITY = 0x0024,
       WEFT_STUN_USE_CANDIDATE = 0x0025,
       WEFT_STUN_SOFTWARE = 0x8022,
       WEFT_STUN_ALTERNATE_SERVER = 0x8023,
       WEFT_STUN_FINGERPRINT = 0x8028,
       WEFT_STUN_ICE_CONTROLLED = 0x8029,
       WEFT_STUN_ICE_CONTROLLING = 0x802A
};

/* ---- messages: message.c, address.c ------------------------------------------------------------------------------ */

/* A view of a parsed message; valid while the bytes it came from are. */
typedef struct weft_stun_msg {
  const uint8_t *data;
  size_t len;
  weft_stun_class cls;
  uint16_t method;
  const uint8_t *txid; /* WEFT_STUN_TXID_LEN bytes */
  size_t integrity_at; /* offset of MESSAGE-INTEGRITY's header, 0 if absent */
  size_t integrity256_at;
  size_t fingerprint_at;
} weft_stun_msg;

typedef struct weft_stun_attr {
  uint16_t type;
  uint16_t len; /* without padding */
  const uint8_t *value;
} weft_stun_attr;

/* True when the first byte is 0..3 (RFC 7983 section 7), the length fits a header and the magic cookie is there. */
bool weft_stun_is(const uint8_t *data, size_t len);
/* Checks the header, and that every attribute lies inside; notes where the integrity and fingerprint attributes are.
 * Attributes between MESSAGE-INTEGRITY and FINGERPRINT are ignored by weft_stun_find (RFC 8489 section 14.5); anything
 * after FINGERPRINT, or a second FINGERPRINT, is WEFT_EMALFORMED. */
int weft_stun_parse(weft_stun_msg *m, const uint8_t *data, size_t len);
/* Walks all attributes in wire order; *cursor starts at 0. False at the end. */
bool weft_stun_next(const weft_stun_msg *m, size_t *cursor, weft_stun_attr *a);
/* The first attribute of that type that counts; WEFT_ENOTFOUND. */
int weft_stun_find(const weft_stun_msg *m, uint16_t type, weft_stun_attr *a);
/* Comprehension-required attributes (type < 0x8000) that are neither in known[] nor known to this codec: writes up to
 * cap types, returns how many there are (RFC 8489 section 6.3.1). */
size_t weft_stun_unknown(const weft_stun_msg *m, const uint16_t *known, size_t known_n, uint16_t *types, size_t cap);

int weft_stun_get_address(const weft_stun_attr *a, weft_addr *out); /* MAPPED-ADDRESS form */
int weft_stun_get_xor_address(const weft_stun_msg *m, const weft_stun_attr *a, weft_addr *out); /* RFC 8489 14.2 */
int weft_stun_get_u32(const weft_stun_attr *a, uint32_t *out);
int weft_stun_get_u64(const weft_stun_attr *a, uint64_t *out);
/* code 300..699; reason points into the message. */
int weft_stun_get_error(const weft_stun_attr *a, unsigned *code, const char **reason, size_t *reason_len);

/* A bounded writer; failure is sticky and reported by weft_stun_end. Padding is always zero. */
typedef struct weft_stun_writer {
  uint8_t *buf;
  size_t cap, len;
  bool failed;
} weft_stun_writer;

void weft_stun_begin(weft_stun_writer *w, uint8_t *buf, size_t cap, weft_stun_class cls, uint16_t method,
                     const uint8_t txid[WEFT_STUN_TXID_LEN]);
void weft_stun_put(weft_stun_writer *w, uint16_t type, const void *value, size_t len);
void weft_stun_put_u32(weft_stun_writer *w, uint16_t type, uint32_t v);
void weft_stun_put_u64(weft_stun_writer *w, uint16_t type, uint64_t v);
void weft_stun_put_address(weft_stun_writer *w, uint16_t type, const weft_addr *a);
void weft_stun_put_xor_address(weft_stun_writer *w, uint16_t type, const weft_addr *a);
void weft_stun_put_error(weft_stun_writer *w, unsigned code, const char *reason);
void weft_stun_put_unknown(weft_stun_writer *w, const uint16_t *types, size_t n);
void weft_stun_put_fingerprint(weft_stun_writer *w); /* must be the last attribute */
/* WEFT_OK and the message's length, or WEFT_ETOOBIG if anything did not fit. */
int weft_stun_end(weft_stun_writer *w, size_t *len);

/* 1: there and right; 0: absent; WEFT_EAUTH: there and wrong. */
int weft_stun_check_fingerprint(const weft_stun_msg *m);

/* ---- integrity: integrity.c (mbedcrypto) ------------------------------------------------------------------------- */

void weft_stun_put_integrity(weft_stun_writer *w, const void *key, size_t key_len); /* HMAC-SHA1, RFC 8489 14.5 */
void weft_stun_put_integrity_sha256(weft_stun_writer *w, const void *key, size_t key_len); /* RFC 8489 14.6 */
/* Constant-time compare. WEFT_OK; WEFT_ENOTFOUND: the attribute is absent; WEFT_EAUTH: wrong, or truncated below 16
 * bytes (SHA-256) or not 20 bytes (SHA-1). */
int weft_stun_check_integrity(const weft_stun_msg *m, const void *key, size_t key_len);
int weft_stun_check_integrity_sha256(const weft_stun_msg *m, const void *key, size_t key_len);
/* Long-term credential key: MD5(user:realm:password) (RFC 8489 section 9.2.2), 16 bytes; or SHA-256, 32 bytes. */
int weft_stun_long_term_key(uint8_t *out, size_t out_len, const char *user, const char *realm, const char *password);
int weft_stun_userhash(uint8_t out[32], const char *user, const char *realm); /* RFC 8489 section 14.4 */

/* ---- transactions: transaction.c --------------------------------------------------------------------------------- */

#define WEFT_STUN_RTO_DEFAULT WEFT_MS(500) /* RFC 8489 section 6.2.1: SHOULD be 500 ms or more */
#define WEFT_STUN_RC 7                     /* RFC 8489 section 6.2.1: Rc requests in all */
#define WEFT_STUN_RM 16                    /* RFC 8489 section 6.2.1: last wait is Rm * RTO */

/* The retransmission schedule of one request: sent at 0, RTO, 3 RTO, 7 RTO, ... ; gives up Rm * RTO after the last. */
typedef struct weft_stun_transaction {
  uint8_t txid[WEFT_STUN_TXID_LEN];
  weft_time rto, sent_at, deadline;
  unsigned sent, rc, rm;
} weft_stun_transaction;

/* Starts it: the caller sends the request now. rto 0: the default. Fails with WEFT_ERANDOM. */
int weft_stun_transaction_start(weft_stun_transaction *t, const weft_rng *rng, weft_time rto, weft_time now);
/* When due: WEFT_OK: send again (state advanced); WEFT_EAGAIN: not due; WEFT_ETIMEDOUT: given up. */
int weft_stun_transaction_tick(weft_stun_transaction *t, weft_time now);
bool weft_stun_transaction_matches(const weft_stun_transaction *t, const weft_stun_msg *m);

/* ---- binding client and server, usable alone: client.c, server.c ------------------------------------------------- */

typedef struct weft_stun_client weft_stun_client;

typedef struct weft_stun_client_config {
  size_t size;
  weft_rng rng;            /* required */
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  weft_time rto; /* default WEFT_STUN_RTO_DEFAULT */
} weft_stun_client_config;

typedef enum weft_stun_client_event_type {
  WEFT_STUN_CLIENT_MAPPED = 1,
  WEFT_STUN_CLIENT_CLOSED = 2
} weft_stun_client_event_type;

typedef struct weft_stun_client_event {
  weft_stun_client_event_type type;
  weft_addr mapped;   /* MAPPED: our address as the server sees it */
  weft_time rtt;      /* MAPPED: of a request that was not retransmitted, else WEFT_NEVER */
  weft_closed closed; /* CLOSED: after MAPPED with WEFT_OK; WEFT_ETIMEDOUT; WEFT_EREFUSED with the error code */
} weft_stun_client_event;

typedef struct weft_stun_client_callbacks {
  size_t size;
  int (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_stun_client_event *ev, weft_time now);
} weft_stun_client_callbacks;

#define weft_stun_client_config_default(c) weft_stun_client_config_init((c), sizeof *(c))
void weft_stun_client_config_init(weft_stun_client_config *c, size_t size);
int weft_stun_client_new(weft_stun_client **out, const weft_stun_client_config *cfg,
                         const weft_stun_client_callbacks *cb, void *user);
void weft_stun_client_free(weft_stun_client *c);
int weft_stun_client_start(weft_stun_client *c, weft_time now); /* sends the binding request */
/* A datagram from the server's address; anything but the answer is ignored. */
int weft_stun_client_input(weft_stun_client *c, const uint8_t *data, size_t len, weft_time now);
int weft_stun_client_tick(weft_stun_client *c, weft_time now);
weft_time weft_stun_client_deadline(const weft_stun_client *c);

/* A plain binding server's answer to one request without credentials: header and XOR-MAPPED-ADDRESS. WEFT_OK and
 * *out_len, or WEFT_EINVAL when the datagram deserves no answer. Never writes more than 44 bytes. */
int weft_stun_binding_answer(const uint8_t *data, size_t len, const weft_addr *from, uint8_t *out, size_t cap,
                             size_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
