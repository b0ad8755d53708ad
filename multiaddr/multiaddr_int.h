/* weft multiaddr, private: the protocol table, and values as text and bytes. */
#ifndef WEFT_MULTIADDR_MULTIADDR_INT_H
#define WEFT_MULTIADDR_MULTIADDR_INT_H

#include "base/bytes.h"
#include "multiaddr/multiaddr.h"

#define WEFT_MULTIADDR_VARIABLE (-1) /* the value has a length in front */

typedef struct weft_multiaddr_protocol weft_multiaddr_protocol;

/* How a value is written. Functions that return text say what is wrong in a few words (static), or NULL. */
typedef struct weft_multiaddr_kind {
  const char *(*parse)(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out); /* unchecked */
  const char *(*check)(const uint8_t *value, size_t len);
  void (*format)(const uint8_t *value, size_t len, weft_wr *out); /* of a checked value, not terminated */
  bool path;                                                      /* it takes the rest of the address */
} weft_multiaddr_kind;

extern const weft_multiaddr_kind weft_multiaddr_kind_ip, weft_multiaddr_kind_number, weft_multiaddr_kind_peer,
    weft_multiaddr_kind_certhash; /* value.c */
extern const weft_multiaddr_kind weft_multiaddr_kind_name, weft_multiaddr_kind_zone, weft_multiaddr_kind_path,
    weft_multiaddr_kind_http_path; /* value_text.c */
extern const weft_multiaddr_kind weft_multiaddr_kind_onion, weft_multiaddr_kind_garlic64,
    weft_multiaddr_kind_garlic32; /* value_hidden.c */

struct weft_multiaddr_protocol {
  uint32_t code;
  const char *name;
  int size;                        /* bytes of the value, or WEFT_MULTIADDR_VARIABLE */
  const weft_multiaddr_kind *kind; /* NULL: no value */
  const char *missing;             /* what to say when the value is not there */
};

/* NULL when unknown. "ipfs" is found as p2p. */
const weft_multiaddr_protocol *weft_multiaddr_protocol_by_code(uint64_t code);
const weft_multiaddr_protocol *weft_multiaddr_protocol_by_name(const char *name, size_t len);

/* Each returns NULL when all is well, else what is wrong in a few words (static). The parser writes the length too. */
const char *weft_multiaddr_value_parse(const weft_multiaddr_protocol *p, const char *text, size_t len, weft_wr *out);
const char *weft_multiaddr_value_check(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len);
/* Text of a checked value, not terminated. */
void weft_multiaddr_value_format(const weft_multiaddr_protocol *p, const uint8_t *value, size_t len, weft_wr *out);

/* A port or another decimal number from 0 to max; kind_number and onion addresses have one. */
const char *weft_multiaddr_number_parse(const char *text, size_t len, uint64_t max, uint64_t *out);
void weft_multiaddr_number_format(uint64_t v, weft_wr *out);

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
