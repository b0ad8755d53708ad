#include <stdio.h>

#include "dtls/dtls.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* SHA-256 of "abc": FIPS 180-2 appendix B.1. */
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char abc_text[] =
    "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

START_TEST(hash_and_text) {
  uint8_t fp[32];
  char text[96];
  ck_assert_int_eq(weft_dtls_fingerprint(fp, (const uint8_t *)"abc", 3), WEFT_OK);
  ck_assert_hex(fp, 32, abc_hex);
  weft_dtls_fingerprint_format(text, fp);
  ck_assert_str_eq(text, abc_text);
  ck_assert_uint_eq(sizeof text, sizeof abc_text);
}
END_TEST

static int parse(const char *name, const char *bytes, size_t cut) {
  char line[160];
  uint8_t fp[32];
  snprintf(line, sizeof line, "%s%s", name, bytes);
  int rc = weft_dtls_fingerprint_parse(fp, line, strlen(line) - cut);
  if (rc == WEFT_OK) ck_assert_hex(fp, 32, abc_hex);
  return rc;
}

START_TEST(reads) {
  ck_assert_int_eq(parse("sha-256 ", abc_text, 0), WEFT_OK);
  ck_assert_int_eq(parse("SHA-256 ", abc_text, 0), WEFT_OK);
  ck_assert_int_eq(
      parse("sha-256 ",
            "ba:78:16:bf:8f:01:cf:ea:41:41:40:de:5d:ae:22:23:b0:03:61:a3:96:17:7a:9c:b4:10:ff:61:f2:00:15:ad", 0),
      WEFT_OK);
}
END_TEST

START_TEST(refuses) {
  ck_assert_int_eq(parse("sha-1 ", abc_text, 0), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(parse("sha-512 ", abc_text, 0), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(parse("sha-2567 ", abc_text, 0), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(parse(" ", abc_text, 0), WEFT_EMALFORMED);
  ck_assert_int_eq(parse("", abc_text, 0), WEFT_EMALFORMED);
  ck_assert_int_eq(parse("sha-256 ", "", 0), WEFT_EMALFORMED);
  ck_assert_int_eq(parse("sha-256  ", abc_text, 0), WEFT_EMALFORMED);
  for (size_t cut = 1; cut < 90; cut++) ck_assert_int_eq(parse("sha-256 ", abc_text, cut), WEFT_EMALFORMED);
  char bad[sizeof abc_text];
  for (size_t i = 0; i + 1 < sizeof bad; i++) {
    memcpy(bad, abc_text, sizeof bad);
    bad[i] = 'g';
    ck_assert_int_eq(parse("sha-256 ", bad, 0), WEFT_EMALFORMED);
  }
}
END_TEST

Suite *test_dtls_fingerprint(void) {
  static const unit_test tests[] = {UNIT(hash_and_text), UNIT(reads), UNIT(refuses)};
  return unit_suite("dtls/fingerprint", tests, sizeof tests / sizeof tests[0]);
}
