/* What the multiaddr layer gives an embedder: addresses as text and bytes, errors that say where and what to do. */
#include <stdio.h>
#include <string.h>
#include <weft/multiaddr/multiaddr.h>

#define FRONT "/ip4/192.0.2.1/udp/4001/webrtc-direct"
#define HASH "/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g"
#define PEER "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

int main(void) {
  weft_multiaddr ma, back;
  weft_multiaddr_error err;
  weft_multiaddr_part part;
  weft_webrtc_direct_addr target;
  char text[WEFT_MULTIADDR_TEXT_MAX], where[WEFT_ADDR_TEXT_MAX];
  size_t components = 0;

  if (weft_multiaddr_parse(&ma, FRONT HASH PEER, &err) != WEFT_OK) return 1;
  for (size_t at = 0; weft_multiaddr_next(&ma, &at, &part);) components++;
  if (weft_multiaddr_from_bytes(&back, ma.bytes, ma.len, &err) != WEFT_OK) return 1;
  if (weft_multiaddr_format(&back, text, sizeof text) != WEFT_OK || strcmp(text, FRONT HASH PEER) != 0) return 1;
  if (weft_multiaddr_webrtc_direct_dial(&ma, &target, &err) != WEFT_OK) return 1;

  /* Without the peer id there is nobody to prove who answers. */
  if (weft_multiaddr_parse(&ma, FRONT HASH, &err) != WEFT_OK) return 1;
  if (weft_multiaddr_webrtc_direct_dial(&ma, &target, &err) == WEFT_OK) return 1;
  printf("multiaddr: %u components lead to %s; else \"%s\"\n", (unsigned)components,
         weft_addr_format(&target.addr, where, sizeof where), err.text);
  return 0;
}
