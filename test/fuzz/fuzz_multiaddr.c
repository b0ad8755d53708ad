/* Multiaddrs from text and from bytes: what is taken comes back the same, in text and in bytes, and every part is inside. */
#include <stdlib.h>
#include <string.h>

#include "multiaddr/multiaddr.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const weft_multiaddr *ma) {
  weft_multiaddr_part p;
  weft_multiaddr again = {.len = 0};
  size_t at = 0;
  while (weft_multiaddr_next(ma, &at, &p)) {
    REQUIRE(p.value >= ma->bytes && p.value + p.len <= ma->bytes + ma->len);
    REQUIRE(weft_multiaddr_append(&again, p.code, p.value, p.len) == WEFT_OK);
  }
  REQUIRE(at == ma->len && weft_multiaddr_equal(ma, &again));
}

static void as_address(const weft_multiaddr *ma) {
  weft_webrtc_direct_addr a;
  weft_multiaddr_error err;
  weft_multiaddr relay, rest;
  weft_addr addr;
  if (weft_multiaddr_webrtc_direct_dial(ma, &a, &err) == WEFT_OK)
    REQUIRE(a.has_certhash && a.has_peer && weft_multiaddr_to_addr(ma, &addr, NULL) == WEFT_OK);
  else
    REQUIRE(memchr(err.text, '\0', sizeof err.text) && err.component > 0);
  if (weft_multiaddr_split_circuit(ma, &relay, &rest) == WEFT_OK) REQUIRE(relay.len + rest.len + 2 == ma->len);
}

static void check(const weft_multiaddr *ma) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  weft_multiaddr back;
  REQUIRE(weft_multiaddr_format(ma, text, sizeof text) == WEFT_OK);
  REQUIRE(weft_multiaddr_parse(&back, text, NULL) == WEFT_OK && weft_multiaddr_equal(ma, &back));
  REQUIRE(weft_multiaddr_from_bytes(&back, ma->bytes, ma->len, NULL) == WEFT_OK && weft_multiaddr_equal(ma, &back));
  walk(ma);
  as_address(ma);
}

static void as_text(const uint8_t *data, size_t size) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  char *text = malloc(size + 1);
  REQUIRE(text);
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  if (weft_multiaddr_parse(&ma, text, &err) == WEFT_OK)
    check(&ma);
  else
    REQUIRE(ma.len == 0 && memchr(err.text, '\0', sizeof err.text));
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  as_text(data, size);
  if (weft_multiaddr_from_bytes(&ma, data, size, &err) == WEFT_OK) check(&ma);
  return 0;
}
