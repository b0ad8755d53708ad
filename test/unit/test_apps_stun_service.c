#include <string.h>

#include <weft/stun/stun.h>

#include "apps/stun_service.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

static app_stun_service service;
static test_rng seed;
static uint8_t out[APP_STUN_ANSWER_MAX];
static size_t out_len;

static weft_addr source(uint8_t a, uint8_t b, uint16_t port) {
  uint8_t ip[4] = {10, 0, a, b};
  return weft_addr_ip4(ip, port);
}

static void begin(void) {
  weft_rng r = test_rng_init(&seed, 7);
  ck_assert_int_eq(app_stun_service_init(&service, &r), WEFT_OK);
}

/* A request with one attribute, or without any (0). */
static bool ask(const weft_addr *from, weft_stun_class cls, uint16_t attribute, weft_time now) {
  uint8_t txid[12] = {1, 2, 3}, buf[128];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, cls, WEFT_STUN_BINDING, txid);
  if (attribute) weft_stun_put(&w, attribute, "abcd", 4);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  return app_stun_service_input(&service, from, buf, len, out, &out_len, now);
}

START_TEST(the_address_is_told_and_nothing_else) {
  weft_addr from = source(0, 1, 4000), mapped;
  weft_stun_msg m;
  weft_stun_attr a;
  begin();
  ck_assert(ask(&from, WEFT_STUN_REQUEST, 0, 0));
  ck_assert_uint_eq(out_len, 32); /* header 20, XOR-MAPPED-ADDRESS 12: RFC 8489 sections 5, 14.2 */
  ck_assert_int_eq(weft_stun_parse(&m, out, out_len), WEFT_OK);
  ck_assert_int_eq(m.cls, WEFT_STUN_SUCCESS);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_xor_address(&m, &a, &mapped), WEFT_OK);
  ck_assert(weft_addr_equal(&mapped, &from));
}
END_TEST

START_TEST(what_names_a_user_is_the_listeners) {
  weft_addr from = source(0, 1, 4000);
  begin();
  ck_assert(!ask(&from, WEFT_STUN_REQUEST, WEFT_STUN_USERNAME, 0));
  ck_assert(!ask(&from, WEFT_STUN_INDICATION, 0, 0));
  ck_assert(!ask(&from, WEFT_STUN_SUCCESS, 0, 0));
  ck_assert(!app_stun_service_input(&service, &from, (const uint8_t *)"\x16\xfe\xfd", 3, out, &out_len, 0));
  ck_assert_uint_eq(service.answered, 0);
}
END_TEST

/* 0x0003 must be understood, and is not: elsewhere that is error 420. */
START_TEST(an_error_is_never_sent) {
  weft_addr from = source(0, 1, 4000);
  begin();
  ck_assert(ask(&from, WEFT_STUN_REQUEST, 0x0003, 0));
  ck_assert_uint_eq(out_len, 0);
  ck_assert_uint_eq(service.silent, 1);
}
END_TEST

START_TEST(ten_answers_a_second_and_source) {
  begin();
  for (unsigned second = 0; second < 3; second++) {
    unsigned answers = 0;
    for (unsigned i = 0; i < 50; i++) { /* ports do not count: they cost nothing */
      weft_addr from = source(0, 1, (uint16_t)(4000 + i));
      ck_assert(ask(&from, WEFT_STUN_REQUEST, 0, WEFT_SEC(second) + i * WEFT_MS(19)));
      answers += out_len > 0;
    }
    ck_assert_uint_eq(answers, APP_STUN_PER_SECOND);
  }
  weft_addr other = source(0, 2, 4000);
  ck_assert(ask(&other, WEFT_STUN_REQUEST, 0, WEFT_SEC(2)));
  ck_assert_uint_eq(out_len, 32);
}
END_TEST

START_TEST(ip6_counts_by_network) {
  unsigned answers = 0;
  begin();
  for (uint8_t i = 0; i < 50; i++) {
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = i};
    weft_addr from = weft_addr_ip6(ip, 4000);
    ck_assert(ask(&from, WEFT_STUN_REQUEST, 0, 0));
    if (out_len > 0) ck_assert_uint_eq(out_len, 44);
    answers += out_len > 0;
  }
  ck_assert_uint_eq(answers, APP_STUN_PER_SECOND);
}
END_TEST

/* Of 60,000 sources that are made up nobody gets more than his ten, and one that is not is still served. */
START_TEST(a_flood_of_sources_needs_no_memory) {
  unsigned answers = 0;
  begin();
  for (unsigned i = 0; i < 60000; i++) {
    weft_addr from = source((uint8_t)(i >> 8), (uint8_t)i, 4000);
    ck_assert(ask(&from, WEFT_STUN_REQUEST, 0, 0));
    answers += out_len > 0;
  }
  ck_assert_uint_le(answers, APP_STUN_PLACES * APP_STUN_PER_SECOND);
  weft_addr later = source(1, 1, 4000);
  ck_assert(ask(&later, WEFT_STUN_REQUEST, 0, WEFT_SEC(1)));
  ck_assert_uint_gt(out_len, 0);
}
END_TEST

Suite *test_apps_stun_service(void) {
  static const unit_test tests[] = {UNIT(the_address_is_told_and_nothing_else),
                                    UNIT(what_names_a_user_is_the_listeners),
                                    UNIT(an_error_is_never_sent),
                                    UNIT(ten_answers_a_second_and_source),
                                    UNIT(ip6_counts_by_network),
                                    UNIT(a_flood_of_sources_needs_no_memory)};
  return unit_suite("apps/stun_service", tests, sizeof tests / sizeof tests[0]);
}
