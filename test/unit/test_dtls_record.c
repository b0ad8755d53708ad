#include "dtls/record.h"

#include "test/support/hex.h"
#include "test/support/unit.h"

START_TEST(headers) {
  uint8_t buf[64];
  weft_rd r;
  weft_dtls_record rec;
  size_t n = hex_into(buf, sizeof buf, "17fefd 0001 010203040506 0003 aabbcc 15feff 0000 000000000000 0000");
  weft_rd_init(&r, buf, n);
  ck_assert(weft_dtls_record_read(&r, &rec));
  ck_assert_uint_eq(rec.type, 23);
  ck_assert_uint_eq(rec.version, 0xfefd);
  ck_assert_uint_eq(rec.epoch, 1);
  ck_assert_uint_eq(rec.seq, 0x010203040506);
  ck_assert_uint_eq(rec.len, 3);
  ck_assert_hex(rec.body, 3, "aabbcc");
  ck_assert(weft_dtls_record_read(&r, &rec));
  ck_assert_ptr_eq(rec.raw, buf + 16);
  ck_assert(!weft_dtls_record_read(&r, &rec));
  ck_assert(weft_rd_ok(&r));
}
END_TEST

START_TEST(bad_headers) {
  static const char *bad[] = {
      "13fefd 0000 000000000000 0000", "18fefd 0000 000000000000 0000", "00feff 0000 000000000000 0000",
      "16fefe 0000 000000000000 0000", "160303 0000 000000000000 0000", "16fefc 0000 000000000000 0000",
      "16fefd 0000 000000000000 0001", "16fefd 0000 000000000000 00",   "16"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint8_t buf[64];
    weft_rd r;
    weft_dtls_record rec;
    weft_rd_init(&r, buf, hex_into(buf, sizeof buf, bad[i]));
    ck_assert(!weft_dtls_record_read(&r, &rec));
    ck_assert(!weft_rd_ok(&r));
  }
  static uint8_t large[13 + 16384 + 25] = {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 24};
  for (int extra = 24; extra <= 25; extra++) {
    weft_rd r;
    weft_dtls_record rec;
    large[12] = (uint8_t)extra;
    weft_rd_init(&r, large, sizeof large);
    ck_assert_int_eq(weft_dtls_record_read(&r, &rec), extra == 24);
  }
}
END_TEST

/* RFC 6347 section 4.1.2.6: edges of a window of 64. */
START_TEST(window_edges) {
  weft_dtls_window w = {0};
  ck_assert(weft_dtls_window_fresh(&w, 0));
  weft_dtls_window_mark(&w, 100);
  ck_assert(!weft_dtls_window_fresh(&w, 100));
  ck_assert(weft_dtls_window_fresh(&w, 101));
  ck_assert(weft_dtls_window_fresh(&w, 37));
  ck_assert(!weft_dtls_window_fresh(&w, 36));
  ck_assert(!weft_dtls_window_fresh(&w, 0));
  weft_dtls_window_mark(&w, 37);
  ck_assert(!weft_dtls_window_fresh(&w, 37));
  ck_assert(weft_dtls_window_fresh(&w, 38));
  weft_dtls_window_mark(&w, 101);
  ck_assert(!weft_dtls_window_fresh(&w, 37));
  ck_assert(!weft_dtls_window_fresh(&w, 100));
  ck_assert(weft_dtls_window_fresh(&w, 38));
  weft_dtls_window_mark(&w, 164); /* 63 on: 101 is the oldest kept */
  ck_assert(!weft_dtls_window_fresh(&w, 101));
  ck_assert(weft_dtls_window_fresh(&w, 102));
  weft_dtls_window_mark(&w, 229); /* 65 on */
  ck_assert(!weft_dtls_window_fresh(&w, 164));
  ck_assert(!weft_dtls_window_fresh(&w, 165));
  ck_assert(weft_dtls_window_fresh(&w, 166));
  weft_dtls_window_mark(&w, WEFT_DTLS_SEQ_MAX);
  ck_assert(!weft_dtls_window_fresh(&w, WEFT_DTLS_SEQ_MAX));
  ck_assert(weft_dtls_window_fresh(&w, WEFT_DTLS_SEQ_MAX - 63));
  ck_assert(!weft_dtls_window_fresh(&w, WEFT_DTLS_SEQ_MAX - 64));
}
END_TEST

