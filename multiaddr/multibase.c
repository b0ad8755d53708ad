#include <string.h>

#include "multiaddr/multiaddr_int.h"

/* multiformats/multibase, multibase.csv: bit groups as in RFC 4648 (bits > 0), or a number in a base (bits == 0). */
typedef struct alphabet {
  char prefix;
  uint8_t bits;
  bool pad;
  bool any_case; /* decoding takes both cases */
  const char *name;
  const char *chars;
} alphabet;

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const alphabet alphabets[] = {
    {'0', 1, false, false, "base2", "01"},
    {'7', 3, false, false, "base8", "01234567"},
    {'9', 0, false, false, "base10", DIGITS},
    {'f', 4, false, true, "base16", DIGITS "abcdef"},
    {'F', 4, false, true, "base16upper", DIGITS "ABCDEF"},
    {'v', 5, false, true, "base32hex", DIGITS "abcdefghijklmnopqrstuv"},
    {'V', 5, false, true, "base32hexupper", DIGITS "ABCDEFGHIJKLMNOPQRSTUV"},
    {'t', 5, true, true, "base32hexpad", DIGITS "abcdefghijklmnopqrstuv"},
    {'T', 5, true, true, "base32hexpadupper", DIGITS "ABCDEFGHIJKLMNOPQRSTUV"},
    {'b', 5, false, true, "base32", LOWER "234567"},
    {'B', 5, false, true, "base32upper", UPPER "234567"},
    {'c', 5, true, true, "base32pad", LOWER "234567"},
    {'C', 5, true, true, "base32padupper", UPPER "234567"},
    {'h', 5, false, true, "base32z", "ybndrfg8ejkmcpqxot1uwisza345h769"},
    {'k', 0, false, true, "base36", DIGITS LOWER},
    {'K', 0, false, true, "base36upper", DIGITS UPPER},
    {'z', 0, false, false, "base58btc", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"},
    {'Z', 0, false, false, "base58flickr", "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"},
    {'m', 6, false, false, "base64", UPPER LOWER DIGITS "+/"},
    {'M', 6, true, false, "base64pad", UPPER LOWER DIGITS "+/"},
    {'u', 6, false, false, "base64url", UPPER LOWER DIGITS "-_"},
    {'U', 6, true, false, "base64urlpad", UPPER LOWER DIGITS "-_"},
};

static const alphabet *alphabet_of(char prefix) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(alphabets); i++)
    if (alphabets[i].prefix == prefix) return &alphabets[i];
  return NULL;
}

const char *weft_multibase_name(char prefix) {
  const alphabet *a = alphabet_of(prefix);
  if (prefix == '\0') return "identity";
  return a ? a->name : NULL;
}

static uint8_t other_case(char c) {
  bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
  return (uint8_t)(lower ? c - 'a' + 'A' : upper ? c - 'A' + 'a' : c);
}

/* values[c]: the digit that c stands for, 255 for none. */
static void make_values(const alphabet *a, uint8_t values[256]) {
  memset(values, 255, 256);
  for (uint8_t i = 0; a->chars[i]; i++) {
    values[(uint8_t)a->chars[i]] = i;
    if (a->any_case) values[other_case(a->chars[i])] = i;
  }
}

/* Characters of a whole group: as many as make full bytes (RFC 4648 sections 4 and 6). */
static size_t group_chars(const alphabet *a) { return a->bits == 6 ? 4 : 8; }

static int encode_bits(const alphabet *a, const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len) {
  weft_wr w;
  uint32_t acc = 0;
  unsigned have = 0, mask = (1u << a->bits) - 1;
  weft_wr_init(&w, (uint8_t *)out, cap);
  for (size_t i = 0; i < len && weft_wr_ok(&w); i++) {
    acc = acc << 8 | data[i];
    for (have += 8; have >= a->bits; have -= a->bits) weft_wr_u8(&w, (uint8_t)a->chars[acc >> (have - a->bits) & mask]);
  }
  if (have > 0) weft_wr_u8(&w, (uint8_t)a->chars[acc << (a->bits - have) & mask]);
  while (a->pad && weft_wr_ok(&w) && weft_wr_len(&w) % group_chars(a)) weft_wr_u8(&w, '=');
  *out_len = weft_wr_len(&w);
  weft_wr_u8(&w, '\0');
  return weft_wr_ok(&w) ? WEFT_OK : WEFT_ETOOBIG;
}

