/* weft multiaddr, private: the protocol table, and values as text and bytes. */
#ifndef WEFT_MULTIADDR_MULTIADDR_INT_H
#define WEFT_MULTIADDR_MULTIADDR_INT_H

#include "base/bytes.h"
#include "multiaddr/multiaddr.h"

/* How the value of a protocol is written; each kind has one parser, one check and one printer in value.c. */
typedef enum weft_multiaddr_kind {
  WEFT_MULTIADDR_KIND_NONE,
  WEFT_MULTIADDR_KIND_IP4,
  WEFT_MULTIADDR_KIND_IP6,
  WEFT_MULTIADDR_KIND_PORT,
  WEFT_MULTIADDR_KIND_NAME, /* domain names */
  WEFT_MULTIADDR_KIND_ZONE,
  WEFT_MULTIADDR_KIND_PEER,
  WEFT_MULTIADDR_KIND_CERTHASH
} weft_multiaddr_kind;

#define WEFT_MULTIADDR_VARIABLE (-1) /* the value has a length in front */

typedef struct weft_multiaddr_protocol {
  uint32_t code;
  const char *name;
  int size; /* bytes of the value, or WEFT_MULTIADDR_VARIABLE */
  weft_multiaddr_kind kind;
  const char *missing; /* what to say when the value is not there */
} weft_multiaddr_protocol;

/* NULL when unknown. "ipfs" is found as p2p. */
const weft_multiaddr_protocol *weft_multiaddr_protocol_by_code(uint64_t code);
const weft_multiaddr_protocol *weft_multiaddr_protocol_by_name(const char *name, size_t len);

/* Each returns NULL when all is well, else what is wrong in a few words (static). */
const char *weft_multiaddr_value_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out);
const char *weft_multiaddr_value_check(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len);
/* Text of a checked value, not terminated. */
void weft_multiaddr_value_format(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len, weft_wr *out);

/* WEFT_OK when the text of ma has room in WEFT_MULTIADDR_TEXT_MAX, else WEFT_ETOOBIG. */
int weft_multiaddr_fits(const weft_multiaddr *ma);

/* Fills err (may be NULL) with "component N: name: what", or "address: what" when component is 0, and returns code.
 * Control characters of a name from outside become '?'. */
int weft_multiaddr_fail(weft_multiaddr_error *err, int code, size_t component, const char *name, size_t name_len,
                        const char *what);

/* Alphabets of any size without regard to bit groups (base10, base36, base58): base_x.c. No prefix. */
int weft_multiaddr_base_x_encode(const char *alphabet, unsigned base, const uint8_t *data, size_t len, char *out,
                                 size_t cap, size_t *out_len);
/* `values` gives the value of a character, or 255. */
int weft_multiaddr_base_x_decode(const uint8_t values[256], unsigned base, const char *text, size_t len, uint8_t *out,
                                 size_t cap, size_t *out_len);

#endif
