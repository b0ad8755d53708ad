/* multiaddr.*, multibase.*, multihash.*, certhash.* */
#include <mbedtls/md.h>
#include <string.h>

#include "apps/conform/op.h"
#include "multiaddr/multiaddr.h"

enum { BYTES_MAX = 4096, TEXT_MAX = 8 * BYTES_MAX + 2 };

static conform_status put_multiaddr(conform_call *c, const weft_multiaddr *ma, bool hex) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  weft_multiaddr_part part;
  int rc = weft_multiaddr_format(ma, text, sizeof text);
  if (rc != WEFT_OK) return conform_code(rc);
  if (hex) json_put_hex(c->out, "hex", ma->bytes, ma->len);
  json_put_string(c->out, "text", text);
  json *protocols = json_put_array(c->out, "protocols");
  for (size_t at = 0; weft_multiaddr_next(ma, &at, &part);) json_put_string(protocols, NULL, part.name);
  return CONFORM_OK;
}

/* What is not in multiformats' protocols.csv is not taken for "this implementation lacks it": nobody has it. */
static conform_status refused(int rc) { return rc == WEFT_EUNSUPPORTED ? CONFORM_MALFORMED : conform_code(rc); }

static conform_status multiaddr_parse(conform_call *c) {
  const json *text = conform_string(c, "text");
  weft_multiaddr ma;
  if (!text) return CONFORM_BAD;
  if (strlen(text->text) != text->len) return CONFORM_MALFORMED; /* a zero byte */
  int rc = weft_multiaddr_parse(&ma, text->text, NULL);
  return rc == WEFT_OK ? put_multiaddr(c, &ma, true) : refused(rc);
}

static conform_status multiaddr_decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_multiaddr ma;
  if (!in) return CONFORM_BAD;
  int rc = weft_multiaddr_from_bytes(&ma, in, len, NULL);
  return rc == WEFT_OK ? put_multiaddr(c, &ma, false) : refused(rc);
}

/* ---- multibase ---- */

static bool prefix_of(const char *base, char *prefix) {
  for (int i = 0; i < 128; i++) {
    const char *name = weft_multibase_name((char)i);
    if (!name || strcmp(name, base) != 0) continue;
    *prefix = (char)i;
    return true;
  }
  return false;
}

static conform_status multibase_encode(conform_call *c) {
  size_t len, out_len;
  char prefix, *text = conform_memory(c, TEXT_MAX);
  const uint8_t *in = conform_bytes(c, "hex", &len);
  const char *base = conform_text(c, "base");
  if (!in || !base) return CONFORM_BAD;
  if (!prefix_of(base, &prefix)) return CONFORM_UNSUPPORTED;
  int rc = weft_multibase_encode(prefix, in, len, text, TEXT_MAX, &out_len);
  if (rc == WEFT_OK) json_put_text(c->out, "text", text, out_len);
  return conform_code(rc);
}

static conform_status multibase_decode(conform_call *c) {
  const json *text = conform_string(c, "text");
  uint8_t *out = conform_memory(c, BYTES_MAX);
  size_t n = 0;
  char prefix = 0;
  if (!text) return CONFORM_BAD;
  int rc = weft_multibase_decode(text->text, text->len, &prefix, out, BYTES_MAX, &n);
  if (rc != WEFT_OK) return refused(rc);
  json_put_string(c->out, "base", weft_multibase_name(prefix));
  json_put_hex(c->out, "hex", out, n);
  return CONFORM_OK;
}

/* ---- multihash ---- */

static conform_status multihash_decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_multihash mh;
  if (!in) return CONFORM_BAD;
  int rc = weft_multihash_decode(&mh, in, len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_u64(c->out, "code", mh.code);
  json_put_u64(c->out, "size", mh.len);
  json_put_hex(c->out, "digest", mh.digest, mh.len);
  return CONFORM_OK;
}

static conform_status put_multihash(conform_call *c, uint64_t code, const uint8_t *digest, size_t len) {
  uint8_t out[BYTES_MAX];
  size_t n = 0;
  int rc = weft_multihash_encode(code, digest, len, out, sizeof out, &n);
  if (rc == WEFT_OK) json_put_hex(c->out, "multihash", out, n);
  return conform_code(rc);
}

static conform_status multihash_encode(conform_call *c) {
  size_t len;
  uint64_t code;
  const uint8_t *digest = conform_bytes(c, "digest", &len);
  return digest && conform_u64(c, "code", &code) ? put_multihash(c, code, digest, len) : CONFORM_BAD;
}

