#include <string.h>

#include "multiaddr/multiaddr_int.h"

static bool ends_in_path(const weft_multiaddr *ma) {
  weft_multiaddr_part p = {0};
  for (size_t at = 0; weft_multiaddr_next(ma, &at, &p);) continue;
  return p.code == WEFT_MA_UNIX;
}

int weft_multiaddr_append(weft_multiaddr *ma, uint32_t code, const uint8_t *value, size_t len) {
  const weft_multiaddr_protocol *p = weft_multiaddr_protocol_by_code(code);
  size_t before = ma->len;
  weft_wr w;
  if (!p) return WEFT_EUNSUPPORTED;
  if (weft_multiaddr_value_check(p, value, len) || ends_in_path(ma)) return WEFT_EMALFORMED;
  weft_wr_init(&w, ma->bytes + before, sizeof ma->bytes - before);
  weft_wr_uvarint(&w, p->code);
  if (p->size == WEFT_MULTIADDR_VARIABLE) weft_wr_uvarint(&w, len);
  if (len > 0) weft_wr_bytes(&w, value, len);
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  ma->len = before + weft_wr_len(&w);
  if (weft_multiaddr_fits(ma) == WEFT_OK) return WEFT_OK;
  ma->len = before;
  return WEFT_ETOOBIG;
}

static int append_zone(weft_multiaddr *ma, uint32_t scope) {
  uint8_t text[10];
  size_t n = sizeof text;
  do text[--n] = (uint8_t)('0' + scope % 10);
  while (scope /= 10);
  return weft_multiaddr_append(ma, WEFT_MA_IP6ZONE, text + n, sizeof text - n);
}

static int append_ip(weft_multiaddr *ma, const weft_addr *a) {
  if (a->family == WEFT_AF_IP4) return weft_multiaddr_append(ma, WEFT_MA_IP4, a->ip, 4);
  if (a->family != WEFT_AF_IP6) return WEFT_EINVAL;
  int rc = a->scope ? append_zone(ma, a->scope) : WEFT_OK;
  return rc == WEFT_OK ? weft_multiaddr_append(ma, WEFT_MA_IP6, a->ip, 16) : rc;
}

int weft_multiaddr_append_addr(weft_multiaddr *ma, const weft_addr *a, uint32_t transport) {
  const uint8_t port[2] = {(uint8_t)(a->port >> 8), (uint8_t)a->port};
  size_t before = ma->len;
  if (transport != WEFT_MA_UDP && transport != WEFT_MA_TCP) return WEFT_EINVAL;
  int rc = append_ip(ma, a);
  if (rc == WEFT_OK) rc = weft_multiaddr_append(ma, transport, port, sizeof port);
  if (rc != WEFT_OK) ma->len = before;
  return rc;
}

int weft_multiaddr_append_peer(weft_multiaddr *ma, const weft_peer_id *id) {
  return weft_multiaddr_append(ma, WEFT_MA_P2P, id->bytes, id->len);
}

int weft_multiaddr_append_certhash(weft_multiaddr *ma, const uint8_t sha256[32]) {
  uint8_t multihash[34];
  size_t n;
  int rc = weft_multihash_encode(WEFT_MULTIHASH_SHA2_256, sha256, 32, multihash, sizeof multihash, &n);
  return rc == WEFT_OK ? weft_multiaddr_append(ma, WEFT_MA_CERTHASH, multihash, n) : rc;
}
