/* Writing a session description: the least that browsers and libdatachannel take (RFC 8829 section 5.2.1). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "dtls/dtls.h"
#include "webrtc/sdp_int.h"

enum { LINE_MAX_LEN = 700 /* a candidate with a ufrag extension is the longest */ };

static void line(weft_wr *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(weft_wr *w, const char *format, ...) {
  char text[LINE_MAX_LEN];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  weft_wr_bytes(w, text, (size_t)n);
  weft_wr_bytes(w, "\r\n", 2);
}

static bool setup_fits(weft_sdp_setup setup, bool offer) {
  return setup == WEFT_SDP_ACTIVE || setup == WEFT_SDP_PASSIVE || (offer && setup == WEFT_SDP_ACTPASS);
}

/* SIZE_MAX when nothing ends it. */
static size_t length(const char *text, size_t cap) {
  const char *end = memchr(text, 0, cap);
  return end ? (size_t)(end - text) : SIZE_MAX;
}

static bool cred(const char text[WEFT_ICE_CRED_MAX + 1], size_t min) {
  return weft_ice_cred_valid(text, length(text, WEFT_ICE_CRED_MAX + 1), min);
}

static bool token(const char *text, size_t cap) {
  size_t n = length(text, cap);
  return n < cap && weft_sdp_token_valid(text, n);
}

/* Nothing that could end a line gets through: credentials and names are of letters, digits and a few signs. */
static bool writable(const weft_sdp *s, bool offer) {
  return token(s->mid, sizeof s->mid) && cred(s->ice_ufrag, WEFT_ICE_UFRAG_MIN) && cred(s->ice_pwd, WEFT_ICE_PWD_MIN) &&
         s->fingerprints_len > 0 && s->fingerprints_len <= WEFT_SDP_FINGERPRINTS_MAX && s->sctp_port != 0 &&
         s->candidates_len <= WEFT_SDP_CANDIDATES_MAX && setup_fits(s->setup, offer);
}

/* RFC 8829 section 5.2.1: 63 bits that nobody else has; the credentials are as random. */
static uint64_t session_id(const weft_sdp *s) {
  static const uint8_t key[16];
  return weft_siphash64(key, (const uint8_t *)s->ice_ufrag, strlen(s->ice_ufrag)) >> 1;
}

static void write_session(weft_wr *w, const weft_sdp *s) {
  line(w, "v=0");
  line(w, "o=- %llu 1 IN IP4 0.0.0.0", (unsigned long long)session_id(s));
  line(w, "s=-");
  line(w, "t=0 0");
  line(w, "a=group:BUNDLE %s", s->mid);
  if (s->ice_lite) line(w, "a=ice-lite");
}

static int write_candidates(weft_wr *w, const weft_sdp *s) {
  char text[LINE_MAX_LEN - 8];
  for (size_t i = 0; i < s->candidates_len; i++) {
    int rc = weft_ice_candidate_format(&s->candidates[i], text, sizeof text);
    if (rc != WEFT_OK) return rc;
    line(w, "a=%s", text);
  }
  if (s->end_of_candidates) line(w, "a=end-of-candidates");
  return WEFT_OK;
}

static void write_section(weft_wr *w, const weft_sdp *s) {
  char hash[96];
  line(w, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
  line(w, "c=IN IP4 0.0.0.0");
  line(w, "a=mid:%s", s->mid);
  line(w, "a=ice-ufrag:%s", s->ice_ufrag);
  line(w, "a=ice-pwd:%s", s->ice_pwd);
  if (s->trickle) line(w, "a=ice-options:trickle");
  for (size_t i = 0; i < s->fingerprints_len; i++) {
    weft_dtls_fingerprint_format(hash, s->fingerprints[i]);
    line(w, "a=fingerprint:sha-256 %s", hash);
  }
  line(w, "a=setup:%s", weft_sdp_setup_name(s->setup));
  line(w, "a=sctp-port:%u", (unsigned)s->sctp_port);
  line(w, "a=max-message-size:%llu", (unsigned long long)s->max_message_size);
}

int weft_sdp_write(const weft_sdp *s, bool offer, char *out, size_t cap, size_t *len) {
  weft_wr w;
  *len = 0;
  if (!writable(s, offer)) return WEFT_EINVAL;
  weft_wr_init(&w, (uint8_t *)out, cap);
  write_session(&w, s);
  write_section(&w, s);
  int rc = write_candidates(&w, s);
  if (rc != WEFT_OK) return rc;
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}
