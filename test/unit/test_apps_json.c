#include <stdlib.h>
#include <string.h>

#include "apps/json.h"
#include "test/support/unit.h"

static json *parse(const char *text) {
  char err[96];
  return json_parse(text, strlen(text), err, sizeof err);
}

START_TEST(values_and_paths) {
  json *j = parse("{\"a\": [1, -2.5e3, {\"b\": null, \"c\": true}],\n \"n\": \"18446744073709551615\", \"s\": \"x\"}");
  uint64_t u;
  int64_t i;
  ck_assert_ptr_nonnull(j);
  ck_assert_uint_eq(j->len, 3);
  ck_assert(json_u64(json_find(j, "a.0"), &u) && u == 1);
  ck_assert_str_eq(json_text(json_find(j, "a.1")), "-2.5e3");
  ck_assert(json_is_null(json_find(j, "a.2.b")));
  ck_assert(json_bool(json_find(j, "a.2.c"), false));
  ck_assert(json_u64(json_get(j, "n"), &u) && u == UINT64_MAX);
  ck_assert(!json_u64(json_get(j, "s"), &u));
  ck_assert(!json_i64(json_get(j, "s"), &i));
  ck_assert_int_eq(json_get(j, "n")->line, 2);
  ck_assert_ptr_null(json_find(j, "a.7.b"));
  ck_assert_ptr_null(json_get(NULL, "x"));
  ck_assert_ptr_null(json_text(NULL));
  json_free(j);
}
END_TEST

START_TEST(escapes) {
  json *j = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\u0000z\"");
  static const char want[] = "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z";
  ck_assert_ptr_nonnull(j);
  ck_assert_uint_eq(j->len, sizeof want - 1);
  ck_assert_mem_eq(j->text, want, sizeof want);
  json_free(j);
}
END_TEST

START_TEST(what_is_not_json) {
  static const char *const bad[] = {"",          " ",        "{",          "[",     "[1",  "[1,",  "[1,]",
                                    "{\"a\"}",   "{\"a\":}", "{\"a\":1,}", "{a:1}", "nul", "tru",  "01",
                                    "1.",        "-",        "1e",         ".5",    "\"",  "\"\\", "\"\\x\"",
                                    "\"\\u12\"", "\"\n\"",   "1 2",        "[1 2]", "]",   "'a'"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    json *j = parse(bad[i]);
    ck_assert_msg(j == NULL, "accepted: %s", bad[i]);
  }
}
END_TEST

START_TEST(depth_is_bounded) {
  char deep[1001];
  memset(deep, '[', 1000);
  deep[1000] = '\0';
  ck_assert_ptr_null(parse(deep));
}
END_TEST

static void ck_written(json *j, const char *want) {
  char *text = json_write(j, NULL);
  ck_assert_str_eq(text, want);
  free(text);
  json_free(j);
}

START_TEST(builds_and_writes) {
  json *j = json_new(JSON_OBJECT);
  json_put_u64(j, "small", (uint64_t)1 << 53);
  json_put_u64(j, "large", ((uint64_t)1 << 53) + 1);
  json_put_hex(j, "hex", (const uint8_t *)"\x00\xff", 2);
  json_put_string(json_put_array(j, "list"), NULL, NULL);
  json_put_bool(json_put_object(j, "in"), "yes", true);
  ck_written(j, "{\"small\":9007199254740992,\"large\":\"9007199254740993\",\"hex\":\"00ff\",\"list\":[null],\"in\":{"
                "\"yes\":true}}");
}
END_TEST

START_TEST(writes_any_octets) {
  json *j = json_new(JSON_ARRAY);
  json_put_text(j, NULL, "a\"\\\n\x7f", 5);
  json_put_text(j, NULL, "\xc3\xa9\xf0\x9f\x98\x80", 6);
  json_put_text(j, NULL, "\xed\xa0\x80", 3); /* a lone surrogate */
  json_put_text(j, NULL, "\xc0\xaf\xff", 3); /* no UTF-8 */
  json_put_text(j, NULL, "\0", 1);
  ck_written(j, "[\"a\\\"\\\\\\u000a\\u007f\",\"\xc3\xa9\xf0\x9f\x98\x80\",\"\\ud800\","
                "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"\\u0000\"]");
}
END_TEST

START_TEST(a_copy_is_the_same) {
  static const char text[] = "{\"a\":[1,-2.5,\"x\",null,true],\"b\":{}}";
  json *j = parse(text), *copy = json_copy(j);
  json_free(j);
  ck_written(copy, text);
}
END_TEST

Suite *test_apps_json(void) {
  static const unit_test tests[] = {
      UNIT(values_and_paths),  UNIT(escapes),           UNIT(what_is_not_json),   UNIT(depth_is_bounded),
      UNIT(builds_and_writes), UNIT(writes_any_octets), UNIT(a_copy_is_the_same),
  };
  return unit_suite("apps/json", tests, sizeof tests / sizeof tests[0]);
}