/* RFC 4648 section 3.2: padding only where the encoding has it, and then all of it. */
static int strip_padding(const alphabet *a, const char *text, size_t *len) {
  if (!a->pad) return WEFT_OK;
  if (*len % group_chars(a)) return WEFT_EMALFORMED;
  size_t pads = 0;
  while (pads < *len && pads < group_chars(a) && text[*len - 1 - pads] == '=') pads++;
  if (pads == group_chars(a)) return WEFT_EMALFORMED;
  *len -= pads;
  return WEFT_OK;
}

static int decode_bits(const alphabet *a, const char *text, size_t len, uint8_t *out, size_t cap, size_t *out_len) {
  uint8_t values[256];
  uint32_t acc = 0;
  unsigned have = 0;
  weft_wr w;
  make_values(a, values);
  weft_wr_init(&w, out, cap);
  if (strip_padding(a, text, &len) != WEFT_OK) return WEFT_EMALFORMED;
  for (size_t i = 0; i < len; i++) {
    uint8_t v = values[(uint8_t)text[i]];
    if (v == 255) return WEFT_EMALFORMED;
    acc = acc << a->bits | v;
    have += a->bits;
    if (have < 8) continue;
    have -= 8;
    weft_wr_u8(&w, (uint8_t)(acc >> have));
  }
  /* A last character that adds no byte, and RFC 4648 section 3.5: bits left over are zero. */
  if (have >= a->bits || (acc & ((1u << have) - 1))) return WEFT_EMALFORMED;
  *out_len = weft_wr_len(&w);
  return weft_wr_ok(&w) ? WEFT_OK : WEFT_ETOOBIG;
}

static int encode_identity(const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len) {
  if (len >= cap) return WEFT_ETOOBIG;
  if (len > 0) memcpy(out, data, len);
  out[len] = '\0';
  *out_len = len;
  return WEFT_OK;
}

static int encode_with(const alphabet *a, const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len) {
  if (!a) return encode_identity(data, len, out, cap, out_len);
  if (a->bits) return encode_bits(a, data, len, out, cap, out_len);
  return weft_multiaddr_base_x_encode(a->chars, (unsigned)strlen(a->chars), data, len, out, cap, out_len);
}

static int decode_with(const alphabet *a, const char *text, size_t len, uint8_t *out, size_t cap, size_t *out_len) {
  if (a->bits) return decode_bits(a, text, len, out, cap, out_len);
  uint8_t values[256];
  make_values(a, values);
  return weft_multiaddr_base_x_decode(values, (unsigned)strlen(a->chars), text, len, out, cap, out_len);
}

int weft_multibase_encode(char prefix, const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len) {
  if (!weft_multibase_name(prefix)) return WEFT_EUNSUPPORTED;
  if (cap < 1) return WEFT_ETOOBIG;
  size_t n;
  int rc = encode_with(alphabet_of(prefix), data, len, out + 1, cap - 1, &n);
  if (rc != WEFT_OK) return rc;
  out[0] = prefix;
  *out_len = n + 1;
  return WEFT_OK;
}

int weft_multibase_decode(const char *text, size_t text_len, char *prefix, uint8_t *out, size_t cap, size_t *out_len) {
  if (text_len == 0) return WEFT_EMALFORMED;
  const alphabet *a = alphabet_of(text[0]);
  if (!weft_multibase_name(text[0])) return WEFT_EMALFORMED;
  *prefix = text[0];
  if (a) return decode_with(a, text + 1, text_len - 1, out, cap, out_len);
  if (text_len - 1 > cap) return WEFT_ETOOBIG;
  if (text_len > 1) memcpy(out, text + 1, text_len - 1);
  *out_len = text_len - 1;
  return WEFT_OK;
}

int weft_base58_encode(const uint8_t *data, size_t len, char *out, size_t cap, size_t *out_len) {
  return encode_with(alphabet_of('z'), data, len, out, cap, out_len);
}

int weft_base58_decode(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *out_len) {
  return decode_with(alphabet_of('z'), text, text_len, out, cap, out_len);
}
