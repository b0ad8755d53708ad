#include <stdio.h>

#include "test/unit/multiaddr_values.h"

#define ONION3 "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd"

/* Values of go-multiaddr's tests; the bytes are Python's base64.b32decode. */
START_TEST(onion_services) {
  check_value("onion", "timaq4ygg2iegci7:1234", "9a18087306369043091f04d2", "timaq4ygg2iegci7:1234");
  check_value("onion", "TIMAQ4YGG2IEGCI7:00080", "9a18087306369043091f0050", "timaq4ygg2iegci7:80");
  check_value("onion3", ONION3 ":65535", "adadec040be047f9658668b11a504f3155001f231a37f54c4476c07fb4cc139ed7e303ffff",
              ONION3 ":65535");
}
END_TEST

START_TEST(onion_services_that_are_none) {
  static const char *const no_port[] = {"-1", "", "0x50", "65536", "80:80", " 80"};
  static const char *const hosts[] = {
      "9imaq4ygg2iegci7", "timaq4ygg2iegci",    "timaq4ygg2iegci77", "timaq4ygg2iegci7aa", "",
      "timaq4ygg2iegci=", "timaq4ygg2iegci\xff"};
  char text[128];
  ck_assert_pstr_eq(parse_error("onion", "timaq4ygg2iegci7"), "port is missing, as in \":80\" at its end");
  for (size_t i = 0; i < WEFT_ARRAY_LEN(no_port); i++) {
    snprintf(text, sizeof text, "timaq4ygg2iegci7:%s", no_port[i]);
    ck_assert_pstr_eq(parse_error("onion", text), "port is not a number from 1 to 65535");
    snprintf(text, sizeof text, ONION3 ":%s", no_port[i]);
    ck_assert_pstr_eq(parse_error("onion3", text), "port is not a number from 1 to 65535");
  }
  ck_assert_pstr_eq(parse_error("onion", "timaq4ygg2iegci7:0"), "port is 0");
  ck_assert_pstr_eq(parse_error("onion3", ONION3 ":0"), "port is 0");
  for (size_t i = 0; i < WEFT_ARRAY_LEN(hosts); i++) {
    snprintf(text, sizeof text, "%s:80", hosts[i]);
    ck_assert_ptr_nonnull(parse_error("onion", text));
  }
  ck_assert_pstr_eq(parse_error("onion", ONION3 ":80"), "not 16 characters of base32");
  ck_assert_pstr_eq(parse_error("onion3", "timaq4ygg2iegci7:80"), "not 56 characters of base32");
}
END_TEST

/* Names of go-multiaddr's tests; the bytes are Python's. */
START_TEST(i2p_names) {
  check_value("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuq",
              "efbcd45d0c5dc79781ac6f20ea5055a036afb48d45a52e7d68ec7d4338919e69",
              "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuq");
  check_value("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwas",
              "efbcd45d0c5dc79781ac6f20ea5055a036afb48d45a52e7d68ec7d4338919e690cd812",
              "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqzwas");
  ck_assert_ptr_nonnull(parse_error("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzu"));
  ck_assert_ptr_nonnull(parse_error("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqa"));   /* 33 */
  ck_assert_ptr_nonnull(parse_error("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuqaaa")); /* 34 */
  ck_assert_ptr_nonnull(parse_error("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzu:80"));
  ck_assert_ptr_nonnull(parse_error("garlic32", "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzu@"));
}
END_TEST

/* 387 bytes of one value are 516 characters: 0xff is "~" (63), fb ef be is "-" (62); 386 zeros end in one "=". */
START_TEST(i2p_destinations) {
  char text[520], written[520];
  uint8_t out[400];
  weft_wr w;
  memset(text, '~', 516);
  memset(text + 4, '-', 4);
  weft_wr_init(&w, out, sizeof out);
  ck_assert_pstr_eq(weft_multiaddr_value_parse(protocol("garlic64"), text, 516, &w), NULL);
  ck_assert_uint_eq(weft_wr_len(&w), 2 + 387);
  ck_assert_hex(out, 9,
                "8303"
                "fffffffbefbe"
                "ff");
  weft_wr_init(&w, (uint8_t *)written, sizeof written);
  weft_multiaddr_value_format(protocol("garlic64"), out + 2, 387, &w);
  ck_assert_uint_eq(weft_wr_len(&w), 516);
  ck_assert_int_eq(memcmp(text, written, 516), 0);

  memset(text, 'A', 516);
  memcpy(text + 515, "=", 2);
  ck_assert_pstr_eq(parse_error("garlic64", text), NULL);
  text[515] = '\0';
  ck_assert_pstr_eq(parse_error("garlic64", text), "not I2P's base64"); /* padding is missing */
  memcpy(text + 514, "==", 3);
  ck_assert_pstr_eq(parse_error("garlic64", text), "shorter than an I2P destination, 386 bytes");
}
END_TEST

START_TEST(i2p_destinations_in_another_alphabet) {
  char text[520];
  for (const char *c = "+/_!"; *c; c++) {
    memset(text, 'A', 516);
    text[516] = '\0';
    text[7] = *c;
    ck_assert_pstr_eq(parse_error("garlic64", text), "not I2P's base64");
  }
}
END_TEST

START_TEST(text_that_fits_no_address) {
  char text[3000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ck_assert_pstr_eq(parse_error("garlic32", text), "too long");
  ck_assert_pstr_eq(parse_error("garlic64", text), "too long");
  text[2000] = ':';
  ck_assert_ptr_nonnull(parse_error("onion", text));
}
END_TEST

Suite *test_multiaddr_value_hidden(void) {
  static const unit_test tests[] = {
      UNIT(onion_services),   UNIT(onion_services_that_are_none),         UNIT(i2p_names),
      UNIT(i2p_destinations), UNIT(i2p_destinations_in_another_alphabet), UNIT(text_that_fits_no_address)};
  return unit_suite("multiaddr/value_hidden", tests, sizeof tests / sizeof tests[0]);
}
