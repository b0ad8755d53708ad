/* weft dtls (private): DTLS records - the header (RFC 6347 section 4.1), protection with an AEAD, and the replay
 * window.
 *
 *   weft_dtls_record rec;
 *   while (weft_dtls_record_read(&r, &rec)) ...            r over one datagram
 *
 *   weft_dtls_half tx, rx;                                  one direction each, after the handshake gave the keys
 *   weft_dtls_half_start(&tx, suite, key, iv);
 *   n = weft_dtls_half_seal(&tx, WEFT_DTLS_APPLICATION, data, len, out, sizeof out);
 *   rc = weft_dtls_half_open(&rx, &rec, plain, cap, &len);
 */
#ifndef WEFT_DTLS_RECORD_H
#define WEFT_DTLS_RECORD_H

#include "base/bytes.h"
#include "dtls/aead.h"

#define WEFT_DTLS_HEADER_LEN 13
#define WEFT_DTLS_PLAIN_MAX 16384  /* RFC 5246 section 6.2.1 */
#define WEFT_DTLS_EXPANSION_MAX 24 /* explicit nonce and tag of AES-GCM */
#define WEFT_DTLS_SEQ_MAX 0xffffffffffffu

enum { WEFT_DTLS_CCS = 20, WEFT_DTLS_ALERT = 21, WEFT_DTLS_HANDSHAKE = 22, WEFT_DTLS_APPLICATION = 23 };

enum { WEFT_DTLS_VERSION_10 = 0xfeff, WEFT_DTLS_VERSION_12 = 0xfefd };

typedef struct weft_dtls_record {
  uint8_t type;
  uint16_t version, epoch;
  uint64_t seq;
  const uint8_t *raw; /* header and body */
  const uint8_t *body;
  size_t len; /* of the body */
} weft_dtls_record;

/* The next record of a datagram. False at its end, and (r failed) at what is no DTLS 1.0 or 1.2 record. */
bool weft_dtls_record_read(weft_rd *r, weft_dtls_record *rec);
void weft_dtls_record_header(weft_wr *w, uint8_t type, uint16_t version, uint16_t epoch, uint64_t seq, size_t len);

/* RFC 6347 section 4.1.2.6: a sliding window of 64. */
typedef struct weft_dtls_window {
  uint64_t next; /* one above the highest number seen */
  uint64_t seen; /* bit i: number next - 1 - i */
} weft_dtls_window;

bool weft_dtls_window_fresh(const weft_dtls_window *w, uint64_t seq);
void weft_dtls_window_mark(weft_dtls_window *w, uint64_t seq);

/* One direction of epoch 1. */
typedef struct weft_dtls_half {
  weft_dtls_aead aead;
  uint8_t iv[12];
  uint64_t next; /* sending: number of the next record */
  weft_dtls_window window;
} weft_dtls_half;

int weft_dtls_half_start(weft_dtls_half *h, const weft_dtls_suite *suite, const uint8_t *key, const uint8_t *iv,
                         bool portable);
void weft_dtls_half_stop(weft_dtls_half *h);
/* Bytes a record has above its content. */
size_t weft_dtls_half_overhead(const weft_dtls_half *h);
/* One record with the next number; its length, 0 when it does not fit or the numbers are used up. */
size_t weft_dtls_half_seal(weft_dtls_half *h, uint8_t type, const uint8_t *data, size_t len, uint8_t *out, size_t cap);
/* WEFT_OK and the number is marked as seen; WEFT_EAGAIN: seen before or too old; WEFT_EAUTH; WEFT_ETOOBIG for out.
 * Writes to out even when the answer is WEFT_EAUTH. */
int weft_dtls_half_open(weft_dtls_half *h, const weft_dtls_record *rec, uint8_t *out, size_t cap, size_t *len);
/* Opens without asking or marking the window, for records of our own. */
int weft_dtls_half_reopen(const weft_dtls_half *h, const weft_dtls_record *rec, uint8_t *out, size_t cap, size_t *len);

#endif
