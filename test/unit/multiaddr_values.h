/* Values of multiaddr's protocols, one at a time: text to bytes, and what they are as text again.
 *
 *   check_value("tcp", "080", "0050", "80");
 *   ck_assert_pstr_eq(parse_error("tcp", "x"), "not a number");
 */
#ifndef TEST_UNIT_MULTIADDR_VALUES_H
#define TEST_UNIT_MULTIADDR_VALUES_H

#include <string.h>

#include "multiaddr/multiaddr_int.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static inline const weft_multiaddr_protocol *protocol(const char *name) {
  return weft_multiaddr_protocol_by_name(name, strlen(name));
}

/* NULL: there is none. */
static inline const char *parse_error(const char *name, const char *text) {
  uint8_t out[1200];
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  return weft_multiaddr_value_parse(protocol(name), text, strlen(text), &w);
}

/* A length of one byte stands in front of a value that has one. */
static inline size_t length_size(const char *name) { return protocol(name)->size == WEFT_MULTIADDR_VARIABLE ? 1 : 0; }

static inline void check_value(const char *name, const char *text, const char *hex, const char *canonical) {
  uint8_t out[128], written[128];
  size_t skip = length_size(name);
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  ck_assert_pstr_eq(weft_multiaddr_value_parse(protocol(name), text, strlen(text), &w), NULL);
  size_t len = weft_wr_len(&w) - skip;
  ck_assert_hex(out + skip, len, hex);
  weft_wr_init(&w, written, sizeof written - 1);
  weft_multiaddr_value_format(protocol(name), out + skip, len, &w);
  written[weft_wr_len(&w)] = '\0';
  ck_assert_str_eq((char *)written, canonical);
}

#endif
