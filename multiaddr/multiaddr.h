/* weft multiaddr: multiaddrs, peer ids, certhashes, multibase and multihash, as text and bytes.
 *
 *   weft_multiaddr ma;
 *   weft_multiaddr_error err;
 *   if (weft_multiaddr_parse(&ma, "/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi.../p2p/12D3...", &err) != WEFT_OK)
 *     fprintf(stderr, "%s\n", err.text);                  "component 3: certhash: not multibase"
 *   weft_multiaddr_part p;
 *   for (size_t at = 0; weft_multiaddr_next(&ma, &at, &p);) use(p.code, p.value, p.len);
 *   char text[WEFT_MULTIADDR_TEXT_MAX];
 *   weft_multiaddr_format(&ma, text, sizeof text);
 *
 * Pure codecs: caller-allocated, no allocation; callable from anywhere. Sources: multiformats multiaddr, multibase, multihash,
 * unsigned-varint; libp2p specs addressing/README.md and peer-ids/peer-ids.md.
 */
#ifndef WEFT_MULTIADDR_MULTIADDR_H
#define WEFT_MULTIADDR_MULTIADDR_H

#include "../base/addr.h"
#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- multibase: multibase.c ------------------------------------------------------------------------------------------- */

/* Prefix characters; names by weft_multibase_name(). At least: '\0' identity, '0' base2, '7' base8, '9' base10, 'f' 'F' base16, 'b' 'B'
 * base32, 'v' 'V' base32hex, 'c' 'C' 't' 'T' padded forms, 'h' base32z, 'k' 'K' base36, 'z' base58btc, 'Z' base58flickr, 'm' 'M' 'u' 'U'
 * base64 and base64url. */
int weft_multibase_encode(char prefix, const uint8_t *data, size_t len, char *out, size_t cap,
                          size_t *out_len); /* terminated */
int weft_multibase_decode(const char *text, size_t text_len, char *prefix, uint8_t *out, size_t cap, size_t *out_len);
const char *weft_multibase_name(char prefix); /* NULL when unknown */
/* Without prefix: peer ids of the first form. */
int weft_base58_encode(const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len);
int weft_base58_decode(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *out_len);

/* ---- multihash: multihash.c ----------------------------------------------------------------------------------------------- */

enum { WEFT_MULTIHASH_IDENTITY = 0x00, WEFT_MULTIHASH_SHA2_256 = 0x12, WEFT_MULTIHASH_SHA2_512 = 0x13 };

typedef struct weft_multihash {
  uint64_t code;
  const uint8_t *digest; /* into the input */
  size_t len;
} weft_multihash;
int weft_multihash_decode(weft_multihash *mh, const uint8_t *data,
                          size_t len); /* exactly one; lengths of known codes are checked */
int weft_multihash_encode(uint64_t code, const uint8_t *digest, size_t len, uint8_t *out, size_t cap, size_t *out_len);

/* ---- peer ids: peer_id.c ------------------------------------------------------------------------------------------------------ */

#define WEFT_PEER_ID_BYTES_MAX 66 /* identity of up to 64 bytes (keys have up to 42), or sha2-256 */
#define WEFT_PEER_ID_TEXT_MAX 128

typedef struct weft_peer_id {
  uint8_t bytes[WEFT_PEER_ID_BYTES_MAX];
  uint8_t len;
} weft_peer_id;
int weft_peer_id_from_bytes(weft_peer_id *id, const uint8_t *multihash, size_t len);
/* base58btc multihash ("12D3Koo...", "Qm..."), or a CIDv1 with codec libp2p-key in any multibase ("bafz...", "k51..."). */
int weft_peer_id_parse(weft_peer_id *id, const char *text, size_t len);
int weft_peer_id_format(const weft_peer_id *id, char *out, size_t cap);     /* base58btc */
int weft_peer_id_format_cid(const weft_peer_id *id, char *out, size_t cap); /* base32 CIDv1 */
bool weft_peer_id_equal(const weft_peer_id *a, const weft_peer_id *b);

