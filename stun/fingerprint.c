/* FINGERPRINT: RFC 8489 section 14.7. */
#include "stun/stun_int.h"

#include "base/hash.h"

void weft_stun_put_fingerprint(weft_stun_writer *w) {
  uint8_t *at = weft_stun_writer_grow(w, WEFT_STUN_FINGERPRINT, WEFT_STUN_FINGERPRINT_LEN);
  if (at == NULL) return;
  size_t before = w->len - WEFT_STUN_ATTR_HEADER - WEFT_STUN_FINGERPRINT_LEN;
  weft_wr out;
  weft_wr_init(&out, at, WEFT_STUN_FINGERPRINT_LEN);
  weft_wr_u32(&out, weft_crc32(0, w->buf, before) ^ WEFT_STUN_FINGERPRINT_XOR);
}

int weft_stun_check_fingerprint(const weft_stun_msg *m) {
  weft_stun_attr a;
  uint32_t there;
  if (weft_stun_find(m, WEFT_STUN_FINGERPRINT, &a) != WEFT_OK) return 0;
  if (weft_stun_get_u32(&a, &there) != WEFT_OK) return WEFT_EAUTH;
  return there == (weft_crc32(0, m->data, m->fingerprint_at) ^ WEFT_STUN_FINGERPRINT_XOR) ? 1 : WEFT_EAUTH;
}
