#include "dtls/hello.h"

#include <stdlib.h>

#include "test/support/hex.h"
#include "test/support/unit.h"

START_TEST(fragment_headers) {
  uint8_t buf[64];
  weft_rd r;
  weft_dtls_fragment f;
  size_t n = hex_into(buf, sizeof buf, "01 000585 0001 000497 000003 aabbcc");
  weft_rd_init(&r, buf, n);
  ck_assert(weft_dtls_fragment_read(&r, &f));
  ck_assert_uint_eq(f.type, 1);
  ck_assert_uint_eq(f.length, 1413);
  ck_assert_uint_eq(f.seq, 1);
  ck_assert_uint_eq(f.offset, 1175);
  ck_assert_uint_eq(f.len, 3);
  uint8_t out[12];
  weft_wr w;
  weft_wr_init(&w, out, sizeof out);
  weft_dtls_fragment_header(&w, &f);
  ck_assert_mem_eq(out, buf, 12);
  for (size_t cut = 0; cut < n; cut++) {
    weft_rd_init(&r, buf, cut);
    ck_assert(!weft_dtls_fragment_read(&r, &f));
  }
}
END_TEST

START_TEST(fragment_lies) {
  static const char *bad[] = {"01 000002 0000 000000 000003 aabbcc", "01 000003 0000 000001 000003 aabbcc",
                              "01 000003 0000 000004 000000", "01 ffffff 0000 fffffe 000003 aabbcc"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint8_t buf[64];
    weft_rd r;
    weft_dtls_fragment f;
    weft_rd_init(&r, buf, hex_into(buf, sizeof buf, bad[i]));
    ck_assert_msg(!weft_dtls_fragment_read(&r, &f), "%s", bad[i]);
  }
}
END_TEST

static size_t extensions(const weft_dtls_hello *h) {
  weft_rd r, value;
  uint16_t type;
  size_t n = 0;
  weft_rd_init(&r, h->extensions, h->extensions_len);
  while (weft_dtls_hello_extension(&r, &type, &value)) n++;
  ck_assert(weft_rd_done(&r));
  return n;
}

/* What was seen by hand in the recordings: suites, session id, cookie. */
START_TEST(captured) {
  struct {
    const char *path;
    size_t cookie, suites;
  } files[] = {{"test/captures/chromium.clienthello1.body.bin", 0, 28},
               {"test/captures/chromium.clienthello2-with-cookie.body.bin", 32, 28},
               {"test/captures/firefox.clienthello1.body.bin", 0, 20}};
  for (size_t i = 0; i < 3; i++) {
    size_t len;
    uint8_t *body = file_bytes(files[i].path, &len);
    ck_assert_ptr_nonnull(body);
    weft_dtls_hello h;
    ck_assert_int_eq(weft_dtls_hello_parse(&h, body, len), WEFT_OK);
    ck_assert_uint_eq(h.version, 0xfefd);
    ck_assert_uint_eq(h.session_id_len, 0);
    ck_assert_uint_eq(h.cookie_len, files[i].cookie);
    ck_assert_uint_eq(h.suites_len, files[i].suites);
    ck_assert_uint_gt(extensions(&h), 6);
    for (size_t cut = 0; cut < len; cut++) {
      uint8_t *exact = malloc(cut ? cut : 1);
      memcpy(exact, body, cut);
      int rc = weft_dtls_hello_parse(&h, exact, cut);
      size_t end = 2 + 32 + 1 + 1 + files[i].cookie + 2 + files[i].suites + 2;
      ck_assert_int_eq(rc, cut == end ? WEFT_OK : WEFT_EMALFORMED);
      free(exact);
    }
    free(body);
  }
}
END_TEST

START_TEST(long_session_id) {
  uint8_t buf[128] = {0xfe, 0xfd};
  weft_rd r;
  weft_dtls_hello h;
  for (int n = 0; n < 60; n++) {
    buf[34] = (uint8_t)n;
    weft_rd_init(&r, buf, sizeof buf);
    ck_assert_int_eq(weft_dtls_hello_read_start(&r, &h), n <= 32);
  }
}
END_TEST

/* Behind 34 bytes of version and random: session id, cookie, suites, compression. */
START_TEST(lists) {
  static const struct {
    const char *rest;
    int want;
  } cases[] = {{"00 00 0002 c02b 01 00", WEFT_OK},           {"00 00 0003 c02b00 01 00", WEFT_EMALFORMED},
               {"00 00 0000 01 00", WEFT_EMALFORMED},        {"00 00 0002 c02b 00", WEFT_EMALFORMED},
               {"00 00 0002 c02b 01 00 0000", WEFT_OK},      {"00 00 0002 c02b 01 00 0001", WEFT_EMALFORMED},
               {"00 00 0002 c02b 01 00 00", WEFT_EMALFORMED}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t buf[96] = {0xfe, 0xfd};
    weft_dtls_hello h;
    size_t n = 34 + hex_into(buf + 34, sizeof buf - 34, cases[i].rest);
    ck_assert_int_eq(weft_dtls_hello_parse(&h, buf, n), cases[i].want);
  }
}
END_TEST

Suite *test_dtls_hello(void) {
  static const unit_test tests[] = {UNIT(fragment_headers), UNIT(fragment_lies), UNIT(captured), UNIT(long_session_id),
                                    UNIT(lists)};
  return unit_suite("dtls/hello", tests, sizeof tests / sizeof tests[0]);
}
