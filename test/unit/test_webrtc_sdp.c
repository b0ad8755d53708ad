/* Session descriptions: what peers write, what attackers write, and what we write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support/unit.h"
#include "webrtc/sdp.h"

#define HASH "06:C1:C2:46:4A:D2:02:33:40:AD:BD:ED:D6:C6:FA:78:71:4E:27:3C:F6:7D:DE:8D:E7:AB:2F:25:42:DA:93:71"
#define HASH2 "39:4A:09:1E:0E:33:32:85:51:03:49:95:54:0B:41:09:A2:10:60:CC:39:8F:C0:C4:45:FC:37:3A:55:EA:11:74"
#define PWD "0123456789012345678901"
#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define SECTION "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
#define CREDS "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\n"
#define PRINT "a=fingerprint:sha-256 " HASH "\r\n"
#define GOOD HEAD SECTION CREDS PRINT "a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n"

static weft_sdp s;
static char why[160];

static int parse(const char *text) { return weft_sdp_parse(&s, text, strlen(text), why, sizeof why); }

static void good(const char *text) { ck_assert_msg(parse(text) == WEFT_OK, "%s\n%s", why, text); }

static void bad(const char *text, int code, const char *says) {
  int rc = parse(text);
  ck_assert_msg(rc == code, "%s instead of %s (%s)\n%s", weft_errname(rc), weft_errname(code), why, text);
  ck_assert_msg(strstr(why, says) != NULL, "\"%s\" does not say \"%s\"", why, says);
}

START_TEST(a_browsers_offer) {
  good(GOOD);
  ck_assert_str_eq(why, "");
  ck_assert_str_eq(s.ice_ufrag, "abcd");
  ck_assert_str_eq(s.ice_pwd, PWD);
  ck_assert_str_eq(s.mid, "0");
  ck_assert_int_eq(s.setup, WEFT_SDP_ACTPASS);
  ck_assert_uint_eq(s.sctp_port, 5000);
  ck_assert_uint_eq(s.max_message_size, 262144);
  ck_assert_uint_eq(s.fingerprints_len, 1);
  ck_assert_uint_eq(s.fingerprints[0][0], 0x06);
  ck_assert_uint_eq(s.fingerprints[0][31], 0x71);
  ck_assert(!s.trickle && !s.ice_lite && !s.end_of_candidates);
}
END_TEST

START_TEST(the_session_speaks_for_its_sections) {
  good(HEAD "a=ice-ufrag:sess\r\na=ice-pwd:" PWD "x\r\na=ice-options:ice2,trickle\r\na=ice-lite\r\n" PRINT
            "a=setup:passive\r\na=mid:7\r\na=sctp-port:1\r\na=end-of-candidates\r\n" SECTION);
  ck_assert_str_eq(s.ice_ufrag, "sess");
  ck_assert_str_eq(s.ice_pwd, PWD "x");
  ck_assert(s.trickle && s.ice_lite && s.end_of_candidates);
  ck_assert_int_eq(s.setup, WEFT_SDP_PASSIVE);
  ck_assert_uint_eq(s.fingerprints_len, 1);
  ck_assert_str_eq(s.mid, ""); /* a section's alone */
  ck_assert_uint_eq(s.sctp_port, 5000);
  ck_assert_uint_eq(s.max_message_size, 65536);
}
END_TEST

START_TEST(a_section_overrides_the_session) {
  good(HEAD "a=ice-ufrag:sess\r\na=ice-pwd:" PWD "x\r\na=setup:passive\r\na=fingerprint:sha-256 " HASH2
            "\r\n" SECTION CREDS PRINT "a=setup:active\r\n");
  ck_assert_str_eq(s.ice_ufrag, "abcd");
  ck_assert_str_eq(s.ice_pwd, PWD);
  ck_assert_int_eq(s.setup, WEFT_SDP_ACTIVE);
  ck_assert_uint_eq(s.fingerprints_len, 1);
  ck_assert_uint_eq(s.fingerprints[0][0], 0x06);
}
END_TEST

