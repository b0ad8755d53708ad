#include "multiaddr/multiaddr_int.h"

/* Zones by number only: the names of interfaces are the application's to look up. */
static int parse_zone(const weft_multiaddr_part *p, uint32_t *scope) {
  uint64_t v = 0;
  for (size_t i = 0; i < p->len; i++) {
    if (p->value[i] < '0' || p->value[i] > '9') return WEFT_EUNSUPPORTED;
    v = v * 10 + (uint64_t)(p->value[i] - '0');
    if (v > UINT32_MAX) return WEFT_EMALFORMED;
  }
  *scope = (uint32_t)v;
  return WEFT_OK;
}

static int read_ip(const weft_multiaddr *ma, size_t *at, weft_addr *out) {
  weft_multiaddr_part p;
  uint32_t scope = 0;
  if (!weft_multiaddr_next(ma, at, &p)) return WEFT_ENOTFOUND;
  if (p.code == WEFT_MA_IP4) {
    *out = weft_addr_ip4(p.value, 0);
    return WEFT_OK;
  }
  if (p.code == WEFT_MA_IP6ZONE) {
    int rc = parse_zone(&p, &scope);
    if (rc != WEFT_OK) return rc;
    if (!weft_multiaddr_next(ma, at, &p)) return WEFT_ENOTFOUND;
  }
  if (p.code != WEFT_MA_IP6) return WEFT_ENOTFOUND;
  *out = weft_addr_ip6(p.value, 0);
  out->scope = scope;
  return WEFT_OK;
}

int weft_multiaddr_to_addr(const weft_multiaddr *ma, weft_addr *out, uint32_t *transport) {
  weft_multiaddr_part p;
  weft_addr a;
  size_t at = 0;
  int rc = read_ip(ma, &at, &a);
  if (rc != WEFT_OK) return rc;
  if (!weft_multiaddr_next(ma, &at, &p) || (p.code != WEFT_MA_UDP && p.code != WEFT_MA_TCP)) return WEFT_ENOTFOUND;
  a.port = (uint16_t)((unsigned)p.value[0] << 8 | p.value[1]);
  *out = a;
  if (transport) *transport = p.code;
  return WEFT_OK;
}
