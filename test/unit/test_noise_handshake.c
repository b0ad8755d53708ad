#include "test/unit/noise_rig.h"

typedef struct two {
  weft_noise_handshake side[2];
} two;

static two begin(const char *prologue_a, const char *prologue_b) {
  two t;
  uint8_t keys[4][32];
  for (unsigned i = 0; i < 4; i++) memset(keys[i], (int)i + 1, 32);
  const uint8_t *a = (const uint8_t *)prologue_a, *b = (const uint8_t *)prologue_b;
  ck_assert_int_eq(weft_noise_handshake_init(&t.side[0], true, a, strlen(prologue_a), keys[0], keys[1]), WEFT_OK);
  ck_assert_int_eq(weft_noise_handshake_init(&t.side[1], false, b, strlen(prologue_b), keys[2], keys[3]), WEFT_OK);
  return t;
}

/* Writes message i into wire; its length. */
static size_t write_next(two *t, unsigned i, uint8_t wire[256]) {
  static const char *const payloads[] = {"", "second", "third payload"};
  size_t len = 0;
  ck_assert(weft_noise_handshake_our_turn(&t->side[i % 2]) && !weft_noise_handshake_our_turn(&t->side[1 - i % 2]));
  size_t want = weft_noise_handshake_overhead(&t->side[i % 2]) + strlen(payloads[i]);
  ck_assert_int_eq(
      weft_noise_handshake_write(&t->side[i % 2], (const uint8_t *)payloads[i], strlen(payloads[i]), wire, &len),
      WEFT_OK);
  ck_assert_uint_eq(len, want);
  return len;
}

static int read_next(two *t, unsigned i, const uint8_t *wire, size_t len) {
  uint8_t payload[256];
  size_t payload_len = 0;
  return weft_noise_handshake_read(&t->side[1 - i % 2], wire, len, payload, &payload_len);
}

/* Messages 0 to i - 1, good. */
static void advance(two *t, unsigned i) {
  uint8_t wire[256];
  for (unsigned k = 0; k < i; k++) {
    size_t len = write_next(t, k, wire);
    ck_assert_int_eq(read_next(t, k, wire, len), WEFT_OK);
  }
}

START_TEST(both_sides_agree) {
  two t = begin("p", "p");
  advance(&t, 3);
  weft_noise_cipher send[2], recv[2];
  for (unsigned i = 0; i < 2; i++) weft_noise_handshake_split(&t.side[i], &send[i], &recv[i]);
  ck_assert(memcmp(t.side[0].h, t.side[1].h, 32) == 0);
  ck_assert(memcmp(send[0].key, recv[1].key, 32) == 0 && memcmp(send[1].key, recv[0].key, 32) == 0);
  ck_assert(memcmp(send[0].key, send[1].key, 32) != 0);
  ck_assert(memcmp(t.side[0].rs, t.side[1].s_pub, 32) == 0 && memcmp(t.side[1].rs, t.side[0].s_pub, 32) == 0);
}
END_TEST

START_TEST(another_prologue_fails_at_the_second_message) {
  two t = begin("a then b", "b then a");
  uint8_t wire[256];
  size_t len = write_next(&t, 0, wire);
  ck_assert_int_eq(read_next(&t, 0, wire, len), WEFT_OK);
  len = write_next(&t, 1, wire);
  ck_assert_int_eq(read_next(&t, 1, wire, len), WEFT_EAUTH);
}
END_TEST

START_TEST(every_altered_byte_is_noticed) {
  for (unsigned i = 1; i < 3; i++) {
    two t = begin("p", "p");
    uint8_t wire[256];
    advance(&t, i);
    size_t len = write_next(&t, i, wire);
    for (size_t at = 0; at < len; at++) {
      two copy = t;
      wire[at] ^= 0x40;
      ck_assert_int_ne(read_next(&copy, i, wire, len), WEFT_OK);
      wire[at] ^= 0x40;
    }
    ck_assert_int_eq(read_next(&t, i, wire, len), WEFT_OK);
  }
}
END_TEST

START_TEST(an_altered_first_message_fails_one_later) {
  for (size_t at = 0; at < 32; at++) {
    two t = begin("p", "p");
    uint8_t wire[256];
    size_t len = write_next(&t, 0, wire);
    wire[at] ^= 0x40; /* nothing is authenticated yet, but it went into h */
    ck_assert_int_eq(read_next(&t, 0, wire, len), WEFT_OK);
    len = write_next(&t, 1, wire);
    ck_assert_int_eq(read_next(&t, 1, wire, len), WEFT_EAUTH);
  }
}
END_TEST

START_TEST(short_messages_are_malformed) {
  for (unsigned i = 0; i < 3; i++) {
    two t = begin("p", "p");
    uint8_t wire[256];
    advance(&t, i);
    size_t overhead = weft_noise_handshake_overhead(&t.side[i % 2]);
    write_next(&t, i, wire);
    for (size_t len = 0; len < overhead; len++) {
      two copy = t;
      ck_assert_int_eq(read_next(&copy, i, wire, len), WEFT_EMALFORMED);
    }
  }
}
END_TEST

/* The points of small order, and their forms not reduced mod p (Bernstein, "May the Fourth Be With You"; RFC 7748
 * section 7). */
static const char *const low_order[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                        "0100000000000000000000000000000000000000000000000000000000000000",
                                        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

START_TEST(points_of_low_order_are_refused) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(low_order); i++) {
    two t = begin("p", "p");
    uint8_t wire[256];
    hex_into(wire, sizeof wire, low_order[i]);
    ck_assert_int_eq(read_next(&t, 0, wire, 32), WEFT_OK);
    size_t len = 0;
    ck_assert_int_eq(weft_noise_handshake_write(&t.side[1], NULL, 0, wire, &len), WEFT_EPROTO);
    t = begin("p", "p");
    write_next(&t, 0, wire);
    hex_into(wire, sizeof wire, low_order[i]);
    ck_assert_int_eq(read_next(&t, 1, wire, 96), WEFT_EPROTO);
  }
}
END_TEST

Suite *test_noise_handshake(void) {
  static const unit_test tests[] = {UNIT(both_sides_agree),
                                    UNIT(another_prologue_fails_at_the_second_message),
                                    UNIT(every_altered_byte_is_noticed),
                                    UNIT(an_altered_first_message_fails_one_later),
                                    UNIT(short_messages_are_malformed),
                                    UNIT(points_of_low_order_are_refused)};
  return unit_suite("noise/handshake", tests, sizeof tests / sizeof tests[0]);
}