/* The layer computes no hash; mbedTLS does, as in dtls. */
static conform_status multihash_sum(conform_call *c) {
  static const struct {
    const char *name;
    uint64_t code;
    mbedtls_md_type_t md;
  } known[] = {{"sha1", 0x11, MBEDTLS_MD_SHA1},
               {"sha2-256", WEFT_MULTIHASH_SHA2_256, MBEDTLS_MD_SHA256},
               {"sha2-512", WEFT_MULTIHASH_SHA2_512, MBEDTLS_MD_SHA512}};
  uint8_t digest[MBEDTLS_MD_MAX_SIZE];
  size_t len;
  uint64_t bits;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in || !conform_u64(c, "bits", &bits)) return CONFORM_BAD;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(known); i++) {
    if (!conform_is(c, "algorithm", known[i].name)) continue;
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(known[i].md);
    if (!md || bits % 8 || bits / 8 > mbedtls_md_get_size(md) || mbedtls_md(md, in, len, digest) != 0)
      return CONFORM_UNSUPPORTED;
    return put_multihash(c, known[i].code, digest, bits / 8);
  }
  return CONFORM_UNSUPPORTED;
}

static conform_status base58(conform_call *c) {
  const char *text = conform_text(c, "text");
  uint8_t bytes[256];
  char again[512];
  size_t n = 0, text_len;
  if (!text) return CONFORM_BAD;
  int rc = weft_base58_decode(text, strlen(text), bytes, sizeof bytes, &n);
  if (rc == WEFT_OK) rc = weft_base58_encode(bytes, n, again, sizeof again, &text_len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_hex(c->out, "multihash", bytes, n);
  json_put_text(c->out, "text", again, text_len);
  return CONFORM_OK;
}

/* ---- certhash ---- */

static conform_status certhash_parse(conform_call *c) {
  uint8_t hash[32];
  const char *text = conform_text(c, "text");
  if (!text) return CONFORM_BAD;
  int rc = weft_certhash_parse(hash, text, strlen(text));
  if (rc == WEFT_OK) json_put_hex(c->out, "sha256", hash, sizeof hash);
  return refused(rc); /* there is no SHA-256 in another hash */
}

static conform_status certhash_format(conform_call *c) {
  char text[96];
  const uint8_t *hash = conform_fixed(c, "sha256", 32);
  if (!hash) return CONFORM_BAD;
  int rc = weft_certhash_format(hash, text, sizeof text);
  if (rc == WEFT_OK) json_put_string(c->out, "text", text);
  return conform_code(rc);
}

/* ---- webrtc-direct addresses ---- */

static conform_status direct(conform_call *c, bool dial) {
  const char *text = conform_text(c, "text");
  weft_multiaddr ma;
  weft_webrtc_direct_addr d;
  char addr[WEFT_ADDR_TEXT_MAX], peer[WEFT_PEER_ID_TEXT_MAX];
  if (!text) return CONFORM_BAD;
  int rc = weft_multiaddr_parse(&ma, text, NULL);
  if (rc == WEFT_OK)
    rc = dial ? weft_multiaddr_webrtc_direct_dial(&ma, &d, NULL) : weft_multiaddr_webrtc_direct(&ma, &d, NULL);
  if (rc != WEFT_OK) return refused(rc);
  json_put_string(c->out, "ip", weft_addr_format_ip(&d.addr, addr, sizeof addr));
  json_put_u64(c->out, "port", d.addr.port);
  if (d.has_certhash) json_put_hex(c->out, "sha256", d.certhash, sizeof d.certhash);
  if (d.has_peer && weft_peer_id_format(&d.peer, peer, sizeof peer) == WEFT_OK)
    json_put_string(c->out, "peer_id", peer);
  return CONFORM_OK;
}

static conform_status direct_listen(conform_call *c) { return direct(c, false); }
static conform_status direct_dial(conform_call *c) { return direct(c, true); }

const conform_entry conform_multiaddr[] = {{"multiaddr.parse", multiaddr_parse},
                                           {"multiaddr.decode", multiaddr_decode},
                                           {"webrtc_direct_multiaddr.listen", direct_listen},
                                           {"webrtc_direct_multiaddr.dial", direct_dial},
                                           {"multibase.encode", multibase_encode},
                                           {"multibase.decode", multibase_decode},
                                           {"multihash.decode", multihash_decode},
                                           {"multihash.encode", multihash_encode},
                                           {"multihash.sum", multihash_sum},
                                           {"multihash.base58", base58},
                                           {"certhash.parse", certhash_parse},
                                           {"certhash.format", certhash_format},
                                           {NULL, NULL}};
