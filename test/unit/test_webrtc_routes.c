#include <string.h>

#include "test/support/alloc.h"
#include "test/support/net.h"
#include "test/support/unit.h"
#include "webrtc/routes.h"

static weft_webrtc conns[3];
static weft_webrtc_routes r;
static weft_addr local, other;

static void begin(void) {
  static const uint8_t key[16] = {1, 2, 3};
  memset(conns, 0, sizeof conns);
  for (size_t i = 0; i < 3; i++) {
    weft_list_init(&conns[i].routes);
    memset(conns[i].key, (int)(i == 2 ? 1 : i + 1), sizeof conns[i].key);
    conns[i].key[15] = (uint8_t)i; /* 0 and 2 share a bucket */
  }
  local = net_addr("10.0.0.1:4001");
  other = net_addr("10.0.0.9:4001");
  ck_assert_int_eq(weft_webrtc_routes_init(&r, test_alloc(), 100, key), WEFT_OK);
}

static weft_addr source(uint16_t port) {
  weft_addr a = net_addr("10.0.0.2:1");
  a.port = port;
  return a;
}

START_TEST(by_address_pair) {
  begin();
  for (uint16_t p = 1; p <= 500; p++) {
    weft_addr s = source(p);
    ck_assert_int_eq(weft_webrtc_routes_add(&r, &conns[p % 2], &local, &s), WEFT_OK);
  }
  for (uint16_t p = 1; p <= 500; p++) {
    weft_addr s = source(p);
    ck_assert_ptr_eq(weft_webrtc_routes_find(&r, &local, &s), &conns[p % 2]);
    ck_assert_ptr_null(weft_webrtc_routes_find(&r, &other, &s));
  }
  weft_webrtc_routes_remove(&r, &conns[1]);
  for (uint16_t p = 1; p <= 500; p++) {
    weft_addr s = source(p);
    ck_assert_ptr_eq(weft_webrtc_routes_find(&r, &local, &s), p % 2 ? NULL : &conns[0]);
  }
  weft_webrtc_routes_remove(&r, &conns[0]);
  weft_webrtc_routes_free(&r);
}
END_TEST

START_TEST(an_address_changes_hands) {
  weft_addr s = source(7);
  begin();
  ck_assert_int_eq(weft_webrtc_routes_add(&r, &conns[0], &local, &s), WEFT_OK);
  ck_assert_int_eq(weft_webrtc_routes_add(&r, &conns[1], &local, &s), WEFT_OK);
  ck_assert_ptr_eq(weft_webrtc_routes_find(&r, &local, &s), &conns[1]);
  weft_webrtc_routes_remove(&r, &conns[0]);
  ck_assert_ptr_eq(weft_webrtc_routes_find(&r, &local, &s), &conns[1]);
  weft_webrtc_routes_drop(&r, &local, &s);
  weft_webrtc_routes_drop(&r, &local, &s);
  ck_assert_ptr_null(weft_webrtc_routes_find(&r, &local, &s));
  weft_webrtc_routes_free(&r);
}
END_TEST

START_TEST(by_user_name) {
  begin();
  for (size_t i = 0; i < 3; i++) weft_webrtc_routes_add_key(&r, &conns[i]);
  for (size_t i = 0; i < 3; i++) ck_assert_ptr_eq(weft_webrtc_routes_find_key(&r, conns[i].key), &conns[i]);
  weft_webrtc_routes_remove(&r, &conns[0]);
  ck_assert_ptr_null(weft_webrtc_routes_find_key(&r, conns[0].key));
  ck_assert_ptr_eq(weft_webrtc_routes_find_key(&r, conns[2].key), &conns[2]);
  weft_webrtc_routes_remove(&r, &conns[0]); /* again: nothing */
  weft_webrtc_routes_remove(&r, &conns[1]);
  weft_webrtc_routes_remove(&r, &conns[2]);
  weft_webrtc_routes_free(&r);
}
END_TEST

Suite *test_webrtc_routes(void) {
  static const unit_test tests[] = {UNIT(by_address_pair), UNIT(an_address_changes_hands), UNIT(by_user_name)};
  return unit_suite("webrtc/routes", tests, sizeof tests / sizeof tests[0]);
}
