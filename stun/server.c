/* A binding server without credentials: RFC 8489 section 6.3, 12. */
#include "stun/stun_int.h"

#define ANSWER_MAX 44 /* header and an IPv6 XOR-MAPPED-ADDRESS */
#define UNKNOWN_MAX 6 /* what fits into ANSWER_MAX beside an ERROR-CODE without a reason */

/* A request for somebody who shares the port (an ICE check) carries credentials and is not ours to answer. */
static bool wants_answer(const weft_stun_msg *m) {
  weft_stun_attr a;
  return m->cls == WEFT_STUN_REQUEST && m->method == WEFT_STUN_BINDING && weft_stun_check_fingerprint(m) >= 0 &&
         weft_stun_find(m, WEFT_STUN_USERNAME, &a) != WEFT_OK && m->integrity_at == 0 && m->integrity256_at == 0;
}

int weft_stun_binding_answer(const uint8_t *data, size_t len, const weft_addr *from, uint8_t *out, size_t cap,
                             size_t *out_len) {
  weft_stun_msg m;
  uint16_t unknown[UNKNOWN_MAX];
  *out_len = 0;
  if (!weft_stun_is(data, len) || weft_stun_parse(&m, data, len) != WEFT_OK || !wants_answer(&m)) return WEFT_EINVAL;
  size_t n = weft_stun_unknown(&m, NULL, 0, unknown, UNKNOWN_MAX);
  weft_stun_writer w;
  weft_stun_begin(&w, out, cap < ANSWER_MAX ? cap : ANSWER_MAX, n > 0 ? WEFT_STUN_ERROR : WEFT_STUN_SUCCESS, m.method,
                  m.txid);
  if (n > 0) {
    weft_stun_put_error(&w, 420, NULL); /* RFC 8489 section 6.3.1 */
    weft_stun_put_unknown(&w, unknown, n < UNKNOWN_MAX ? n : UNKNOWN_MAX);
  } else {
    weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, from);
  }
  return weft_stun_end(&w, out_len);
}