/* A weaker hash of the section must not let the session's through: RFC 8122 section 5. */
START_TEST(fingerprints) {
  static const char sha1[] = "a=fingerprint:sha-1 84:A5:16:84:1B:A7:7A:5B:46:48:DE:2C:D0:DF:CB:30:EA:46:DB:B4\r\n";
  char text[4096];
  snprintf(text, sizeof text, "%s%s%s%s%s%s", HEAD SECTION CREDS, sha1, PRINT, "a=fingerprint:SHA-256 " HASH2 "\r\n",
           "", "");
  good(text);
  ck_assert_uint_eq(s.fingerprints_len, 2);
  ck_assert_uint_eq(s.fingerprints[1][0], 0x39);
  snprintf(text, sizeof text, "%s%s", HEAD PRINT SECTION CREDS, sha1);
  bad(text, WEFT_EUNSUPPORTED, "sha-256");
  bad(HEAD SECTION CREDS, WEFT_EUNSUPPORTED, "a=fingerprint:sha-256");
  bad(HEAD SECTION CREDS "a=fingerprint:sha-256 06:C1\r\n", WEFT_EMALFORMED, "line 9");
  bad(HEAD SECTION CREDS "a=fingerprint\r\n", WEFT_EMALFORMED, "line 9");
  size_t at = (size_t)snprintf(text, sizeof text, "%s", HEAD SECTION CREDS);
  for (int i = 0; i < 12; i++) at += (size_t)snprintf(text + at, sizeof text - at, "%s", PRINT);
  good(text);
  ck_assert_uint_eq(s.fingerprints_len, WEFT_SDP_FINGERPRINTS_MAX);
}
END_TEST

START_TEST(only_the_first_data_channel_section) {
  good(HEAD
       "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:wrong\r\na=mid:a\r\na=setup:nonsense\r\n" SECTION CREDS PRINT
       "a=mid:d\r\n"
       "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=ice-ufrag:wrong\r\n" SECTION "a=mid:e\r\na=ice-ufrag:late\r\n");
  ck_assert_str_eq(s.mid, "d");
  ck_assert_str_eq(s.ice_ufrag, "abcd");
  bad(HEAD "m=application 9 DTLS/SCTP 5000\r\n" CREDS PRINT, WEFT_EUNSUPPORTED, "UDP/DTLS/SCTP");
  bad(HEAD "m=application 9 UDP/DTLS/SCTP other\r\n" CREDS PRINT, WEFT_EUNSUPPORTED, "webrtc-datachannel");
  bad(HEAD, WEFT_EUNSUPPORTED, "m=application");
  bad(HEAD "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" CREDS PRINT, WEFT_EUNSUPPORTED, "refused");
  good(HEAD "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=bundle-only\r\n" CREDS PRINT);
  bad(HEAD "m=application 65536 UDP/DTLS/SCTP webrtc-datachannel\r\n" CREDS PRINT, WEFT_EMALFORMED, "line 5");
  bad(HEAD "m=application -1 UDP/DTLS/SCTP webrtc-datachannel\r\n" CREDS PRINT, WEFT_EMALFORMED, "line 5");
}
END_TEST

START_TEST(numbers) {
  good(GOOD "a=max-message-size:0\r\n");
  ck_assert_uint_eq(s.max_message_size, 0);
  good(GOOD "a=max-message-size:18446744073709551615\r\n");
  ck_assert(s.max_message_size == UINT64_MAX);
  good(GOOD "a=max-message-size:18446744073709551616\r\n");
  ck_assert(s.max_message_size == UINT64_MAX);
  good(GOOD "a=max-message-size:99999999999999999999999999999999\r\n");
  ck_assert(s.max_message_size == UINT64_MAX);
  bad(GOOD "a=max-message-size:-1\r\n", WEFT_EMALFORMED, "line 14");
  bad(GOOD "a=max-message-size:\r\n", WEFT_EMALFORMED, "line 14");
  bad(GOOD "a=sctp-port:0\r\n", WEFT_EMALFORMED, "sctp-port");
  bad(GOOD "a=sctp-port:65536\r\n", WEFT_EMALFORMED, "sctp-port");
  bad(GOOD "a=sctp-port:18446744073709556616\r\n", WEFT_EMALFORMED, "sctp-port"); /* 5000 modulo 2^64 */
  good(GOOD "a=sctp-port:65535\r\n");
  ck_assert_uint_eq(s.sctp_port, 65535);
}
END_TEST

