#include <string.h>

#include "multiaddr/multiaddr_int.h"

#define IPV4(code, name) \
  { code, name, 4, WEFT_MULTIADDR_KIND_IP4, "value is missing, as in \"/" name "/192.0.2.1\"" }
#define IPV6(code, name) \
  { code, name, 16, WEFT_MULTIADDR_KIND_IP6, "value is missing, as in \"/" name "/2001:db8::1\"" }
#define PORT(code, name) \
  { code, name, 2, WEFT_MULTIADDR_KIND_PORT, "port is missing, as in \"/" name "/4001\"" }
#define TEXT(code, name, kind, like) \
  { code, name, WEFT_MULTIADDR_VARIABLE, kind, "value is missing, as in \"/" name "/" like "\"" }
#define NAME(code, name) TEXT(code, name, WEFT_MULTIADDR_KIND_NAME, "example.org")
#define BARE(code, name) \
  { code, name, 0, WEFT_MULTIADDR_KIND_NONE, "" }

/* multiformats/multiaddr protocols.csv */
static const weft_multiaddr_protocol protocols[] = {
    IPV4(WEFT_MA_IP4, "ip4"),
    PORT(WEFT_MA_TCP, "tcp"),
    IPV6(WEFT_MA_IP6, "ip6"),
    TEXT(WEFT_MA_IP6ZONE, "ip6zone", WEFT_MULTIADDR_KIND_ZONE, "eth0"),
    NAME(WEFT_MA_DNS, "dns"),
    NAME(WEFT_MA_DNS4, "dns4"),
    NAME(WEFT_MA_DNS6, "dns6"),
    NAME(WEFT_MA_DNSADDR, "dnsaddr"),
    PORT(WEFT_MA_UDP, "udp"),
    BARE(WEFT_MA_WEBRTC_DIRECT, "webrtc-direct"),
    BARE(WEFT_MA_WEBRTC, "webrtc"),
    BARE(WEFT_MA_P2P_CIRCUIT, "p2p-circuit"),
    TEXT(WEFT_MA_P2P, "p2p", WEFT_MULTIADDR_KIND_PEER, "12D3Koo..."),
    BARE(WEFT_MA_TLS, "tls"),
    BARE(WEFT_MA_QUIC_V1, "quic-v1"),
    TEXT(WEFT_MA_CERTHASH, "certhash", WEFT_MULTIADDR_KIND_CERTHASH, "uEi..."),
    BARE(WEFT_MA_WS, "ws"),
    BARE(WEFT_MA_WSS, "wss"),
    BARE(WEFT_MA_HTTP, "http"),
};

const weft_multiaddr_protocol *weft_multiaddr_protocol_by_code(uint64_t code) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(protocols); i++)
    if (protocols[i].code == code) return &protocols[i];
  return NULL;
}

static bool is_named(const weft_multiaddr_protocol *p, const char *name, size_t len) {
  return strlen(p->name) == len && memcmp(p->name, name, len) == 0;
}

const weft_multiaddr_protocol *weft_multiaddr_protocol_by_name(const char *name, size_t len) {
  if (len == 4 && memcmp(name, "ipfs", 4) == 0) return weft_multiaddr_protocol_by_code(WEFT_MA_P2P);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(protocols); i++)
    if (is_named(&protocols[i], name, len)) return &protocols[i];
  return NULL;
}