/* ---- multiaddrs: multiaddr.c, protocols.c ---------------------------------------------------------------------------------------- */

/* multiformats/multiaddr protocols.csv, in its order. Text form of the value; in bytes it has the size given, or a length in front (V). */
enum {
  WEFT_MA_IP4 = 4,                  /* 32 bits: "192.0.2.1" */
  WEFT_MA_TCP = 6,                  /* 16 bits: "4001" */
  WEFT_MA_UDP = 273,                /* 16 bits */
  WEFT_MA_DCCP = 33,                /* 16 bits */
  WEFT_MA_IP6 = 41,                 /* 128 bits: "2001:db8::1" */
  WEFT_MA_IP6ZONE = 42,             /* V: "eth0", in front of ip6 (RFC 4007) */
  WEFT_MA_IPCIDR = 43,              /* 8 bits: "24" */
  WEFT_MA_DNS = 53,                 /* V: "example.org" */
  WEFT_MA_DNS4 = 54,                /* V */
  WEFT_MA_DNS6 = 55,                /* V */
  WEFT_MA_DNSADDR = 56,             /* V */
  WEFT_MA_SCTP = 132,               /* 16 bits */
  WEFT_MA_UDT = 301,                /* no value */
  WEFT_MA_UTP = 302,                /* no value */
  WEFT_MA_UNIX = 400,               /* V: a path, "/unix/run/weft.sock"; it takes the rest of the address */
  WEFT_MA_P2P = 421,                /* V: "12D3Koo..." */
  WEFT_MA_ONION = 444,              /* 96 bits: "timaq4ygg2iegci7:80" */
  WEFT_MA_ONION3 = 445,             /* 296 bits: 56 characters, ":80" */
  WEFT_MA_GARLIC64 = 446,           /* V: at least 386 bytes in I2P's base64 */
  WEFT_MA_GARLIC32 = 447,           /* V: 32, or at least 35 bytes in base32 */
  WEFT_MA_TLS = 448,                /* no value */
  WEFT_MA_SNI = 449,                /* V: "example.org" */
  WEFT_MA_NOISE = 454,              /* no value */
  WEFT_MA_QUIC = 460,               /* no value */
  WEFT_MA_QUIC_V1 = 461,            /* no value */
  WEFT_MA_WEBTRANSPORT = 465,       /* no value */
  WEFT_MA_CERTHASH = 466,           /* V: a multihash, "uEi..." */
  WEFT_MA_HTTP = 480,               /* no value */
  WEFT_MA_HTTP_PATH = 481,          /* V: percent-encoded, "api%2Fv0" */
  WEFT_MA_HTTPS = 443,              /* no value */
  WEFT_MA_WS = 477,                 /* no value */
  WEFT_MA_WSS = 478,                /* no value */
  WEFT_MA_P2P_WEBSOCKET_STAR = 479, /* no value */
  WEFT_MA_P2P_STARDUST = 277,       /* no value */
  WEFT_MA_P2P_WEBRTC_STAR = 275,    /* no value */
  WEFT_MA_P2P_WEBRTC_DIRECT = 276,  /* no value */
  WEFT_MA_WEBRTC_DIRECT = 280,      /* no value */
  WEFT_MA_WEBRTC = 281,             /* no value */
  WEFT_MA_P2P_CIRCUIT = 290,        /* no value */
  WEFT_MA_MEMORY = 777,             /* 64 bits: "4"; protocols.csv says V, implementations have a 64-bit number */
  WEFT_MA_PLAINTEXTV2 = 0x706c61    /* no value; multicodec table.csv alone has it */
};

#define WEFT_MULTIADDR_MAX 1024      /* bytes; longer addresses are refused */
#define WEFT_MULTIADDR_TEXT_MAX 2048 /* text of any address that fits, terminator included */