START_TEST(credentials) {
  bad(HEAD SECTION "a=ice-pwd:" PWD "\r\n" PRINT, WEFT_EMALFORMED, "no a=ice-ufrag");
  bad(HEAD SECTION "a=ice-ufrag:abcd\r\n" PRINT, WEFT_EMALFORMED, "no a=ice-pwd");
  bad(HEAD SECTION "a=ice-ufrag:abc\r\n", WEFT_EMALFORMED, "line 7: a=ice-ufrag");
  bad(HEAD SECTION "a=ice-ufrag:\r\n", WEFT_EMALFORMED, "ice-ufrag");
  bad(HEAD SECTION "a=ice-ufrag:ab-d\r\n", WEFT_EMALFORMED, "ice-ufrag");
  bad(HEAD SECTION "a=ice-pwd:012345678901234567890\r\n", WEFT_EMALFORMED, "ice-pwd"); /* 21 */
  bad(GOOD "a=ice-ufrag:abcd\r\n", WEFT_EMALFORMED, "a second a=ice-ufrag");
  bad(GOOD "a=ice-pwd:" PWD "\r\n", WEFT_EMALFORMED, "a second a=ice-pwd");
  bad(GOOD "a=setup:active\r\n", WEFT_EMALFORMED, "a second a=setup");
  bad(GOOD "a=mid:1\r\n", WEFT_EMALFORMED, "a second a=mid");
  bad(HEAD SECTION "a=setup:maybe\r\n", WEFT_EMALFORMED, "a=setup must be");
  char text[1024], long_one[258];
  memset(long_one, 'u', sizeof long_one);
  snprintf(text, sizeof text, "%sa=ice-ufrag:%.256s\r\na=ice-pwd:%s\r\n%s", HEAD SECTION, long_one, PWD, PRINT);
  good(text);
  snprintf(text, sizeof text, "%sa=ice-ufrag:%.257s\r\na=ice-pwd:%s\r\n%s", HEAD SECTION, long_one, PWD, PRINT);
  bad(text, WEFT_EMALFORMED, "ice-ufrag");
  bad(HEAD SECTION "a=mid:012345678901234567890123456789012\r\n", WEFT_EMALFORMED, "a=mid");
  bad(HEAD SECTION "a=mid:a b\r\n", WEFT_EMALFORMED, "a=mid");
  bad(HEAD SECTION "a=mid:a\"b\r\n", WEFT_EMALFORMED, "a=mid");
}
END_TEST

START_TEST(lines) {
  good("v=0\ns=-\n"
       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=ice-ufrag:abcd\na=ice-pwd:" PWD
       "\na=fingerprint:sha-256 " HASH); /* LF alone, none at the end */
  good(GOOD "\r\n");
  good(GOOD "a=\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nb=AS:30\r\na=sendrecv\r\na=sctpmap:5000 x 1\r\n");
  bad("", WEFT_EUNSUPPORTED, "m=application");
  bad("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", WEFT_EMALFORMED, "line 1: a description begins with v=0");
  bad("v=1\r\n", WEFT_EMALFORMED, "v=0");
  bad("v=0\r\nrubbish\r\n", WEFT_EMALFORMED, "line 2");
  bad("v=0\r\nA=x\r\n", WEFT_EMALFORMED, "line 2");
  bad("v=0\r\na\r\n", WEFT_EMALFORMED, "line 2");
  bad(HEAD "a=ice-ufrag:ab\rcd\r\n", WEFT_EMALFORMED, "line 5: a CR");
  static const char zero[] = HEAD "a=ice-ufrag:ab\0cd\r\n";
  ck_assert_int_eq(weft_sdp_parse(&s, zero, sizeof zero - 1, why, sizeof why), WEFT_EMALFORMED);
  ck_assert_ptr_nonnull(strstr(why, "line 5: a zero byte"));
}
END_TEST

