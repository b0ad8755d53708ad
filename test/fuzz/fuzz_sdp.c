/* Session descriptions: what is accepted can be written, and comes back the same; every refusal says why. */
#include <stdlib.h>
#include <string.h>

#include "webrtc/sdp.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a description may leave out and we always write; zones and ports of addresses that are not there are not written. */
static void complete(weft_sdp *s) {
  if (s->mid[0] == 0) s->mid[0] = '0';
  if (s->setup == WEFT_SDP_SETUP_NONE || s->setup == WEFT_SDP_HOLDCONN) s->setup = WEFT_SDP_ACTPASS;
  s->candidates_dropped = 0;
  for (size_t i = 0; i < s->candidates_len; i++) {
    weft_ice_candidate *c = &s->candidates[i];
    c->addr.scope = c->related.scope = 0;
    if (c->related.family == WEFT_AF_NONE) c->related.port = 0;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weft_sdp a, b;
  char text[WEFT_SDP_MAX], why[128];
  size_t len;
  int rc = weft_sdp_parse(&a, (const char *)data, size, why, sizeof why);
  REQUIRE((rc == WEFT_OK) == (why[0] == 0) && memchr(why, 0, sizeof why));
  REQUIRE(weft_sdp_parse(&b, (const char *)data, size, NULL, 0) == rc);
  if (rc != WEFT_OK) return 0;
  REQUIRE(weft_ice_cred_valid(a.ice_ufrag, strlen(a.ice_ufrag), WEFT_ICE_UFRAG_MIN));
  REQUIRE(weft_ice_cred_valid(a.ice_pwd, strlen(a.ice_pwd), WEFT_ICE_PWD_MIN));
  REQUIRE(a.fingerprints_len >= 1 && a.fingerprints_len <= WEFT_SDP_FINGERPRINTS_MAX);
  REQUIRE(a.candidates_len <= WEFT_SDP_CANDIDATES_MAX && a.sctp_port != 0);
  complete(&a);
  REQUIRE(weft_sdp_write(&a, true, text, sizeof text, &len) == WEFT_OK);
  REQUIRE(weft_sdp_parse(&b, text, len, why, sizeof why) == WEFT_OK);
  REQUIRE(memcmp(&a, &b, sizeof a) == 0);
  return 0;
}
