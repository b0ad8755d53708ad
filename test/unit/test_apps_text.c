#include <stdlib.h>
#include <string.h>

#include "apps/text.h"
#include "test/support/unit.h"

static bool valid(const char *s) { return app_utf8_valid((const uint8_t *)s, strlen(s)); }
static size_t tail(const char *s) { return app_utf8_tail((const uint8_t *)s, strlen(s)); }

START_TEST(utf8_by_rfc_3629) {
  ck_assert(valid(""));
  ck_assert(valid("plain"));
  ck_assert(valid("\xC2\xA9 \xE4\xB8\x96 \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
  ck_assert(!valid("\xC0\x80"));         /* overlong NUL */
  ck_assert(!valid("\xE0\x9F\xBF"));     /* overlong */
  ck_assert(!valid("\xED\xA0\x80"));     /* surrogate */
  ck_assert(!valid("\xF4\x90\x80\x80")); /* above U+10FFFF */
  ck_assert(!valid("\x80"));             /* continuation alone */
  ck_assert(!valid("a\xE4\xB8"));        /* cut */
  ck_assert(!valid("\xFF"));
}
END_TEST

START_TEST(a_cut_character_is_found_at_the_end) {
  ck_assert_uint_eq(tail("abc"), 0);
  ck_assert_uint_eq(tail("abc\xC3"), 1);
  ck_assert_uint_eq(tail("abc\xE4"), 1);
  ck_assert_uint_eq(tail("abc\xE4\xB8"), 2);
  ck_assert_uint_eq(tail("\xF0\x9F\x98"), 3);
  ck_assert_uint_eq(tail("\xF0\x9F\x98\x80"), 0); /* whole */
  ck_assert_uint_eq(tail("\xED\xA0"), 0);         /* cannot become valid: nothing to wait for */
  ck_assert_uint_eq(tail("\x80\x80"), 0);
  ck_assert_uint_eq(tail(""), 0);
}
END_TEST

/* What the function prints, as a string of at most cap - 1 bytes. */
static void printed(void (*print)(FILE *, const void *, size_t), const void *s, size_t n, char *out, size_t cap) {
  FILE *f = tmpfile();
  ck_assert_ptr_nonnull(f);
  print(f, s, n);
  rewind(f);
  size_t got = fread(out, 1, cap - 1, f);
  out[got] = 0;
  fclose(f);
}

static void escaped(FILE *f, const void *s, size_t n) { app_print_escaped(f, s, n); }
static void json(FILE *f, const void *s, size_t n) { app_print_json_string(f, s, n); }

START_TEST(a_peer_cannot_steer_the_terminal) {
  char out[128];
  printed(escaped, "a\x1b[2J\x7f\r\n\xC2\x9B z", 12, out, sizeof out);
  ck_assert_str_eq(out, "a\\x1b[2J\\x7f\\x0d\\x0a\\xc2\\x9b z");
  printed(escaped, "Gr\xC3\xBC\xC3\x9F\x65", 7, out, sizeof out);
  ck_assert_str_eq(out, "Gr\xC3\xBC\xC3\x9F\x65");
}
END_TEST

START_TEST(json_strings_are_escaped_as_rfc_8259_says) {
  char out[128];
  printed(json, "a\"b\\c/d\n\x01\xC3\xBC", 11, out, sizeof out);
  ck_assert_str_eq(out, "\"a\\\"b\\\\c/d\\n\\u0001\xC3\xBC\"");
  printed(json, "x\xFFy", 3, out, sizeof out);
  ck_assert_str_eq(out, "\"x\xEF\xBF\xBDy\"");
}
END_TEST

Suite *test_apps_text(void) {
  static const unit_test tests[] = {UNIT(utf8_by_rfc_3629), UNIT(a_cut_character_is_found_at_the_end),
                                    UNIT(a_peer_cannot_steer_the_terminal),
                                    UNIT(json_strings_are_escaped_as_rfc_8259_says)};
  return unit_suite("apps/text", tests, sizeof tests / sizeof tests[0]);
}