START_TEST(sizes) {
  char *big = malloc(1 << 20);
  memset(big, 'a', 1 << 20);
  memcpy(big, GOOD "a=x:", sizeof GOOD + 3);
  ck_assert_int_eq(weft_sdp_parse(&s, big, 1 << 20, why, sizeof why), WEFT_ETOOBIG);
  ck_assert_ptr_nonnull(strstr(why, "1048576 bytes"));
  ck_assert_int_eq(weft_sdp_parse(&s, big, WEFT_SDP_MAX, why, sizeof why), WEFT_OK); /* one long line is none of ours */
  ck_assert_int_eq(weft_sdp_parse(&s, big, WEFT_SDP_MAX + 1, why, sizeof why), WEFT_ETOOBIG);
  free(big);
  /* Whatever room there is for the reason. */
  char one[1] = {'x'}, ten[10];
  ck_assert_int_eq(weft_sdp_parse(&s, "v=1", 3, NULL, 0), WEFT_EMALFORMED);
  ck_assert_int_eq(weft_sdp_parse(&s, "v=1", 3, one, sizeof one), WEFT_EMALFORMED);
  ck_assert_int_eq(one[0], 0);
  ck_assert_int_eq(weft_sdp_parse(&s, "v=1", 3, ten, sizeof ten), WEFT_EMALFORMED);
  ck_assert_str_eq(ten, "line 1: a");
}
END_TEST

START_TEST(candidates) {
  good(GOOD "a=candidate:1 1 UDP 2122317823 192.168.99.58 45791 typ host\r\n"
            "a=candidate:2 1 TCP 2105458943 192.168.99.58 9 typ host tcptype active\r\n"
            "a=candidate:3 1 udp 2113937151 0f6ac9b2-55a5-4a5c-8a0d-1f1a5a5a5a5a.local 34426 typ host\r\n"
            "a=candidate:rubbish\r\na=end-of-candidates\r\n");
  ck_assert_uint_eq(s.candidates_len, 2);
  ck_assert_uint_eq(s.candidates_dropped, 2);
  ck_assert_uint_eq(s.candidates[0].addr.port, 45791);
  ck_assert_str_eq(s.candidates[1].host, "0f6ac9b2-55a5-4a5c-8a0d-1f1a5a5a5a5a.local");
  ck_assert(s.end_of_candidates);
  char text[WEFT_SDP_MAX];
  size_t at = (size_t)snprintf(text, sizeof text, "%s", GOOD);
  for (unsigned i = 0; i < 200; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "a=candidate:%u 1 udp 1 10.0.0.1 %u typ host\r\n", i, 1000 + i);
  good(text);
  ck_assert_uint_eq(s.candidates_len, WEFT_SDP_CANDIDATES_MAX);
  ck_assert_uint_eq(s.candidates_dropped, 200 - WEFT_SDP_CANDIDATES_MAX);
}
END_TEST

/* ---- writing ---- */

static weft_sdp mine(void) {
  weft_sdp m = {.mid = "0",
                .ice_ufrag = "abcd",
                .ice_pwd = PWD,
                .trickle = true,
                .setup = WEFT_SDP_ACTPASS,
                .fingerprints_len = 1,
                .sctp_port = 5000,
                .max_message_size = 262144};
  for (unsigned i = 0; i < 32; i++) m.fingerprints[0][i] = (uint8_t)(0xa0 + i);
  return m;
}

START_TEST(the_least_that_browsers_take) {
  static const char want[] =
      "s=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
      "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\na=ice-options:trickle\r\n"
      "a=fingerprint:sha-256 "
      "A0:A1:A2:A3:A4:A5:A6:A7:A8:A9:AA:AB:AC:AD:AE:AF:B0:B1:B2:B3:B4:B5:B6:B7:B8:B9:BA:BB:BC:BD:BE:"
      "BF\r\na=setup:actpass\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";
  weft_sdp m = mine();
  char out[WEFT_SDP_MAX + 1];
  size_t len;
  ck_assert_int_eq(weft_sdp_write(&m, true, out, WEFT_SDP_MAX, &len), WEFT_OK);
  out[len] = 0;
  ck_assert_int_eq(strncmp(out, "v=0\r\no=- ", 9), 0);
  char *rest = strstr(out, "s=-");
  ck_assert_ptr_nonnull(strstr(out, " 1 IN IP4 0.0.0.0\r\ns=-"));
  ck_assert_str_eq(rest, want);
  good(out);
  ck_assert_mem_eq(s.fingerprints[0], m.fingerprints[0], 32);
  ck_assert(s.trickle);
}
END_TEST

