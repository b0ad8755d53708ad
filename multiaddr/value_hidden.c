/* onion, onion3, garlic64, garlic32: hidden services of Tor and I2P. */
#include <string.h>

#include "multiaddr/multiaddr_int.h"

enum {
  PORT_LEN = 2,
  GARLIC64_MIN =
      386, /* as go-multiaddr has it; a destination of I2P (geti2p.net, common structures) has 387 bytes or more */
  GARLIC32_LEN = 32, /* a SHA-256 (geti2p.net, naming: base 32 names) */
  GARLIC32_MIN = 35  /* geti2p.net, b32 for encrypted leasesets: flags, types, a key of 32 bytes */
};

/* Text in one of multibase's alphabets, without its prefix. The value is no longer than its text, which has to fit. */
static const char *decode(char base, const char *text, size_t len, weft_wr *out) {
  char prefixed[WEFT_MULTIADDR_TEXT_MAX];
  uint8_t value[WEFT_MULTIADDR_TEXT_MAX];
  size_t n;
  if (len >= sizeof prefixed) return "too long";
  prefixed[0] = base;
  memcpy(prefixed + 1, text, len);
  if (weft_multibase_decode(prefixed, len + 1, &base, value, sizeof value, &n) != WEFT_OK)
    return base == 'b' ? "not base32" : "not I2P's base64";
  weft_wr_bytes(out, value, n);
  return NULL;
}

/* Text of value behind the prefix, which is left out. */
static size_t encode(char base, const uint8_t *value, size_t len, char out[WEFT_MULTIADDR_TEXT_MAX]) {
  size_t n;
  return weft_multibase_encode(base, value, len, out, WEFT_MULTIADDR_TEXT_MAX, &n) == WEFT_OK ? n - 1 : 0;
}

static void put_base32(const uint8_t *value, size_t len, weft_wr *out) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  size_t n = encode('b', value, len, text);
  weft_wr_bytes(out, text + 1, n);
}

/* ---- onion, onion3: the name of the service in base32, a colon, a port ------------------------------------------------ */

static const char *onion_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  const char *colon = memchr(text, ':', len);
  uint64_t port;
  if (!colon) return "port is missing, as in \":80\" at its end";
  size_t host = (size_t)(colon - text), before = weft_wr_len(out);
  const char *wrong = decode('b', text, host, out);
  if (!wrong && weft_wr_len(out) - before != (size_t)p->size - PORT_LEN)
    wrong = p->code == WEFT_MA_ONION ? "not 16 characters of base32" : "not 56 characters of base32";
  if (wrong) return wrong;
  if (weft_multiaddr_number_parse(colon + 1, len - host - 1, UINT16_MAX, &port))
    return "port is not a number from 1 to 65535";
  weft_wr_u16(out, (uint16_t)port);
  return NULL;
}

static const char *onion_check(const uint8_t *value, size_t len) {
  return value[len - 2] == 0 && value[len - 1] == 0 ? "port is 0" : NULL;
}

static void onion_format(const uint8_t *value, size_t len, weft_wr *out) {
  const uint8_t *port = value + len - PORT_LEN;
  put_base32(value, len - PORT_LEN, out);
  weft_wr_u8(out, ':');
  weft_multiaddr_number_format((uint64_t)port[0] << 8 | port[1], out);
}

const weft_multiaddr_kind weft_multiaddr_kind_onion = {onion_parse, onion_check, onion_format, false};

/* ---- garlic64: base64 with "-" for "+" and "~" for "/" (geti2p.net, common structures), that is base64url but for one - */

static void exchange(char *text, size_t len, char from, char to) {
  for (size_t i = 0; i < len; i++)
    if (text[i] == from) text[i] = to;
}

static const char *garlic64_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  char url[WEFT_MULTIADDR_TEXT_MAX];
  (void)p;
  if (len >= sizeof url) return "too long";
  if (memchr(text, '_', len)) return "not I2P's base64";
  memcpy(url, text, len);
  exchange(url, len, '~', '_');
  return decode('U', url, len, out);
}

static const char *garlic64_check(const uint8_t *value, size_t len) {
  (void)value;
  return len >= GARLIC64_MIN ? NULL : "shorter than an I2P destination, 386 bytes";
}

static void garlic64_format(const uint8_t *value, size_t len, weft_wr *out) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  size_t n = encode('U', value, len, text);
  exchange(text + 1, n, '_', '~');
  weft_wr_bytes(out, text + 1, n);
}

const weft_multiaddr_kind weft_multiaddr_kind_garlic64 = {garlic64_parse, garlic64_check, garlic64_format, false};

/* ---- garlic32 --------------------------------------------------------------------------------------------------------- */

static const char *garlic32_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out) {
  (void)p;
  return decode('b', text, len, out);
}

static const char *garlic32_check(const uint8_t *value, size_t len) {
  (void)value;
  return len == GARLIC32_LEN || len >= GARLIC32_MIN ? NULL : "an I2P name has 32 bytes, or 35 and more";
}

const weft_multiaddr_kind weft_multiaddr_kind_garlic32 = {garlic32_parse, garlic32_check, put_base32, false};
