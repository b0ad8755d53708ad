#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static int parse(weft_peer_id *id, const char *text) { return weft_peer_id_parse(id, text, strlen(text)); }

/* libp2p specs peer-ids.md and go-libp2p core/peer: the same id in each form. */
START_TEST(all_forms_of_one_id) {
  static const char *const forms[] = {"QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
                                      "bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm",
                                      "k2k4r8oqamigqdo6o7hsbfwd45y70oyynp98usk7zmyfrzpqxh1pohl7"};
  weft_peer_id first, id;
  char text[WEFT_PEER_ID_TEXT_MAX];
  ck_assert_int_eq(parse(&first, forms[0]), WEFT_OK);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(forms); i++) {
    ck_assert_int_eq(parse(&id, forms[i]), WEFT_OK);
    ck_assert(weft_peer_id_equal(&id, &first));
    ck_assert_int_eq(weft_peer_id_format(&id, text, sizeof text), WEFT_OK);
    ck_assert_str_eq(text, forms[0]);
    ck_assert_int_eq(weft_peer_id_format_cid(&id, text, sizeof text), WEFT_OK);
    ck_assert_str_eq(text, forms[1]);
  }
}
END_TEST

START_TEST(an_ed25519_key_is_its_own_id) {
  weft_peer_id id, other;
  char text[WEFT_PEER_ID_TEXT_MAX];
  ck_assert_int_eq(parse(&id, "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"), WEFT_OK);
  ck_assert_hex(id.bytes, id.len, "0024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b");
  ck_assert_int_eq(weft_peer_id_from_bytes(&other, id.bytes, id.len), WEFT_OK);
  ck_assert(weft_peer_id_equal(&id, &other));
  ck_assert_int_eq(weft_peer_id_format(&id, text, 52), WEFT_ETOOBIG);
  ck_assert_int_eq(weft_peer_id_format(&id, text, 53), WEFT_OK);
  other.bytes[37] ^= 1;
  ck_assert(!weft_peer_id_equal(&id, &other));
}
END_TEST

START_TEST(identity_and_sha2_256_and_nothing_else) {
  weft_peer_id id;
  uint8_t b[80] = {WEFT_MULTIHASH_SHA2_256, 32};
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 34), WEFT_OK);
  b[1] = 31;
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 33), WEFT_EMALFORMED);
  b[0] = 0x11, b[1] = 20; /* sha1 */
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 22), WEFT_EMALFORMED);
  b[0] = WEFT_MULTIHASH_SHA2_512, b[1] = 64;
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 66), WEFT_EMALFORMED);
  b[0] = WEFT_MULTIHASH_IDENTITY, b[1] = 64;
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 66), WEFT_OK);
  b[1] = 65;
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, 67), WEFT_EMALFORMED);
}
END_TEST

START_TEST(the_longest_id_has_a_text) {
  weft_peer_id id, back;
  uint8_t b[66] = {WEFT_MULTIHASH_IDENTITY, 64};
  char text[WEFT_PEER_ID_TEXT_MAX];
  memset(b + 2, 0xff, 64);
  ck_assert_int_eq(weft_peer_id_from_bytes(&id, b, sizeof b), WEFT_OK);
  ck_assert_int_eq(weft_peer_id_format(&id, text, sizeof text), WEFT_OK);
  ck_assert(parse(&back, text) == WEFT_OK && weft_peer_id_equal(&id, &back));
  ck_assert_int_eq(weft_peer_id_format_cid(&id, text, sizeof text), WEFT_OK);
  ck_assert(parse(&back, text) == WEFT_OK && weft_peer_id_equal(&id, &back));
}
END_TEST

START_TEST(only_the_cid_of_a_key) {
#define HASH "122068362c312e155f4f7290b67f5cd094a22a0a4fbf20efd8c287934419350d36f7"
  weft_peer_id id;
  ck_assert_int_eq(parse(&id, "f0172" HASH), WEFT_OK);
  ck_assert_int_eq(parse(&id, "f0272" HASH), WEFT_EMALFORMED); /* version 2 */
  ck_assert_int_eq(parse(&id, "f0155" HASH), WEFT_EMALFORMED); /* codec raw */
  ck_assert_int_eq(parse(&id, "f" HASH), WEFT_EMALFORMED);     /* no CID */
  ck_assert_int_eq(parse(&id, "f0172" HASH "00"), WEFT_EMALFORMED);
}
END_TEST

/* go-libp2p core/peer/peer_test.go, and cuts of good ids. */
START_TEST(bad_texts) {
  static const char *const bad[] = {"",
                                    "Qm",
                                    "1",
                                    "b",
                                    "bafza",
                                    "?",
                                    "QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY",
                                    "bafkreifoybygix7fh3r3g5rqle3wcnhqldgdg4shzf4k3ulyw3gn7mabt4",
                                    "k2jmtxwoe2phm1hbqp0e7nufqf6umvuu2e9qd7ana7h411a0haqj6i2z",
                                    "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5S",
                                    "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU0SA"};
  weft_peer_id id;
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(parse(&id, bad[i]) == WEFT_EMALFORMED, "took \"%s\"", bad[i]);
}
END_TEST

Suite *test_multiaddr_peer_id(void) {
  static const unit_test tests[] = {
      UNIT(all_forms_of_one_id),       UNIT(an_ed25519_key_is_its_own_id), UNIT(identity_and_sha2_256_and_nothing_else),
      UNIT(the_longest_id_has_a_text), UNIT(only_the_cid_of_a_key),        UNIT(bad_texts)};
  return unit_suite("multiaddr/peer_id", tests, sizeof tests / sizeof tests[0]);
}
