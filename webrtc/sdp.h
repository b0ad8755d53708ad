/* weft webrtc: the SDP of one data-channel section - parsing what browsers and libdatachannel write, writing the least they accept.
 *
 *   weft_sdp s;
 *   char why[128];
 *   if (weft_sdp_parse(&s, text, len, why, sizeof why) == WEFT_OK)
 *     use(s.ice_ufrag, s.ice_pwd, s.fingerprints[0].sha256, s.setup);
 *
 *   weft_sdp mine = {.setup = WEFT_SDP_ACTPASS, .sctp_port = 5000, .max_message_size = 16384, .mid = "0",
 *                    .trickle = true, .fingerprints_len = 1};
 *   snprintf(mine.ice_ufrag, sizeof mine.ice_ufrag, "%s", weft_ice_local_ufrag(ice));                     ice_pwd likewise
 *   memcpy(mine.fingerprints[0], weft_dtls_cert_fingerprint(cert), 32);
 *   char out[WEFT_SDP_MAX];
 *   size_t out_len;
 *   weft_sdp_write(&mine, true, out, sizeof out, &out_len);
 *
 * Sources: RFC 8866, RFC 8839 (ICE), RFC 8841 (SCTP), RFC 8842 (DTLS), RFC 8122 (fingerprint), RFC 9143 (BUNDLE). No allocation; callable from
 * anywhere.
 */
#ifndef WEFT_WEBRTC_SDP_H
#define WEFT_WEBRTC_SDP_H

#include "../base/base.h"
#include "../ice/ice.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SDP_MAX 16384 /* longer descriptions are refused */
#define WEFT_SDP_FINGERPRINTS_MAX 8
#define WEFT_SDP_CANDIDATES_MAX 20 /* kept; the rest is counted in candidates_dropped */

typedef enum weft_sdp_setup { /* RFC 8842 section 5.3 */
                              WEFT_SDP_SETUP_NONE = 0,
                              WEFT_SDP_ACTIVE,
                              WEFT_SDP_PASSIVE,
                              WEFT_SDP_ACTPASS,
                              WEFT_SDP_HOLDCONN
} weft_sdp_setup;

typedef struct weft_sdp {
  char mid[33];
  char ice_ufrag[WEFT_ICE_CRED_MAX + 1], ice_pwd[WEFT_ICE_CRED_MAX + 1];
  bool ice_lite, trickle, end_of_candidates; /* trickle: among a=ice-options */
  weft_sdp_setup setup;
  uint8_t fingerprints[WEFT_SDP_FINGERPRINTS_MAX][32]; /* sha-256 ones; other hashes are skipped */
  size_t fingerprints_len;
  uint16_t sctp_port;        /* 5000 when absent, RFC 8841 section 5 */
  uint64_t max_message_size; /* 0: unlimited; 65536 when absent, RFC 8841 section 6.1 */
  weft_ice_candidate candidates[WEFT_SDP_CANDIDATES_MAX];
  size_t candidates_len, candidates_dropped;
} weft_sdp;

/* Reads the first application section with UDP/DTLS/SCTP; others are skipped. Session-level attributes count where the section has none (a
 * fingerprint of the section, of whatever hash, puts all of the session's out of force, RFC 8122 section 5). Lines may end in LF alone.
 * Numbers that do not fit saturate. Candidates that cannot be used (malformed, TCP, an unknown transport) and those past
 * WEFT_SDP_CANDIDATES_MAX are counted in candidates_dropped; ".local" names are kept. Fingerprints past WEFT_SDP_FINGERPRINTS_MAX do not count.
 * why (NULL allowed): the line, what is wrong with it and the remedy; "" on success. s is filled in part on an error.
 * WEFT_EMALFORMED (a missing ufrag or password too), WEFT_ETOOBIG (over WEFT_SDP_MAX), WEFT_EUNSUPPORTED (no data-channel section, one that was
 * refused with port 0, no sha-256 fingerprint). */
int weft_sdp_parse(weft_sdp *s, const char *text, size_t len, char *why, size_t why_cap);
/* Writes lines that end in CRLF, with port 9 and no address (candidates say it, RFC 8840 section 4.1.1). out is not terminated; WEFT_SDP_MAX
 * bytes are always enough. Needed: mid (a token, RFC 8866 section 9), ice_ufrag, ice_pwd, a fingerprint, setup (an answer's is active or
 * passive), sctp_port. WEFT_EINVAL: one of them is missing or has a character that does not belong there; WEFT_ETOOBIG: cap. */
int weft_sdp_write(const weft_sdp *s, bool offer, char *out, size_t cap, size_t *len);
/* Who is the DTLS client: RFC 8842 section 5.3. WEFT_EPROTO for pairs that cannot be, a missing a=setup among them. */
int weft_sdp_dtls_client(weft_sdp_setup offer, weft_sdp_setup answer, bool *offerer_is_client);

#ifdef __cplusplus
}
#endif
#endif
