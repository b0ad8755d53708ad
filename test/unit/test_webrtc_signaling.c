/* Signaling messages and the JSON in them, as js-libp2p with Node and browsers writes them. */
#include <stdlib.h>
#include <string.h>

#include "test/support/hex.h"
#include "test/support/unit.h"
#include "webrtc/signaling.h"

static void encodes(int type, const char *data, const char *hex) {
  weft_signaling_message m = {type, (const uint8_t *)data, strlen(data)};
  uint8_t out[64];
  size_t len;
  ck_assert_int_eq(weft_signaling_encode(&m, out, sizeof out, &len), WEFT_OK);
  ck_assert_hex(out, len, hex);
}

/* By hand from the .proto: field 1 varint (08), field 2 bytes (12). */
START_TEST(the_type_is_always_written) {
  encodes(WEFT_SIGNALING_OFFER, "v=0", "07 0800 1203 763d30");
  encodes(WEFT_SIGNALING_ANSWER, "v=0", "07 0801 1203 763d30");
  encodes(WEFT_SIGNALING_CANDIDATE, "null", "08 0802 1204 6e756c6c");
  encodes(WEFT_SIGNALING_CANDIDATE, "", "04 0802 1200");
}
END_TEST

START_TEST(sizes) {
  static uint8_t data[WEFT_SIGNALING_MESSAGE_MAX], out[WEFT_SIGNALING_MESSAGE_MAX + 8];
  size_t len;
  weft_signaling_message m = {WEFT_SIGNALING_OFFER, data, WEFT_SIGNALING_MESSAGE_MAX - 5}, back;
  ck_assert_int_eq(weft_signaling_encode(&m, out, sizeof out, &len), WEFT_OK);
  ck_assert_uint_eq(len, WEFT_SIGNALING_MESSAGE_MAX + 3); /* a length of three bytes: 2 of type, 3 before the data */
  ck_assert_int_eq(weft_signaling_encode(&m, out, len - 1, &len), WEFT_ETOOBIG);
  m.len++;
  ck_assert_int_eq(weft_signaling_encode(&m, out, sizeof out, &len), WEFT_ETOOBIG);
  m.len = SIZE_MAX;
  ck_assert_int_eq(weft_signaling_encode(&m, out, sizeof out, &len), WEFT_ETOOBIG);
  m = (weft_signaling_message){-1, data, 1};
  ck_assert_int_eq(weft_signaling_encode(&m, out, sizeof out, &len), WEFT_EINVAL);
  ck_assert_int_eq(weft_signaling_decode(&back, data, WEFT_SIGNALING_MESSAGE_MAX + 1), WEFT_ETOOBIG);
}
END_TEST

static int decode(weft_signaling_message *m, const char *hex) {
  static uint8_t buf[128];
  return weft_signaling_decode(m, buf, hex_into(buf, sizeof buf, hex));
}

START_TEST(decodes) {
  weft_signaling_message m;
  ck_assert_int_eq(decode(&m, "0800 1203 763d30"), WEFT_OK);
  ck_assert_int_eq(m.type, WEFT_SIGNALING_OFFER);
  ck_assert_uint_eq(m.len, 3);
  ck_assert_mem_eq(m.data, "v=0", 3);
  ck_assert_int_eq(decode(&m, "1203 763d30 0801 1a02 ffff"), WEFT_OK); /* another order, an unknown field */
  ck_assert_int_eq(m.type, WEFT_SIGNALING_ANSWER);
  ck_assert_int_eq(decode(&m, ""), WEFT_OK);
  ck_assert_int_eq(m.type, -1);
  ck_assert_ptr_null(m.data);
  ck_assert_int_eq(decode(&m, "1200"), WEFT_OK);
  ck_assert_int_eq(m.type, -1);
  ck_assert_ptr_nonnull(m.data);
  ck_assert_int_eq(decode(&m, "0809"), WEFT_OK);
  ck_assert_int_eq(m.type, 9);
  ck_assert_int_eq(decode(&m, "08ffffffffffffffffff01"), WEFT_OK); /* -1 as an enum: unknown, and not "absent" */
  ck_assert_int_gt(m.type, WEFT_SIGNALING_CANDIDATE);
  ck_assert_int_eq(decode(&m, "0800 0801"), WEFT_OK);
  ck_assert_int_eq(m.type, 1);
}
END_TEST

