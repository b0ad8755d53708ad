#include "dtls/dtls_int.h"
#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"

static weft_dtls_stats stats(const dtls_end *e) {
  weft_dtls_stats s = {.size = sizeof s};
  weft_dtls_get_stats(e->d, &s);
  return s;
}

static void connect(dtls_pair *p) {
  pair_init(p, 1);
  pair_start(p);
  pair_run(p, WEFT_SEC(30));
  ck_assert_uint_eq(p->client.connected + p->server.connected, 2);
}

static wire_item records[80];
static unsigned records_n;

static void keep(dtls_pair *p, wire_item *w, unsigned index) {
  (void)p;
  (void)index;
  records[records_n++] = *w;
  w->len = 0;
}

static void make_records(dtls_pair *p, unsigned n) {
  records_n = 0;
  p->tamper = keep;
  for (unsigned i = 0; i < n; i++) {
    uint8_t b = (uint8_t)i;
    ck_assert_int_eq(weft_dtls_send(p->client.d, &b, 1, p->now), WEFT_OK);
  }
  p->tamper = NULL;
}

static void give(dtls_pair *p, const wire_item *w) {
  ck_assert_int_eq(weft_dtls_input(p->server.d, w->data, w->len, p->now), WEFT_OK);
}

START_TEST(replays_and_window) {
  dtls_pair p;
  connect(&p);
  make_records(&p, 70);
  give(&p, &records[64]);
  give(&p, &records[64]);
  ck_assert_uint_eq(p.server.data, 1);
  ck_assert_uint_eq(stats(&p.server).drop_replay, 1);
  give(&p, &records[0]); /* 64 behind: too old */
  ck_assert_uint_eq(p.server.data, 1);
  give(&p, &records[1]); /* 63 behind */
  ck_assert_uint_eq(p.server.data, 2);
  ck_assert_uint_eq(p.server.got[1], 1);
  for (unsigned i = 0; i < 70; i++) give(&p, &records[i]);
  ck_assert_uint_eq(p.server.data, 69);
  for (unsigned i = 0; i < 70; i++) give(&p, &records[i]);
  ck_assert_uint_eq(p.server.data, 69);
  ck_assert_uint_eq(stats(&p.server).drop_bad_mac, 0);
  pair_done(&p);
}
END_TEST

/* Finished itself cannot be played again as a sign of life. */
static wire_item finished;

static void keep_finished(dtls_pair *p, wire_item *w, unsigned index) {
  (void)p;
  if (index == 2 || index == 3) records[index] = *w;
}

START_TEST(finished_replayed) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = keep_finished;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(30));
  uint64_t good = stats(&p.server).records_in + stats(&p.client).records_in;
  unsigned sent = p.count;
  finished = records[2];
  give(&p, &finished);
  ck_assert_int_eq(weft_dtls_input(p.client.d, records[3].data, records[3].len, p.now), WEFT_OK);
  ck_assert_uint_eq(stats(&p.server).records_in + stats(&p.client).records_in, good);
  ck_assert_uint_eq(p.count, sent);
  pair_done(&p);
}
END_TEST

START_TEST(damaged_records) {
  dtls_pair p;
  connect(&p);
  make_records(&p, 1);
  uint64_t good = stats(&p.server).records_in;
  for (size_t bit = 0; bit < 8 * records[0].len; bit++) {
    wire_item w = records[0];
    w.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    give(&p, &w);
  }
  for (size_t len = 0; len < records[0].len; len++) {
    wire_item w = records[0];
    w.len = len;
    give(&p, &w);
  }
  ck_assert_uint_eq(p.server.data, 0);
  ck_assert_uint_eq(p.server.closed, 0);
  ck_assert_uint_eq(stats(&p.server).records_in, good);
  ck_assert_uint_gt(stats(&p.server).drop_bad_mac, 100);
  give(&p, &records[0]);
  ck_assert_uint_eq(p.server.data, 1);
  pair_done(&p);
}
END_TEST

START_TEST(bad_mac_flood) {
  dtls_pair p;
  connect(&p);
  make_records(&p, 1);
  wire_item w = records[0];
  for (unsigned i = 0; i < 20000; i++) {
    w.data[9] = (uint8_t)(i >> 8);
    w.data[10] = (uint8_t)i;
    w.data[w.len - 1] ^= 0x80;
    give(&p, &w);
    w.data[w.len - 1] ^= 0x80;
  }
  give(&p, &records[0]);
  ck_assert_uint_eq(p.server.data, 1);
  pair_done(&p);
}
END_TEST

START_TEST(clear_records_are_ignored) {
  static const char *clear[] = {"15feff000000000000001000020100",
                                "15feff00000000000000110002022a",
                                "14feff000000000000001200 0101",
                                "17feff0000000000000013000568656c6c6f",
                                "16feff0000000000000014000c000000000000000000000000",
                                "15fefd00020000000000010002022a",
                                "17fefd0002000000000001000568656c6c6f"};
  dtls_pair p;
  connect(&p);
  for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++) {
    wire_item w;
    w.len = hex_into(w.data, sizeof w.data, clear[i]);
    for (int k = 0; k < 10; k++) {
      give(&p, &w);
      ck_assert_int_eq(weft_dtls_input(p.client.d, w.data, w.len, p.now), WEFT_OK);
    }
  }
  ck_assert_uint_eq(p.server.closed + p.client.closed, 0);
  ck_assert_uint_ge(stats(&p.server).drop_epoch, 60);
  ck_assert_uint_eq(p.server.data, 0);
  pair_done(&p);
}
END_TEST