typedef struct weft_multiaddr {
  uint8_t bytes[WEFT_MULTIADDR_MAX];
  size_t len;
} weft_multiaddr;

typedef struct weft_multiaddr_part {
  uint32_t code;
  const char *name;     /* "udp" */
  const uint8_t *value; /* into the multiaddr: without the length prefix */
  size_t len;
} weft_multiaddr_part;

/* What is wrong and where; component counts from 1. */
typedef struct weft_multiaddr_error {
  size_t component;
  char protocol[32];
  char text[192]; /* "component 3: certhash: not multibase" */
} weft_multiaddr_error;

/* err may be NULL. A trailing slash is accepted and dropped; "/ipfs/" is read as "/p2p/". WEFT_EMALFORMED, WEFT_EUNSUPPORTED (a protocol
 * that is not in the table), WEFT_ETOOBIG. */
int weft_multiaddr_parse(weft_multiaddr *ma, const char *text, weft_multiaddr_error *err);
int weft_multiaddr_from_bytes(weft_multiaddr *ma, const uint8_t *data, size_t len, weft_multiaddr_error *err);
int weft_multiaddr_format(const weft_multiaddr *ma, char *out, size_t cap);
bool weft_multiaddr_next(const weft_multiaddr *ma, size_t *at, weft_multiaddr_part *p); /* *at starts at 0 */
int weft_multiaddr_find(const weft_multiaddr *ma, uint32_t code,
                        weft_multiaddr_part *p); /* the first; WEFT_ENOTFOUND */
bool weft_multiaddr_equal(const weft_multiaddr *a, const weft_multiaddr *b);
/* Appends one component from its binary value (len 0 for those without). Nothing may follow a unix path: WEFT_EMALFORMED. */
int weft_multiaddr_append(weft_multiaddr *ma, uint32_t code, const uint8_t *value, size_t len);
int weft_multiaddr_append_addr(weft_multiaddr *ma, const weft_addr *a,
                               uint32_t transport); /* ip4|ip6[zone] then udp|tcp */
int weft_multiaddr_append_peer(weft_multiaddr *ma, const weft_peer_id *id);
int weft_multiaddr_append_certhash(weft_multiaddr *ma, const uint8_t sha256[32]);
/* Splits at the first p2p-circuit: `relay` is what stands before it, `rest` what follows. WEFT_ENOTFOUND. */
int weft_multiaddr_split_circuit(const weft_multiaddr *ma, weft_multiaddr *relay, weft_multiaddr *rest);
/* ip + udp|tcp at the front, as an address. */
int weft_multiaddr_to_addr(const weft_multiaddr *ma, weft_addr *out, uint32_t *transport);

/* certhash.c: text of a certhash ("uEi...") from and to a SHA-256. Any multibase in; base64url ('u') out. WEFT_EUNSUPPORTED for another hash. */
int weft_certhash_format(const uint8_t sha256[32], char *out, size_t cap);
int weft_certhash_parse(uint8_t sha256[32], const char *text, size_t len);

/* webrtc-direct addresses, checked as a whole: /ip4|ip6/udp/webrtc-direct/certhash.../[p2p]. err->text says what to add. */
typedef struct weft_webrtc_direct_addr {
  weft_addr addr;
  uint8_t certhash[32]; /* the first sha2-256 one */
  uint8_t certhashes;   /* how many certhash components there were */
  bool has_certhash;
  bool has_peer;
  weft_peer_id peer;
} weft_webrtc_direct_addr;
/* For a listener: certhash and p2p may be missing. For a dialer use ..._dial: both are required. */
int weft_multiaddr_webrtc_direct(const weft_multiaddr *ma, weft_webrtc_direct_addr *out, weft_multiaddr_error *err);
int weft_multiaddr_webrtc_direct_dial(const weft_multiaddr *ma, weft_webrtc_direct_addr *out,
                                      weft_multiaddr_error *err);

#ifdef __cplusplus
}
#endif
#endif