START_TEST(broken_messages) {
  static const char *const bad[] = {"08", "0a00", "10 00", "1204 763d30", "0b", "0000", "08ffffffffffffffffffff01"};
  weft_signaling_message m;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) ck_assert_int_eq(decode(&m, bad[i]), WEFT_EMALFORMED);
}
END_TEST

/* ---- JSON ---- */

static bool end;
static char got[256];

static int json(const char *text) {
  return weft_signaling_candidate_parse((const uint8_t *)text, strlen(text), got, sizeof got, &end);
}

START_TEST(candidates_of_peers) {
  static const struct {
    const char *json, *want;
  } cases[] = {
      {"{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 9 typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,"
       "\"usernameFragment\":\"abcd\"}",
       "candidate:1 1 udp 1 10.0.0.1 9 typ host"},
      /* libdatachannel: the prefix, upper case, no index, an empty user name */
      {"{\"candidate\":\"a=candidate:2 1 UDP 2116026111 fd00::2 47710 typ "
       "host\",\"sdpMid\":\"0\",\"usernameFragment\":\"\"}",
       "a=candidate:2 1 UDP 2116026111 fd00::2 47710 typ host"},
      {" {\"x\":[1,{\"candidate\":\"no\"},[]],\t\"candidate\" : \"c\"\r\n, \"y\" : -1.5e3 } ", "c"},
      {"{\"sdpMLineIndex\":null,\"usernameFragment\":null,\"candidate\":\"c\",\"sdpMid\":null}", "c"},
      {"{\"candidate\":\"a\\u0062\\/\\\"\\\\\\n\"}", "ab/\"\\\n"},
      {"{\"candidate\":\"\\u00e9\\ud83d\\ude00\"}", "\?\?\?"},
      {"{\"c\\u0061ndidate\":\"c\"}", "c"},
      {"{\"candidate\":\"first\",\"candidate\":\"last\"}", "last"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    ck_assert_msg(json(cases[i].json) == WEFT_OK, "%s", cases[i].json);
    ck_assert_str_eq(got, cases[i].want);
    ck_assert(!end);
  }
}
END_TEST

START_TEST(the_end) {
  static const char *const ends[] = {"null",
                                     "\"\"",
                                     "{\"candidate\":\"\"}",
                                     " null ",
                                     "{\"candidate\":null}",
                                     "{\"candidate\":\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(ends); i++) {
    ck_assert_msg(json(ends[i]) == WEFT_OK && end, "%s", ends[i]);
    ck_assert_str_eq(got, "");
  }
}
END_TEST

START_TEST(broken_json) {
  static const char *const bad[] = {
      "", " ", "nul", "nulll", "{", "}", "{}", "[]", "\"", "\"x\"", "7", "true", "{\"candidate\"}", "{\"candidate\":}",
      "{\"candidate\":\"x}", "{\"candidate\":\"x\"", "{\"candidate\":\"x\"}x", "{\"candidate\":\"x\",}",
      "{\"candidate\":7}", "{\"candidate\":\"\\u0000\"}", "{\"candidate\":\"\\u00\"}", "{\"candidate\":\"\\x\"}",
      "{\"candidate\":\"a\nb\"}", "{candidate:\"x\"}", "{\"sdpMid\":\"0\"}", "{\"x\":[,\"candidate\":\"y\"",
      "{\"x\":]}", "{\"candidate\":\"x\" \"y\":1}",
      /* RFC 8259 sections 3, 4, 5, 6: what is skipped is JSON too */
      "{\"y\":00,\"candidate\":\"x\"}", "{\"y\":-,\"candidate\":\"x\"}", "{\"y\":1.,\"candidate\":\"x\"}",
      "{\"y\":1e+,\"candidate\":\"x\"}", "{\"y\":nul,\"candidate\":\"x\"}", "{\"y\":[1,],\"candidate\":\"x\"}",
      "{\"y\":[1}],\"candidate\":\"x\"}", "{\"y\":[1 2],\"candidate\":\"x\"}", "{\"y\":{\"z\"},\"candidate\":\"x\"}",
      "{\"y\":{z:1},\"candidate\":\"x\"}", "{\"y\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]],\"candidate\":\"x\"}"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    int rc = json(bad[i]);
    ck_assert_msg(rc == WEFT_EMALFORMED, "%s: %s", bad[i], weft_errname(rc));
  }
  static const char zero[] = "{\"candidate\":\"a\0b\"}";
  ck_assert_int_eq(weft_signaling_candidate_parse((const uint8_t *)zero, sizeof zero - 1, got, sizeof got, &end),
                   WEFT_EMALFORMED);
}
END_TEST

START_TEST(room_and_depth) {
  static const char text[] = "{\"candidate\":\"12345\"}";
  ck_assert_int_eq(weft_signaling_candidate_parse((const uint8_t *)text, sizeof text - 1, got, 6, &end), WEFT_OK);
  ck_assert_str_eq(got, "12345");
  ck_assert_int_eq(weft_signaling_candidate_parse((const uint8_t *)text, sizeof text - 1, got, 5, &end), WEFT_ETOOBIG);
  ck_assert_int_eq(weft_signaling_candidate_parse((const uint8_t *)text, sizeof text - 1, got, 0, &end), WEFT_EINVAL);
  enum { DEEP = 1000000 };
  char *deep = malloc(DEEP);
  memset(deep, '[', DEEP);
  memcpy(deep, "{\"x\":", 5);
  ck_assert_int_eq(weft_signaling_candidate_parse((const uint8_t *)deep, DEEP, got, sizeof got, &end), WEFT_EMALFORMED);
  free(deep);
}
END_TEST

START_TEST(writes_json) {
  char out[256];
  size_t len;
  ck_assert_int_eq(weft_signaling_candidate_format("candidate:1", "0", "abcd", out, sizeof out, &len), WEFT_OK);
  out[len] = 0;
  ck_assert_str_eq(
      out, "{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"}");
  ck_assert_int_eq(json(out), WEFT_OK);
  ck_assert_str_eq(got, "candidate:1");
  ck_assert_int_eq(weft_signaling_candidate_format("c", NULL, NULL, out, sizeof out, &len), WEFT_OK);
  out[len] = 0;
  ck_assert_str_eq(out, "{\"candidate\":\"c\",\"sdpMid\":null,\"sdpMLineIndex\":0,\"usernameFragment\":null}");
  ck_assert_int_eq(weft_signaling_candidate_format("c", NULL, NULL, out, len - 1, &len), WEFT_ETOOBIG);
  ck_assert_int_eq(weft_signaling_candidate_format(NULL, "0", "abcd", out, sizeof out, &len), WEFT_OK);
  out[len] = 0;
  ck_assert_str_eq(out, "null");
  static const char *const injected[] = {"a\"b", "a\\b", "a\nb", "a\x7f"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(injected); i++) {
    ck_assert_int_eq(weft_signaling_candidate_format(injected[i], "0", "u", out, sizeof out, &len), WEFT_EINVAL);
    ck_assert_int_eq(weft_signaling_candidate_format("c", injected[i], "u", out, sizeof out, &len), WEFT_EINVAL);
    ck_assert_int_eq(weft_signaling_candidate_format("c", "0", injected[i], out, sizeof out, &len), WEFT_EINVAL);
  }
}
END_TEST

Suite *test_webrtc_signaling(void) {
  static const unit_test tests[] = {UNIT(the_type_is_always_written),
                                    UNIT(sizes),
                                    UNIT(decodes),
                                    UNIT(broken_messages),
                                    UNIT(candidates_of_peers),
                                    UNIT(the_end),
                                    UNIT(broken_json),
                                    UNIT(room_and_depth),
                                    UNIT(writes_json)};
  return unit_suite("webrtc/signaling", tests, sizeof tests / sizeof tests[0]);
}
