#include "apps/addresses.h"

#include "apps/sockaddr.h"

static void finish(weft_multiaddr *ma, const weft_identity *id, char *out, size_t cap) {
  weft_peer_id peer;
  weft_peer_id_from_bytes(&peer, id->peer_id, sizeof id->peer_id);
  weft_multiaddr_append_peer(ma, &peer);
  if (weft_multiaddr_format(ma, out, cap) != WEFT_OK) out[0] = 0;
}

void app_address_direct(char *out, size_t cap, const weft_addr *a, const weft_dtls_cert *cert,
                        const weft_identity *id) {
  weft_multiaddr ma = {.len = 0};
  weft_multiaddr_append_addr(&ma, a, WEFT_MA_UDP);
  weft_multiaddr_append(&ma, WEFT_MA_WEBRTC_DIRECT, NULL, 0);
  weft_multiaddr_append_certhash(&ma, weft_dtls_cert_fingerprint(cert));
  finish(&ma, id, out, cap);
}

void app_address_tcp(char *out, size_t cap, const weft_addr *a, const weft_identity *id) {
  weft_multiaddr ma = {.len = 0};
  weft_multiaddr_append_addr(&ma, a, WEFT_MA_TCP);
  finish(&ma, id, out, cap);
}

size_t app_address_expand(const weft_addr *bound, weft_addr out[APP_INTERFACES]) {
  if (!weft_addr_is_unspecified(bound)) {
    out[0] = *bound;
    return 1;
  }
  size_t n = app_interfaces(bound->family, out, APP_INTERFACES);
  for (size_t i = 0; i < n; i++) out[i].port = bound->port;
  return n;
}

weft_addr app_address_here(const weft_addr *bound) {
  static const uint8_t loopback6[16] = {[15] = 1}, loopback4[4] = {127, 0, 0, 1};
  if (!weft_addr_is_unspecified(bound)) return *bound;
  return bound->family == WEFT_AF_IP6 ? weft_addr_ip6(loopback6, bound->port) : weft_addr_ip4(loopback4, bound->port);
}
