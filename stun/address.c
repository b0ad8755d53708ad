/* MAPPED-ADDRESS and XOR-MAPPED-ADDRESS: RFC 8489 sections 14.1, 14.2. */
#include "stun/stun_int.h"

#include <string.h>

enum { FAMILY_IP4 = 1, FAMILY_IP6 = 2 };

/* What an address is combined with: the cookie and the transaction id, which are bytes 4..19 of the header. */
static void apply_mask(weft_addr *a, const uint8_t mask[16]) {
  a->port = (uint16_t)(a->port ^ (mask[0] << 8 | mask[1]));
  size_t n = a->family == WEFT_AF_IP4 ? 4 : 16;
  for (size_t i = 0; i < n; i++) a->ip[i] ^= mask[i];
}

int weft_stun_get_address(const weft_stun_attr *a, weft_addr *out) {
  weft_rd r;
  weft_rd_init(&r, a->value, a->len);
  memset(out, 0, sizeof *out);
  weft_rd_skip(&r, 1);
  uint8_t family = weft_rd_u8(&r);
  uint16_t port = weft_rd_u16(&r);
  if (family != FAMILY_IP4 && family != FAMILY_IP6) return WEFT_EMALFORMED;
  const uint8_t *ip = weft_rd_bytes(&r, family == FAMILY_IP4 ? 4 : 16);
  if (!weft_rd_done(&r)) return WEFT_EMALFORMED;
  *out = family == FAMILY_IP4 ? weft_addr_ip4(ip, port) : weft_addr_ip6(ip, port);
  return WEFT_OK;
}

int weft_stun_get_xor_address(const weft_stun_msg *m, const weft_stun_attr *a, weft_addr *out) {
  int rc = weft_stun_get_address(a, out);
  if (rc == WEFT_OK) apply_mask(out, m->data + 4);
  return rc;
}

void weft_stun_put_address(weft_stun_writer *w, uint16_t type, const weft_addr *a) {
  size_t n = a->family == WEFT_AF_IP4 ? 4 : 16;
  uint8_t *at = a->family == WEFT_AF_NONE ? NULL : weft_stun_writer_grow(w, type, 4 + n);
  if (at == NULL) {
    w->failed = true;
    return;
  }
  weft_wr out;
  weft_wr_init(&out, at, 4 + n);
  weft_wr_u8(&out, 0);
  weft_wr_u8(&out, a->family == WEFT_AF_IP4 ? FAMILY_IP4 : FAMILY_IP6);
  weft_wr_u16(&out, a->port);
  weft_wr_bytes(&out, a->ip, n);
}

void weft_stun_put_xor_address(weft_stun_writer *w, uint16_t type, const weft_addr *a) {
  if (w->failed) return;
  weft_addr masked = *a;
  if (masked.family != WEFT_AF_NONE) apply_mask(&masked, w->buf + 4);
  weft_stun_put_address(w, type, &masked);
}