START_TEST(what_may_be_written) {
  static const char longest[] = "candidate:1 1 udp 1 2001:db8:1111:2222:3333:4444:5555:6666 65535 typ srflx "
                                "raddr 2001:db8:1111:2222:3333:4444:5555:6666 rport 65535";
  weft_sdp m = mine();
  char out[WEFT_SDP_MAX];
  size_t len;
  m.end_of_candidates = m.ice_lite = true;
  m.fingerprints_len = WEFT_SDP_FINGERPRINTS_MAX;
  memset(m.ice_ufrag, 'u', WEFT_ICE_CRED_MAX);
  memset(m.ice_pwd, 'p', WEFT_ICE_CRED_MAX);
  for (size_t i = 0; i < WEFT_SDP_CANDIDATES_MAX; i++) {
    ck_assert_int_eq(weft_ice_candidate_parse(&m.candidates[i], longest, sizeof longest - 1), WEFT_OK);
    memset(m.candidates[i].ufrag, 'u', WEFT_ICE_CRED_MAX);
  }
  m.candidates_len = WEFT_SDP_CANDIDATES_MAX;
  ck_assert_int_eq(weft_sdp_write(&m, true, out, sizeof out, &len), WEFT_OK);
  ck_assert_int_eq(weft_sdp_parse(&s, out, len, why, sizeof why), WEFT_OK);
  ck_assert_uint_eq(s.candidates_len, WEFT_SDP_CANDIDATES_MAX);
  ck_assert_mem_eq(&s.candidates[19], &m.candidates[19], sizeof m.candidates[0]);
  ck_assert(s.end_of_candidates && s.ice_lite);
  ck_assert_int_eq(weft_sdp_write(&m, true, out, len - 1, &len), WEFT_ETOOBIG);
}
END_TEST

static int written(const weft_sdp *m, bool offer) {
  char out[WEFT_SDP_MAX];
  size_t len;
  return weft_sdp_write(m, offer, out, sizeof out, &len);
}

START_TEST(what_may_not_be_written) {
  weft_sdp m = mine();
  ck_assert_int_eq(written(&m, false), WEFT_EINVAL); /* an answer decides */
  m.setup = WEFT_SDP_ACTIVE;
  ck_assert_int_eq(written(&m, false), WEFT_OK);
  m.setup = WEFT_SDP_HOLDCONN;
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  static const char *const injected[] = {"", "abcd\r\na=x", "ab cd", "abc", "abcd:"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(injected); i++) {
    m = mine();
    snprintf(m.ice_ufrag, sizeof m.ice_ufrag, "%s", injected[i]);
    ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  }
  m = mine();
  snprintf(m.mid, sizeof m.mid, "0\r\na=ice-lite");
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  m.mid[0] = 0;
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  memset(m.mid, '0', sizeof m.mid); /* nothing ends it */
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  m = mine();
  m.fingerprints_len = 0;
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
  m = mine();
  m.sctp_port = 0;
  ck_assert_int_eq(written(&m, true), WEFT_EINVAL);
}
END_TEST

START_TEST(who_is_the_dtls_client) {
  /* rows: offer none, active, passive, actpass, holdconn; columns: the same of the answer. o: offerer, a: answerer, RFC 8842 section 5.3 */
  static const char table[5][6] = {".....", "..o..", ".a...", ".ao..", "....."};
  for (int offer = 0; offer < 5; offer++)
    for (int answer = 0; answer < 5; answer++) {
      bool offerer;
      int rc = weft_sdp_dtls_client((weft_sdp_setup)offer, (weft_sdp_setup)answer, &offerer);
      char got = '.';
      if (rc == WEFT_OK)
        got = offerer ? 'o' : 'a';
      else
        ck_assert_int_eq(rc, WEFT_EPROTO);
      ck_assert_int_eq(got, table[offer][answer]);
    }
}
END_TEST

Suite *test_webrtc_sdp(void) {
  static const unit_test tests[] = {UNIT(a_browsers_offer),
                                    UNIT(the_session_speaks_for_its_sections),
                                    UNIT(a_section_overrides_the_session),
                                    UNIT(fingerprints),
                                    UNIT(only_the_first_data_channel_section),
                                    UNIT(numbers),
                                    UNIT(credentials),
                                    UNIT(lines),
                                    UNIT(sizes),
                                    UNIT(candidates),
                                    UNIT(the_least_that_browsers_take),
                                    UNIT(what_may_be_written),
                                    UNIT(what_may_not_be_written),
                                    UNIT(who_is_the_dtls_client)};
  return unit_suite("webrtc/sdp", tests, sizeof tests / sizeof tests[0]);
}