/* "attack at dawn", number 5, key 00..1f, IV a0..ab, sealed by OpenSSL through Python's cryptography. */
static const struct {
  int suite;
  const char *hex;
} wire[] = {
    {0xc02b, "17fefd000100000000000500260001000000000005ad7e25e747fccaf58065d79e0373b386520edb12f2293522569b9df6f69f"},
    {0xc02c, "17fefd0001000000000005002600010000000000053dc4b80b311ce88e6cd8fd8b78569d0ca497a4ee6af0821973eefc652efa"},
    {0xcca9, "17fefd0001000000000005001e55589d8fd08f74aa8b7d8fcd64d25fd010e85f7dc4a65b1a0ae5e98bcf91"}};

static void start(weft_dtls_half *h, int suite) {
  uint8_t key[32], iv[12];
  for (uint8_t i = 0; i < 32; i++) key[i] = i;
  for (uint8_t i = 0; i < 12; i++) iv[i] = (uint8_t)(0xa0 + i);
  memset(h, 0, sizeof *h);
  ck_assert_int_eq(weft_dtls_half_start(h, weft_dtls_suite_find(suite), key, iv, false), WEFT_OK);
}

static weft_dtls_record parse(const uint8_t *data, size_t len) {
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  ck_assert(weft_dtls_record_read(&r, &rec));
  ck_assert(weft_rd_done(&r));
  return rec;
}

START_TEST(seals_as_openssl) {
  for (size_t i = 0; i < 3; i++) {
    weft_dtls_half tx, rx;
    uint8_t out[128], plain[64];
    size_t len;
    start(&tx, wire[i].suite);
    start(&rx, wire[i].suite);
    tx.next = 5;
    size_t n = weft_dtls_half_seal(&tx, 23, (const uint8_t *)"attack at dawn", 14, out, sizeof out);
    ck_assert_hex(out, n, wire[i].hex);
    ck_assert_uint_eq(n, 14 + weft_dtls_half_overhead(&tx));
    weft_dtls_record rec = parse(out, n);
    ck_assert_int_eq(weft_dtls_half_open(&rx, &rec, plain, sizeof plain, &len), WEFT_OK);
    ck_assert_uint_eq(len, 14);
    ck_assert_mem_eq(plain, "attack at dawn", 14);
    ck_assert_int_eq(weft_dtls_half_open(&rx, &rec, plain, sizeof plain, &len), WEFT_EAGAIN);
    weft_dtls_half_stop(&tx);
    weft_dtls_half_stop(&rx);
  }
}
END_TEST

START_TEST(every_bit_counts) {
  for (size_t i = 0; i < 3; i++) {
    weft_dtls_half rx;
    uint8_t buf[128], plain[64];
    size_t len, n = hex_into(buf, sizeof buf, wire[i].hex);
    start(&rx, wire[i].suite);
    for (size_t bit = 0; bit < 8 * n; bit++) {
      weft_rd r;
      weft_dtls_record rec;
      buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
      weft_rd_init(&r, buf, n);
      if (weft_dtls_record_read(&r, &rec) && weft_rd_done(&r) && rec.epoch == 1)
        ck_assert_int_eq(weft_dtls_half_open(&rx, &rec, plain, sizeof plain, &len), WEFT_EAUTH);
      buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_uint_eq(rx.window.next, 0); /* what is not authentic moves nothing */
    weft_dtls_half_stop(&rx);
  }
}
END_TEST

START_TEST(limits) {
  weft_dtls_half tx, rx;
  uint8_t out[64], plain[64];
  size_t len;
  start(&tx, 0xc02b);
  start(&rx, 0xc02b);
  ck_assert_uint_eq(weft_dtls_half_seal(&tx, 23, out, 10, out, 46), 0);
  ck_assert_uint_eq(weft_dtls_half_seal(&tx, 23, plain, 10, out, 47), 47);
  weft_dtls_record rec = parse(out, 47);
  ck_assert_int_eq(weft_dtls_half_open(&rx, &rec, plain, 9, &len), WEFT_ETOOBIG);
  rec.len = 23;
  ck_assert_int_eq(weft_dtls_half_open(&rx, &rec, plain, sizeof plain, &len), WEFT_EAUTH);
  tx.next = WEFT_DTLS_SEQ_MAX;
  ck_assert_uint_eq(weft_dtls_half_seal(&tx, 23, plain, 10, out, sizeof out), 47);
  ck_assert_uint_eq(weft_dtls_half_seal(&tx, 23, plain, 10, out, sizeof out), 0);
  weft_dtls_half_stop(&tx);
  weft_dtls_half_stop(&rx);
}
END_TEST

Suite *test_dtls_record(void) {
  static const unit_test tests[] = {UNIT(headers),          UNIT(bad_headers),      UNIT(window_edges),
                                    UNIT(seals_as_openssl), UNIT(every_bit_counts), UNIT(limits)};
  return unit_suite("dtls/record", tests, sizeof tests / sizeof tests[0]);
}
