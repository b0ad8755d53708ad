#include "dtls/der.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static void check_len(size_t content, const char *head) {
  static uint8_t buf[1024], zero[1024];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u8(&w, 0x55);
  memset(zero, 0xee, sizeof zero);
  weft_dtls_der_put(&w, WEFT_DTLS_DER_OCTET_STRING, zero, content);
  ck_assert(weft_wr_ok(&w));
  size_t n = strlen(head) / 2;
  ck_assert_uint_eq(weft_wr_len(&w), 1 + n + content);
  ck_assert_hex(buf + 1, n, head);
  ck_assert_mem_eq(buf + 1 + n, zero, content);
}

/* X.690 sections 8.1.3.4, 8.1.3.5 and 10.1: the fewest length bytes. */
START_TEST(lengths) {
  check_len(0, "0400");
  check_len(1, "0401");
  check_len(127, "047f");
  check_len(128, "048180");
  check_len(255, "0481ff");
  check_len(256, "04820100");
  check_len(1000, "048203e8");
}
END_TEST

START_TEST(nested) {
  uint8_t buf[300], body[126] = {0};
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  size_t a = weft_dtls_der_open(&w, WEFT_DTLS_DER_SEQUENCE);
  size_t b = weft_dtls_der_open(&w, WEFT_DTLS_DER_SET);
  weft_dtls_der_put(&w, WEFT_DTLS_DER_OCTET_STRING, body, sizeof body);
  weft_dtls_der_close(&w, b);
  weft_dtls_der_close(&w, a);
  ck_assert_uint_eq(weft_wr_len(&w), 134);
  ck_assert_hex(buf, 8, "308183318180047e");
}
END_TEST

START_TEST(overflow_is_sticky) {
  uint8_t buf[130], body[128] = {0};
  for (size_t cap = 0; cap < sizeof buf; cap++) {
    weft_wr w;
    weft_wr_init(&w, buf, cap);
    weft_dtls_der_put(&w, WEFT_DTLS_DER_OCTET_STRING, body, sizeof body);
    ck_assert(!weft_wr_ok(&w));
  }
}
END_TEST

Suite *test_dtls_der(void) {
  static const unit_test tests[] = {UNIT(lengths), UNIT(nested), UNIT(overflow_is_sticky)};
  return unit_suite("dtls/der", tests, sizeof tests / sizeof tests[0]);
}