START_TEST(several_records_in_a_datagram) {
  dtls_pair p;
  connect(&p);
  make_records(&p, 5);
  wire_item w = {.len = 0};
  for (int i = 0; i < 5; i++) {
    memcpy(w.data + w.len, records[i].data, records[i].len);
    w.len += records[i].len;
  }
  memcpy(w.data + w.len, "junk", 4);
  w.len += 4;
  give(&p, &w);
  ck_assert_uint_eq(p.server.data, 5);
  ck_assert_uint_eq(stats(&p.server).drop_malformed, 1);
  pair_done(&p);
}
END_TEST

START_TEST(closed_in_the_middle_of_a_datagram) {
  dtls_pair p;
  connect(&p);
  p.server.close_on_data = true;
  make_records(&p, 3);
  wire_item w = {.len = 0};
  for (int i = 0; i < 3; i++) {
    memcpy(w.data + w.len, records[i].data, records[i].len);
    w.len += records[i].len;
  }
  give(&p, &w);
  ck_assert_uint_eq(p.server.data, 1);
  ck_assert_uint_eq(p.server.closed, 1);
  pair_done(&p);
}
END_TEST

START_TEST(empty_record) {
  dtls_pair p;
  connect(&p);
  uint64_t before = stats(&p.server).records_in;
  ck_assert_int_eq(weft_dtls_send(p.client.d, (const uint8_t *)"", 0, p.now), WEFT_OK);
  pair_run(&p, WEFT_SEC(40));
  ck_assert_uint_eq(p.server.data, 0);
  ck_assert_uint_eq(stats(&p.server).records_in, before + 1);
  pair_done(&p);
}
END_TEST

/* Whatever a peer with the keys may seal. */
static void give_sealed(dtls_pair *p, uint8_t type, const char *hex) {
  wire_item w;
  uint8_t content[64];
  size_t n = hex_into(content, sizeof content, hex);
  w.len = weft_dtls_half_seal(&p->client.d->tx, type, content, n, w.data, sizeof w.data);
  give(p, &w);
}

START_TEST(warnings_change_nothing) {
  dtls_pair p;
  connect(&p);
  give_sealed(&p, 21, "0164"); /* no_renegotiation */
  give_sealed(&p, 21, "015a"); /* user_canceled */
  give_sealed(&p, 21, "02");
  give_sealed(&p, 21, "022800");
  give_sealed(&p, 21, "");
  ck_assert_uint_eq(stats(&p.server).drop_malformed, 3);
  ck_assert_uint_eq(p.server.closed, 0);
  give_sealed(&p, 21, "0228");
  ck_assert_uint_eq(p.server.closed, 1);
  ck_assert_str_eq(p.server.why.step, "alert");
  ck_assert_uint_eq(p.server.why.wire_code, 40);
  pair_done(&p);
}
END_TEST

/* RFC 5246 section 7.2.1 */
START_TEST(close_notify_is_answered) {
  dtls_pair p;
  connect(&p);
  unsigned before = p.server.sent;
  give_sealed(&p, 21, "0100");
  ck_assert_uint_eq(p.server.sent, before + 1);
  ck_assert_uint_eq(p.server.closed, 1);
  pair_run(&p, WEFT_SEC(40));
  ck_assert_uint_eq(p.client.closed, 1);
  ck_assert_int_eq(p.client.why.code, WEFT_OK);
  pair_done(&p);
}
END_TEST

/* Handshake messages of a new handshake and ChangeCipherSpec, under the right keys: both sides, before and after the
 * large context is gone. */
START_TEST(no_second_handshake) {
  static const char *messages[] = {"", "00", "010000000005000000000000", "140000000005000000000000", "14"};
  dtls_pair p;
  connect(&p);
  unsigned sent = p.server.sent;
  ck_assert_ptr_null(p.client.d->engine); /* only the server may be asked for its last flight */
  ck_assert_ptr_nonnull(p.server.d->engine);
  for (int round = 0; round < 2; round++) {
    uint64_t before = stats(&p.server).drop_state;
    for (size_t i = 0; i < 5; i++) give_sealed(&p, 22, messages[i]);
    give_sealed(&p, 20, "01");
    ck_assert_uint_ge(stats(&p.server).drop_state - before, 4);
    ck_assert_uint_eq(p.server.sent, sent);
    ck_assert_uint_eq(p.server.closed, 0);
    give_sealed(&p, 23, "aa");
    ck_assert_ptr_null(p.server.d->engine);
  }
  ck_assert_uint_eq(p.server.data, 2);
  pair_done(&p);
}
END_TEST

Suite *test_dtls_traffic(void) {
  static const unit_test tests[] = {UNIT(replays_and_window),
                                    UNIT(finished_replayed),
                                    UNIT(damaged_records),
                                    UNIT(bad_mac_flood),
                                    UNIT(clear_records_are_ignored),
                                    UNIT(several_records_in_a_datagram),
                                    UNIT(closed_in_the_middle_of_a_datagram),
                                    UNIT(empty_record),
                                    UNIT(warnings_change_nothing),
                                    UNIT(close_notify_is_answered),
                                    UNIT(no_second_handshake)};
  return unit_suite("dtls/traffic", tests, sizeof tests / sizeof tests[0]);
}
