#include <string.h>

#include "multiaddr/multiaddr_int.h"

#define NEEDS(name, like) "value is missing, as in \"/" name "/" like "\""
#define FIXED(code, name, bits, kind, like) \
  { code, name, (bits) / 8, &weft_multiaddr_kind_##kind, NEEDS(name, like) }
#define V(code, name, kind, like) \
  { code, name, WEFT_MULTIADDR_VARIABLE, &weft_multiaddr_kind_##kind, NEEDS(name, like) }
#define PORT(code, name) \
  { code, name, 16 / 8, &weft_multiaddr_kind_number, "port is missing, as in \"/" name "/4001\"" }
#define BARE(code, name) \
  { code, name, 0, NULL, "" }
#define ONION3 "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:80"

/* multiformats/multiaddr protocols.csv, row by row. */
static const weft_multiaddr_protocol protocols[] = {
    FIXED(WEFT_MA_IP4, "ip4", 32, ip, "192.0.2.1"),                  /* 4,   32,  ip4 */
    PORT(WEFT_MA_TCP, "tcp"),                                        /* 6,   16,  tcp */
    PORT(WEFT_MA_UDP, "udp"),                                        /* 273, 16,  udp */
    PORT(WEFT_MA_DCCP, "dccp"),                                      /* 33,  16,  dccp */
    FIXED(WEFT_MA_IP6, "ip6", 128, ip, "2001:db8::1"),               /* 41,  128, ip6 */
    V(WEFT_MA_IP6ZONE, "ip6zone", zone, "eth0"),                     /* 42,  V,   ip6zone */
    FIXED(WEFT_MA_IPCIDR, "ipcidr", 8, number, "24"),                /* 43,  8,   ipcidr */
    V(WEFT_MA_DNS, "dns", name, "example.org"),                      /* 53,  V,   dns */
    V(WEFT_MA_DNS4, "dns4", name, "example.org"),                    /* 54,  V,   dns4 */
    V(WEFT_MA_DNS6, "dns6", name, "example.org"),                    /* 55,  V,   dns6 */
    V(WEFT_MA_DNSADDR, "dnsaddr", name, "example.org"),              /* 56,  V,   dnsaddr */
    PORT(WEFT_MA_SCTP, "sctp"),                                      /* 132, 16,  sctp */
    BARE(WEFT_MA_UDT, "udt"),                                        /* 301, 0,   udt */
    BARE(WEFT_MA_UTP, "utp"),                                        /* 302, 0,   utp */
    V(WEFT_MA_UNIX, "unix", path, "run/weft.sock"),                  /* 400, V,   unix */
    V(WEFT_MA_P2P, "p2p", peer, "12D3Koo..."),                       /* 421, V,   p2p; 421, V, ipfs */
    FIXED(WEFT_MA_ONION, "onion", 96, onion, "timaq4ygg2iegci7:80"), /* 444, 96,  onion */
    FIXED(WEFT_MA_ONION3, "onion3", 296, onion, ONION3),             /* 445, 296, onion3 */
    V(WEFT_MA_GARLIC64, "garlic64", garlic64, "<I2P destination>"),  /* 446, V,   garlic64 */
    V(WEFT_MA_GARLIC32, "garlic32", garlic32, "<I2P b32 name>"),     /* 447, V,   garlic32 */
    BARE(WEFT_MA_TLS, "tls"),                                        /* 448, 0,   tls */
    V(WEFT_MA_SNI, "sni", name, "example.org"),                      /* 449, V,   sni */
    BARE(WEFT_MA_NOISE, "noise"),                                    /* 454, 0,   noise */
    BARE(WEFT_MA_QUIC, "quic"),                                      /* 460, 0,   quic */
    BARE(WEFT_MA_QUIC_V1, "quic-v1"),                                /* 461, 0,   quic-v1 */
    BARE(WEFT_MA_WEBTRANSPORT, "webtransport"),                      /* 465, 0,   webtransport */
    V(WEFT_MA_CERTHASH, "certhash", certhash, "uEi..."),             /* 466, V,   certhash */
    BARE(WEFT_MA_HTTP, "http"),                                      /* 480, 0,   http */
    V(WEFT_MA_HTTP_PATH, "http-path", http_path, "api%2Fv0"),        /* 481, V,   http-path */
    BARE(WEFT_MA_HTTPS, "https"),                                    /* 443, 0,   https */
    BARE(WEFT_MA_WS, "ws"),                                          /* 477, 0,   ws */
    BARE(WEFT_MA_WSS, "wss"),                                        /* 478, 0,   wss */
    BARE(WEFT_MA_P2P_WEBSOCKET_STAR, "p2p-websocket-star"),          /* 479, 0,   p2p-websocket-star */
    BARE(WEFT_MA_P2P_STARDUST, "p2p-stardust"),                      /* 277, 0,   p2p-stardust */
    BARE(WEFT_MA_P2P_WEBRTC_STAR, "p2p-webrtc-star"),                /* 275, 0,   p2p-webrtc-star */
    BARE(WEFT_MA_P2P_WEBRTC_DIRECT, "p2p-webrtc-direct"),            /* 276, 0,   p2p-webrtc-direct */
    BARE(WEFT_MA_WEBRTC_DIRECT, "webrtc-direct"),                    /* 280, 0,   webrtc-direct */
    BARE(WEFT_MA_WEBRTC, "webrtc"),                                  /* 281, 0,   webrtc */
    BARE(WEFT_MA_P2P_CIRCUIT, "p2p-circuit"),                        /* 290, 0,   p2p-circuit */
    /* 777, V, memory, "arbitrary"; go-multiaddr, rust-multiaddr and py-multiaddr have a 64-bit number without a length */
    FIXED(WEFT_MA_MEMORY, "memory", 64, number, "4"),
    BARE(WEFT_MA_PLAINTEXTV2, "plaintextv2"), /* multicodec table.csv: plaintextv2, multiaddr, 0x706c61 */
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
