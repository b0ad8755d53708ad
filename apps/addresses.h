/* apps: the multiaddrs a program prints for where it listens. */
#ifndef APPS_ADDRESSES_H
#define APPS_ADDRESSES_H

#include <weft/dtls/dtls.h>
#include <weft/multiaddr/multiaddr.h>
#include <weft/noise/identity.h>

enum { APP_INTERFACES = 32 };

/* /ip4/../udp/../webrtc-direct/certhash/../p2p/.. */
void app_address_direct(char *out, size_t cap, const weft_addr *a, const weft_dtls_cert *cert, const weft_identity *id);
/* /ip4/../tcp/../p2p/.. */
void app_address_tcp(char *out, size_t cap, const weft_addr *a, const weft_identity *id);
/* What a bound address stands for: itself, or for a wildcard every address of the machine, loopback last. */
size_t app_address_expand(const weft_addr *bound, weft_addr out[APP_INTERFACES]);
/* The one for a program on this machine: loopback for a wildcard. */
weft_addr app_address_here(const weft_addr *bound);

#endif
