/* Candidate lines: what is accepted and can be written comes back the same. */
#include <stdlib.h>
#include <string.h>

#include "ice/ice.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weft_ice_candidate a, b;
  char text[640];
  const char *line = (const char *)data;
  (void)weft_ice_cred_valid(line, size, WEFT_ICE_PWD_MIN);
  if (weft_ice_candidate_parse(&a, line, size) != WEFT_OK) return 0;
  REQUIRE(a.priority >= 1 && a.priority <= 0x7FFFFFFF && a.component >= 1 && a.component <= 256);
  REQUIRE(weft_ice_cred_valid(a.foundation, strlen(a.foundation), 1) && strlen(a.foundation) <= 32);
  REQUIRE((a.addr.family == WEFT_AF_NONE) == (a.host[0] != 0));
  REQUIRE(a.ufrag[0] == 0 || weft_ice_cred_valid(a.ufrag, strlen(a.ufrag), 1));
  if (a.tcp) return 0;
  a.addr.scope = a.related.scope = 0;
  if (a.related.family == WEFT_AF_NONE) a.related.port = 0;
  REQUIRE(weft_ice_candidate_format(&a, text, sizeof text) == WEFT_OK);
  REQUIRE(weft_ice_candidate_parse(&b, text, strlen(text)) == WEFT_OK);
  REQUIRE(memcmp(&a, &b, sizeof a) == 0);
  return 0;
}
