#include "test/unit/multiaddr_values.h"

/* The table of multiaddr protocols/http-path.md, then the rest of RFC 3986 section 3.3. */
START_TEST(http_paths) {
  check_value("http-path", "user", "75736572", "user");
  check_value("http-path", "api%2Fv0%2Flogin", "6170692f76302f6c6f67696e", "api%2Fv0%2Flogin");
  check_value("http-path", "tmp%2Ffoo%2F..%2Fbar", "746d702f666f6f2f2e2e2f626172", "tmp%2Ffoo%2F..%2Fbar");
  check_value("http-path", "a%2520space", "612532307370616365", "a%2520space");
  check_value("http-path", "a%252Fslash",
              "6125324673"
              "6c617368",
              "a%252Fslash");
  check_value("http-path", "a+b", "612b62", "a%2Bb"); /* a sub-delim, and no space */
  check_value("http-path", "!$&'()*+,;=:@-._~", "2124262728292a2b2c3b3d3a402d2e5f7e",
              "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40-._~");
  check_value("http-path", "%00%ff", "00ff", "%00%FF");
}
END_TEST

START_TEST(http_paths_that_are_no_segment) {
  static const char *const escapes[] = {"%", "%f", "a%", "%zz", "%f%20", "%%20", "%2", "%-1"};
  static const char *const raw[] = {"a b", "a?b",   "a#b", "a[b", "a\\b", "\xc3\xbc", "a\x01",
                                    "\"",  "a\x7f", "<",   "^",   "`",    "{",        "|"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(escapes); i++)
    ck_assert_pstr_eq(parse_error("http-path", escapes[i]), "\"%\" is not followed by two hex digits");
  for (size_t i = 0; i < WEFT_ARRAY_LEN(raw); i++)
    ck_assert_pstr_eq(parse_error("http-path", raw[i]), "a character that is not percent-encoded, as in \"a%20space\"");
}
END_TEST

START_TEST(paths_begin_with_a_slash) {
  check_value("unix", "a", "2f61", "a");
  check_value("unix", "a/b c", "2f612f622063", "a/b c");
  check_value("unix",
              "b\xc3\xbc"
              "cher",
              "2f62c3bc63686572",
              "b\xc3\xbc"
              "cher");
  ck_assert_pstr_eq(parse_error("unix", "a/"), "path ends with a slash");
  ck_assert_pstr_eq(parse_error("unix", "a\nb"), "path holds a control character");
  ck_assert_pstr_eq(parse_error("unix", "a\x7f"), "path holds a control character");
  ck_assert_pstr_eq(parse_error("unix", "\xff"), "path is not UTF-8");
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("unix"), (const uint8_t *)"/", 1));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("unix"), (const uint8_t *)"", 0));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("unix"), (const uint8_t *)"a/b", 3));
  ck_assert_ptr_nonnull(weft_multiaddr_value_check(protocol("unix"), (const uint8_t *)"/a\0b", 4));
}
END_TEST

START_TEST(a_value_that_fits_no_address) {
  char text[1100];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ck_assert_pstr_eq(parse_error("http-path", text), "too long");
  ck_assert_pstr_eq(parse_error("unix", text), "too long");
  text[1024] = '\0';
  ck_assert_pstr_eq(parse_error("http-path", text), NULL);
}
END_TEST

Suite *test_multiaddr_value_text(void) {
  static const unit_test tests[] = {UNIT(http_paths), UNIT(http_paths_that_are_no_segment),
                                    UNIT(paths_begin_with_a_slash), UNIT(a_value_that_fits_no_address)};
  return unit_suite("multiaddr/value_text", tests, sizeof tests / sizeof tests[0]);
}
