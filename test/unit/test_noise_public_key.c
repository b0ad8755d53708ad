#include "test/unit/noise_rig.h"

static int decode(const char *hex, weft_public_key *k) {
  static uint8_t pb[WEFT_PUBLIC_KEY_MAX + 64];
  return weft_public_key_decode(k, pb, hex_into(pb, sizeof pb, hex));
}

#define KEY32 "9d2f3d0b0d905963526704b77228501c4bff9814019ed59bd6e58fc4695879ee"

START_TEST(decodes_ed25519) {
  weft_public_key k;
  ck_assert_int_eq(decode("08011220" KEY32, &k), WEFT_OK);
  ck_assert_int_eq(k.type, WEFT_KEY_ED25519);
  ck_assert_hex(k.data, k.len, KEY32);
}
END_TEST

/* One key, one encoding, one peer id. */
START_TEST(other_encodings_of_the_same_key_are_refused) {
  static const char *const bad[] = {
      "1220" KEY32 "0801", /* Data before Type */
      "0801080112"
      "20" KEY32,                    /* Type twice */
      "08011220" KEY32 "1220" KEY32, /* Data twice */
      "08011220" KEY32 "1800",       /* a further field */
      "0881001220" KEY32,            /* Type not minimal */
      "080112a000" KEY32,            /* length not minimal */
      "88000112"
      "20" KEY32,             /* tag not minimal */
      "08011220" KEY32 "00",  /* a byte too many */
      "0d010000001220" KEY32, /* Type as fixed32 */
      "0801",
      "1220" KEY32,
      "",
      "08",
  };
  weft_public_key k;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) ck_assert_int_eq(decode(bad[i], &k), WEFT_EMALFORMED);
}
END_TEST

START_TEST(lengths_are_exact) {
  weft_public_key k;
  ck_assert_int_eq(decode("08011200", &k), WEFT_EMALFORMED);
  ck_assert_int_eq(decode("0801121f" KEY32, &k), WEFT_EMALFORMED);
  ck_assert_int_eq(decode("08011221" KEY32 "00", &k), WEFT_EMALFORMED);
}
END_TEST

START_TEST(unknown_types_are_unsupported) {
  weft_public_key k;
  ck_assert_int_eq(decode("08041220" KEY32, &k), WEFT_EUNSUPPORTED);
  ck_assert_int_eq(decode("08ffffffff0f1220" KEY32, &k), WEFT_EUNSUPPORTED);
}
END_TEST

START_TEST(very_long_keys_are_unsupported) {
  static uint8_t pb[WEFT_PUBLIC_KEY_MAX + 1] = {0x08, 0x00, 0x12};
  weft_public_key k;
  ck_assert_int_eq(weft_public_key_decode(&k, pb, sizeof pb), WEFT_EUNSUPPORTED);
}
END_TEST

Suite *test_noise_public_key(void) {
  static const unit_test tests[] = {UNIT(decodes_ed25519), UNIT(other_encodings_of_the_same_key_are_refused),
                                    UNIT(lengths_are_exact), UNIT(unknown_types_are_unsupported),
                                    UNIT(very_long_keys_are_unsupported)};
  return unit_suite("noise/public_key", tests, sizeof tests / sizeof tests[0]);
}
