#include "dtls/dtls.h"
#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"

static void check_connected(const dtls_pair *p) {
  ck_assert_uint_eq(p->client.connected, 1);
  ck_assert_uint_eq(p->server.connected, 1);
  ck_assert_uint_eq(p->client.closed + p->server.closed, 0);
}

START_TEST(connects_and_talks) {
  dtls_pair p;
  pair_init(&p, 1);
  p.client.cfg.keylog = pair_keylog;
  p.server.cfg.keylog = pair_keylog;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  check_connected(&p);
  ck_assert_uint_eq(p.count, 4);
  ck_assert_uint_eq(p.now, WEFT_SEC(1));
  ck_assert_str_eq(p.client.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
  ck_assert_str_eq(p.client.keylog, p.server.keylog);
  ck_assert_int_eq(strncmp(p.client.keylog, "CLIENT_RANDOM ", 14), 0);
  ck_assert_uint_eq(strlen(p.client.keylog), 14 + 64 + 1 + 96);
  size_t len;
  const uint8_t *der = weft_dtls_cert_der(p.client.cert, &len);
  ck_assert_uint_eq(p.server.der_len, len);
  ck_assert_mem_eq(p.server.der, der, len);
  ck_assert_mem_eq(p.server.fingerprint, weft_dtls_cert_fingerprint(p.client.cert), 32);
  ck_assert_int_eq(weft_dtls_send(p.client.d, (const uint8_t *)"hello", 5, p.now), WEFT_OK);
  ck_assert_int_eq(weft_dtls_send(p.server.d, (const uint8_t *)"well", 4, p.now), WEFT_OK);
  pair_run(&p, WEFT_SEC(30));
  ck_assert_mem_eq(p.server.got, "hello", 5);
  ck_assert_mem_eq(p.client.got, "well", 4);
  ck_assert_uint_eq(weft_dtls_max_data(p.client.d), 1200 - 37);
  pair_done(&p);
}
END_TEST

/* Any one of the four datagrams lost, and a fifth case without loss. */
START_TEST(each_flight_lost) {
  for (unsigned i = 0; i < 5; i++) {
    dtls_pair p;
    pair_init(&p, 7 + i);
    if (i > 0) p.drop = UINT64_C(1) << (i - 1);
    pair_start(&p);
    pair_run(&p, WEFT_SEC(30));
    check_connected(&p);
    ck_assert_uint_eq(p.now, i == 0 ? WEFT_SEC(1) : WEFT_SEC(2));
    ck_assert_uint_le(p.count, 9);
    for (int k = 0; k < 3; k++) ck_assert_int_eq(weft_dtls_send(p.client.d, (const uint8_t *)"up", 2, p.now), WEFT_OK);
    for (int k = 0; k < 3; k++) ck_assert_int_eq(weft_dtls_send(p.server.d, (const uint8_t *)"dn", 2, p.now), WEFT_OK);
    pair_run(&p, WEFT_SEC(40));
    ck_assert_uint_eq(p.server.data, 3);
    ck_assert_uint_eq(p.client.data, 3);
    pair_done(&p);
  }
}
END_TEST

Suite *test_dtls_dtls(void) {
  static const unit_test tests[] = {UNIT(connects_and_talks), UNIT(each_flight_lost)};
  return unit_suite("dtls/dtls", tests, sizeof tests / sizeof tests[0]);
}
