#include "dtls/record.h"

#include <string.h>

bool weft_dtls_record_read(weft_rd *r, weft_dtls_record *rec) {
  if (weft_rd_left(r) == 0) return false;
  rec->raw = r->p;
  rec->type = weft_rd_u8(r);
  rec->version = weft_rd_u16(r);
  rec->epoch = weft_rd_u16(r);
  rec->seq = weft_rd_u48(r);
  rec->len = weft_rd_u16(r);
  rec->body = weft_rd_bytes(r, rec->len);
  bool known = rec->type >= WEFT_DTLS_CCS && rec->type <= WEFT_DTLS_APPLICATION;
  bool version = rec->version == WEFT_DTLS_VERSION_10 || rec->version == WEFT_DTLS_VERSION_12;
  if (!known || !version || rec->len > WEFT_DTLS_PLAIN_MAX + WEFT_DTLS_EXPANSION_MAX) weft_rd_fail(r);
  return weft_rd_ok(r);
}

void weft_dtls_record_header(weft_wr *w, uint8_t type, uint16_t version, uint16_t epoch, uint64_t seq, size_t len) {
  weft_wr_u8(w, type);
  weft_wr_u16(w, version);
  weft_wr_u16(w, epoch);
  weft_wr_u48(w, seq);
  weft_wr_u16(w, (uint16_t)len);
}

/* ---- the replay window ---- */

bool weft_dtls_window_fresh(const weft_dtls_window *w, uint64_t seq) {
  if (seq >= w->next) return true;
  uint64_t age = w->next - 1 - seq;
  return age < 64 && !(w->seen >> age & 1);
}

void weft_dtls_window_mark(weft_dtls_window *w, uint64_t seq) {
  if (seq < w->next) {
    uint64_t age = w->next - 1 - seq;
    if (age < 64) w->seen |= UINT64_C(1) << age;
    return;
  }
  uint64_t step = seq + 1 - w->next;
  w->seen = step < 64 ? w->seen << step | 1 : 1;
  w->next = seq + 1;
}

/* ---- protection ---- */

int weft_dtls_half_start(weft_dtls_half *h, const weft_dtls_suite *suite, const uint8_t *key, const uint8_t *iv,
                         bool portable) {
  memset(h->iv, 0, sizeof h->iv);
  memcpy(h->iv, iv, suite->fixed_len);
  h->next = 0;
  h->window = (weft_dtls_window){0};
  return weft_dtls_aead_start(&h->aead, suite, key, portable);
}

void weft_dtls_half_stop(weft_dtls_half *h) {
  weft_dtls_aead_stop(&h->aead);
  weft_wipe(h->iv, sizeof h->iv);
}

size_t weft_dtls_half_overhead(const weft_dtls_half *h) {
  return WEFT_DTLS_HEADER_LEN + h->aead.suite->explicit_len + WEFT_DTLS_TAG_LEN;
}

static void put_u48(uint8_t *p, uint64_t v) {
  for (int i = 5; i >= 0; i--, v >>= 8) p[i] = (uint8_t)v;
}

/* RFC 6347 section 4.1.2.1 and RFC 5246 section 6.2.3.3: epoch and number, type, version, length of the content. */
static void make_aad(uint8_t aad[13], uint8_t type, uint16_t version, uint64_t seq, size_t len) {
  aad[0] = 0;
  aad[1] = 1;
  put_u48(aad + 2, seq);
  aad[8] = type;
  aad[9] = (uint8_t)(version >> 8);
  aad[10] = (uint8_t)version;
  aad[11] = (uint8_t)(len >> 8);
  aad[12] = (uint8_t)len;
}

/* AES-GCM: 4 fixed bytes, then the 8 sent in the record (RFC 5288 section 3). ChaCha20-Poly1305: epoch and number,
 * padded on the left and mixed into the fixed 12 (RFC 7905 section 2). */
static void make_nonce(const weft_dtls_half *h, uint8_t nonce[12], const uint8_t *sent, uint64_t seq) {
  memcpy(nonce, h->iv, 12);
  if (sent) {
    memcpy(nonce + 4, sent, 8);
    return;
  }
  uint8_t number[8] = {0, 1};
  put_u48(number + 2, seq);
  for (size_t i = 0; i < 8; i++) nonce[4 + i] ^= number[i];
}

size_t weft_dtls_half_seal(weft_dtls_half *h, uint8_t type, const uint8_t *data, size_t len, uint8_t *out, size_t cap) {
  size_t total = len + weft_dtls_half_overhead(h);
  if (len > WEFT_DTLS_PLAIN_MAX || total > cap || h->next > WEFT_DTLS_SEQ_MAX) return 0;
  uint64_t seq = h->next++;
  uint8_t aad[13], nonce[12];
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_dtls_record_header(&w, type, WEFT_DTLS_VERSION_12, 1, seq, total - WEFT_DTLS_HEADER_LEN);
  uint8_t *sent = NULL;
  if (h->aead.suite->explicit_len) {
    sent = w.p;
    weft_wr_u16(&w, 1);
    weft_wr_u48(&w, seq);
  }
  make_aad(aad, type, WEFT_DTLS_VERSION_12, seq, len);
  make_nonce(h, nonce, sent, seq);
  return weft_dtls_aead_seal(&h->aead, nonce, aad, data, len, w.p) == WEFT_OK ? total : 0;
}

int weft_dtls_half_reopen(const weft_dtls_half *h, const weft_dtls_record *rec, uint8_t *out, size_t cap, size_t *len) {
  size_t explicit_len = h->aead.suite->explicit_len;
  if (rec->len < explicit_len + WEFT_DTLS_TAG_LEN) return WEFT_EAUTH;
  *len = rec->len - explicit_len - WEFT_DTLS_TAG_LEN;
  if (*len > cap || *len > WEFT_DTLS_PLAIN_MAX) return WEFT_ETOOBIG;
  uint8_t aad[13], nonce[12];
  make_aad(aad, rec->type, rec->version, rec->seq, *len);
  make_nonce(h, nonce, explicit_len ? rec->body : NULL, rec->seq);
  return weft_dtls_aead_open(&h->aead, nonce, aad, rec->body + explicit_len, *len, out);
}

int weft_dtls_half_open(weft_dtls_half *h, const weft_dtls_record *rec, uint8_t *out, size_t cap, size_t *len) {
  if (!weft_dtls_window_fresh(&h->window, rec->seq)) return WEFT_EAGAIN;
  int rc = weft_dtls_half_reopen(h, rec, out, cap, len);
  if (rc == WEFT_OK) weft_dtls_window_mark(&h->window, rec->seq);
  return rc;
}
