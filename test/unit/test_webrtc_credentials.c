#include <string.h>

#include "test/support/rng.h"
#include "test/support/unit.h"
#include "webrtc/webrtc_int.h"

#define PWD22 "0123456789abcdefABCD+/"

static int version(const char *server, const char *client) {
  return weft_webrtc_ufrag_version(server, strlen(server), client, strlen(client));
}

START_TEST(versions_by_prefix) {
  static const struct {
    const char *server, *client;
    int rc;
  } cases[] = {
      {"libp2p+webrtc+v1/abcdefghijklmnop", "libp2p+webrtc+v1/abcdefghijklmnop", 1},
      {"libp2p+webrtc+v1/abcde", "libp2p+webrtc+v1/abcde", 1},        /* 22 characters: the shortest password */
      {"libp2p+webrtc+v1/abcd", "libp2p+webrtc+v1/abcd", WEFT_EAUTH}, /* 21 */
      {"libp2p+webrtc+v1/abcdefghijklmnop", "libp2p+webrtc+v1/abcdefghijklmnoq", WEFT_EAUTH},
      {"libp2p+webrtc+v1/abcdefghijklmnop", "abcd", WEFT_EAUTH},
      {"libp2p+webrtc+v2/" PWD22, "abcd", 2},
      {"libp2p+webrtc+v2/" PWD22, "libp2p+webrtc+v2/" PWD22, 2},
      {"libp2p+webrtc+v2/0123456789abcdefABCD+", "abcd", WEFT_EAUTH}, /* 21 */
      {"libp2p+webrtc+v2/", "abcd", WEFT_EAUTH},
      {"libp2p+webrtc+v2/" PWD22, "abc", WEFT_EAUTH}, /* a ufrag has four at least */
      {"libp2p+webrtc+v3/" PWD22, "abcd", WEFT_EUNSUPPORTED},
      {"libp2p+webrtc+v11" PWD22, "libp2p+webrtc+v11" PWD22, WEFT_EUNSUPPORTED},
      {"libp2p+webrtc+" PWD22, "abcd", WEFT_EUNSUPPORTED},
      {PWD22, PWD22, WEFT_EUNSUPPORTED},
      {"abcd", "abcd", WEFT_EUNSUPPORTED},
      {"", "", WEFT_EAUTH},
      {"libp2p+webrtc+v1/abcdefgh\r\na=b", "libp2p+webrtc+v1/abcdefgh\r\na=b", WEFT_EAUTH},
      {"libp2p+webrtc+v2/0123456789abcdefABCD\r\n", "abcd", WEFT_EAUTH},
      {"libp2p+webrtc+v2/" PWD22, "ab\ncd", WEFT_EAUTH},
      {"LIBP2P+webrtc+v1/abcdefghijklmnop", "LIBP2P+webrtc+v1/abcdefghijklmnop", WEFT_EUNSUPPORTED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_msg(version(cases[i].server, cases[i].client) == cases[i].rc, "case %zu: %d", i,
                  version(cases[i].server, cases[i].client));
}
END_TEST

START_TEST(lengths_at_the_border) {
  char server[300];
  memset(server, 'a', sizeof server);
  memcpy(server, "libp2p+webrtc+v2/", 17);
  ck_assert_int_eq(weft_webrtc_ufrag_version(server, 256, "abcd", 4), 2);
  ck_assert_int_eq(weft_webrtc_ufrag_version(server, 257, "abcd", 4), WEFT_EAUTH);
  memcpy(server, "libp2p+webrtc+v1/", 17);
  ck_assert_int_eq(weft_webrtc_ufrag_version(server, 256, server, 256), 1);
  ck_assert_int_eq(weft_webrtc_ufrag_version(server, 257, server, 257), WEFT_EAUTH);
}
END_TEST

START_TEST(ours_are_what_go_and_js_make) {
  test_rng r;
  weft_rng rng = test_rng_init(&r, 1);
  char a[64], b[64];
  ck_assert_int_eq(weft_webrtc_make_ufrag_v1(&rng, a), WEFT_OK);
  ck_assert_int_eq(weft_webrtc_make_ufrag_v1(&rng, b), WEFT_OK);
  ck_assert_uint_eq(strlen(a), 17 + 32);
  ck_assert_str_ne(a, b);
  ck_assert_uint_eq(strspn(a + 17, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), 32);
  ck_assert_int_eq(version(a, a), 1);
  r.fail_on = true, r.fail_after = 0;
  ck_assert_int_eq(weft_webrtc_make_ufrag_v1(&rng, a), WEFT_ERANDOM);
}
END_TEST

Suite *test_webrtc_credentials(void) {
  static const unit_test tests[] = {UNIT(versions_by_prefix), UNIT(lengths_at_the_border),
                                    UNIT(ours_are_what_go_and_js_make)};
  return unit_suite("webrtc/credentials", tests, sizeof tests / sizeof tests[0]);
}
