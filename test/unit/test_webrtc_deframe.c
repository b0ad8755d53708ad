#include <string.h>

#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/unit.h"
#include "webrtc/deframe.h"

/* Feeds data in pieces of `cut` bytes; every frame's first byte and length are noted. */
typedef struct seen {
  size_t n, len[16];
  uint8_t first[16];
  int rc;
} seen;

static seen feed(const uint8_t *data, size_t len, size_t cut) {
  weft_webrtc_deframer d;
  seen s = {0};
  weft_webrtc_deframer_init(&d, test_alloc());
  for (size_t at = 0; at < len && s.rc >= 0; at += cut) {
    const uint8_t *p = data + at, *body;
    size_t n = len - at < cut ? len - at : cut, body_len;
    while ((s.rc = weft_webrtc_deframer_next(&d, &p, &n, &body, &body_len)) > 0) {
      ck_assert_uint_lt(s.n, 16);
      s.first[s.n] = body_len ? body[0] : 0;
      s.len[s.n++] = body_len;
    }
    if (s.rc == 0) ck_assert_uint_eq(n, 0);
  }
  weft_webrtc_deframer_free(&d);
  return s;
}

START_TEST(any_cut_gives_the_same_frames) {
  static uint8_t data[2000];
  size_t len = 0;
  static const size_t sizes[] = {0, 1, 5, 127, 128, 300, 0, 1000};
  for (size_t i = 0; i < 8; i++) {
    if (sizes[i] >= 128) {
      data[len++] = (uint8_t)(sizes[i] | 0x80);
      data[len++] = (uint8_t)(sizes[i] >> 7);
    } else {
      data[len++] = (uint8_t)sizes[i];
    }
    memset(data + len, (int)(0x40 + i), sizes[i]);
    len += sizes[i];
  }
  for (size_t cut = 1; cut <= len; cut++) {
    seen s = feed(data, len, cut);
    ck_assert_int_eq(s.rc, 0);
    ck_assert_uint_eq(s.n, 8);
    for (size_t i = 0; i < 8; i++) {
      ck_assert_uint_eq(s.len[i], sizes[i]);
      if (sizes[i]) ck_assert_uint_eq(s.first[i], 0x40 + i);
    }
  }
}
END_TEST

/* js-libp2p: the length alone, then the body - which then lies whole in the message and needs no memory. */
START_TEST(length_and_body_apart_need_no_memory) {
  weft_webrtc_deframer d;
  static uint8_t body[200];
  const uint8_t prefix[] = {0xc8, 0x01}, *p = prefix, *out;
  size_t n = 2, out_len;
  weft_webrtc_deframer_init(&d, test_alloc());
  ck_assert_int_eq(weft_webrtc_deframer_next(&d, &p, &n, &out, &out_len), 0);
  p = body, n = sizeof body;
  ck_assert_int_eq(weft_webrtc_deframer_next(&d, &p, &n, &out, &out_len), 1);
  ck_assert_ptr_eq(out, body);
  ck_assert_uint_eq(out_len, 200);
  ck_assert_uint_eq(test_leak()->calls, 0);
  weft_webrtc_deframer_free(&d);
}
END_TEST

START_TEST(limits_and_lies) {
  static uint8_t big[17000];
  static const struct {
    const char *hex;
    int rc;
  } cases[] = {
      {"fe7f", 0},              /* 16,382: with its length 16 KiB */
      {"ff7f", WEFT_ETOOBIG},   /* 16,383 */
      {"808001", WEFT_ETOOBIG}, /* 16,384 */
      {"ffffffffff", WEFT_ETOOBIG},
      {"8000", WEFT_EMALFORMED}, /* not the shortest form */
      {"808080808080808080", WEFT_ETOOBIG},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t in[32];
    size_t n = hex_into(in, sizeof in, cases[i].hex);
    ck_assert_msg(feed(in, n, 1).rc == cases[i].rc, "%s by one", cases[i].hex);
    ck_assert_msg(feed(in, n, n).rc == cases[i].rc, "%s whole", cases[i].hex);
  }
  big[0] = 0xfe, big[1] = 0x7f;
  for (size_t cut = 1; cut < 16384; cut = cut * 3 + 1) {
    seen s = feed(big, 16384, cut);
    ck_assert_uint_eq(s.n, 1);
    ck_assert_uint_eq(s.len[0], 16382);
  }
}
END_TEST

START_TEST(held_counts_the_incomplete_frame) {
  weft_webrtc_deframer d;
  const uint8_t *p, *out;
  size_t n, out_len;
  weft_webrtc_deframer_init(&d, test_alloc());
  p = (const uint8_t *)"\x05"
                       "ab",
  n = 3;
  ck_assert_int_eq(weft_webrtc_deframer_next(&d, &p, &n, &out, &out_len), 0);
  ck_assert_uint_eq(weft_webrtc_deframer_held(&d), 2);
  p = (const uint8_t *)"cde\x80", n = 4;
  ck_assert_int_eq(weft_webrtc_deframer_next(&d, &p, &n, &out, &out_len), 1);
  ck_assert_mem_eq(out, "abcde", 5);
  ck_assert_uint_eq(weft_webrtc_deframer_held(&d), 0);
  ck_assert_int_eq(weft_webrtc_deframer_next(&d, &p, &n, &out, &out_len), 0);
  ck_assert_uint_eq(weft_webrtc_deframer_held(&d), 1);
  weft_webrtc_deframer_free(&d);
}
END_TEST

Suite *test_webrtc_deframe(void) {
  static const unit_test tests[] = {UNIT(any_cut_gives_the_same_frames), UNIT(length_and_body_apart_need_no_memory),
                                    UNIT(limits_and_lies), UNIT(held_counts_the_incomplete_frame)};
  return unit_suite("webrtc/deframe", tests, sizeof tests / sizeof tests[0]);
}
