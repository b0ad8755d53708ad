#include "dtls/dtls.h"
#include "dtls/hello.h"
#include "dtls/record.h"
#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"

static weft_dtls_stats stats(const dtls_end *e) {
  weft_dtls_stats s = {.size = sizeof s};
  weft_dtls_get_stats(e->d, &s);
  return s;
}

static void check_connected(const dtls_pair *p) {
  ck_assert_uint_eq(p->client.connected, 1);
  ck_assert_uint_eq(p->server.connected, 1);
  ck_assert_uint_eq(p->client.closed + p->server.closed, 0);
}

static void check_closed(const dtls_end *e, weft_who who, const char *step, int code, uint32_t wire) {
  ck_assert_uint_eq(e->connected, 0);
  ck_assert_uint_eq(e->closed, 1);
  ck_assert_int_eq(e->why.who, who);
  ck_assert_str_eq(e->why.layer, "dtls");
  ck_assert_str_eq(e->why.step, step);
  ck_assert_int_eq(e->why.code, code);
  ck_assert_uint_eq(e->why.wire_code, wire);
}

/* ---- certificates ---- */

START_TEST(wrong_pin_of_the_client) {
  static const uint8_t wrong[32] = {1};
  dtls_pair p;
  pair_init(&p, 1);
  p.client.cfg.pin = wrong;
  pair_start(&p);
  pair_deliver(&p);
  check_closed(&p.client, WEFT_WHO_PEER, "certificate", WEFT_EAUTH, 42);
  ck_assert_str_eq(p.client.why_text, "certificate does not match certhash");
  check_closed(&p.server, WEFT_WHO_PEER, "alert", WEFT_EAUTH, 42);
  ck_assert_uint_eq(p.client.sent, 2); /* hello and alert */
  pair_done(&p);
}
END_TEST

START_TEST(wrong_pin_of_the_server) {
  static const uint8_t wrong[32] = {1};
  dtls_pair p;
  pair_init(&p, 1);
  p.server.cfg.pin = wrong;
  pair_start(&p);
  pair_deliver(&p);
  check_closed(&p.server, WEFT_WHO_PEER, "certificate", WEFT_EAUTH, 42);
  check_closed(&p.client, WEFT_WHO_PEER, "alert", WEFT_EAUTH, 42);
  pair_done(&p);
}
END_TEST

START_TEST(one_of_several_pins) {
  for (int place = 0; place < 9; place++)
    for (int bit = 0; bit < 2; bit++) {
      uint8_t pins[9][32] = {{0}};
      dtls_pair p;
      pair_init(&p, 1);
      memcpy(pins[place], weft_dtls_cert_fingerprint(p.client.cert), 32);
      if (bit) pins[place][31] ^= 1;
      p.server.cfg.pin = pins[0];
      p.server.cfg.pins = (const uint8_t(*)[32])(pins + 1);
      p.server.cfg.pins_len = 8;
      pair_start(&p);
      memset(pins, 0, sizeof pins); /* they were copied */
      pair_deliver(&p);
      ck_assert_uint_eq(p.server.connected, !bit);
      pair_done(&p);
    }
}
END_TEST

/* ---- fragmented and recorded hellos ---- */

static void start_server(dtls_pair *p, uint64_t seed) {
  pair_init(p, seed);
  pair_start(p);
  p->head = p->tail = 0; /* our own client is not listened to */
  p->drop_to_client = true;
}

static void give(dtls_pair *p, const uint8_t *data, size_t len) {
  ck_assert_int_eq(weft_dtls_input(p->server.d, data, len, p->now), WEFT_OK);
}

static void give_fragment(dtls_pair *p, const uint8_t *body, size_t total, uint16_t seq, size_t offset, size_t len) {
  uint8_t buf[2048];
  static uint64_t number;
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_dtls_record_header(&w, 22, 0xfeff, 0, ++number, 12 + len);
  weft_dtls_fragment f = {1, (uint32_t)total, seq, (uint32_t)offset, NULL, (uint32_t)len};
  weft_dtls_fragment_header(&w, &f);
  weft_wr_bytes(&w, body + offset, len);
  ck_assert(weft_wr_ok(&w));
  give(p, buf, weft_wr_len(&w));
}

START_TEST(chromium_without_cookie) {
  for (int reversed = 0; reversed < 2; reversed++) {
    dtls_pair p;
    start_server(&p, 1);
    for (int i = 0; i < 2; i++) {
      ck_assert_uint_eq(p.server.sent, 0);
      size_t len;
      uint8_t *d = file_bytes(reversed ^ i ? "test/captures/chromium.clienthello.datagram2.bin"
                                           : "test/captures/chromium.clienthello.datagram1.bin",
                              &len);
      ck_assert_ptr_nonnull(d);
      give(&p, d, len);
      free(d);
    }
    ck_assert_uint_eq(p.server.sent, 1);
    ck_assert_uint_eq(p.server.closed, 0);
    ck_assert_uint_le(p.largest, 1200);
    pair_done(&p);
  }
}
END_TEST

START_TEST(recorded_hellos) {
  static const struct {
    const char *path;
    uint16_t seq;
    bool gated;
  } files[] = {{"test/captures/chromium.clienthello1.body.bin", 0, false},
               {"test/captures/chromium.clienthello2-with-cookie.body.bin", 1, true},
               {"test/captures/firefox.clienthello1.body.bin", 0, false}};
  for (size_t i = 0; i < 3; i++) {
    dtls_pair p;
    pair_init(&p, 1);
    p.server.cfg.gated = files[i].gated;
    pair_start(&p);
    p.head = p.tail = 0;
    p.drop_to_client = true;
    size_t len;
    uint8_t *body = file_bytes(files[i].path, &len);
    ck_assert_ptr_nonnull(body);
    give_fragment(&p, body, len, files[i].seq, 0, len);
    ck_assert_uint_eq(p.server.sent, 1);
    free(body);
    pair_done(&p);
  }
}
END_TEST

static void record_server_hello(dtls_pair *p, wire_item *w, unsigned index) {
  (void)index;
  if (!w->to_server) memcpy(p->client.got, w->data, w->len);
}

/* What the server chooses for Chromium: c02b, use_srtp 0x0001 without MKI (RFC 5764 section 4.1.1), extended master
 * secret (RFC 7627), and x25519 in the ServerKeyExchange. */
START_TEST(choices_for_chromium) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = record_server_hello;
  pair_start(&p);
  p.head = p.tail = 0;
  size_t len;
  uint8_t *body = file_bytes("test/captures/chromium.clienthello1.body.bin", &len);
  give_fragment(&p, body, len, 0, 0, len);
  free(body);
  const uint8_t *d = p.client.got;
  ck_assert_uint_eq(d[0], 22);
  ck_assert_uint_eq(d[13], 2);
  ck_assert_hex(d + 25, 2, "fefd");
  size_t at = 25 + 2 + 32, id = d[at];
  at += 1 + id;
  ck_assert_hex(d + at, 3, "c02b00");
  at += 3;
  size_t end = at + 2 + (size_t)(d[at] << 8 | d[at + 1]);
  bool srtp = false, ems = false;
  for (at += 2; at < end;) {
    unsigned type = (unsigned)(d[at] << 8 | d[at + 1]);
    size_t n = (size_t)(d[at + 2] << 8 | d[at + 3]);
    if (type == 14) {
      ck_assert_hex(d + at + 4, n, "0002000100");
      srtp = true;
    }
    ems |= type == 23 && n == 0;
    at += 4 + n;
  }
  ck_assert(srtp);
  ck_assert(ems);
  const uint8_t *ske = NULL;
  for (at = 0; at + 28 < p.largest && !ske; at += 13 + (size_t)(d[at + 11] << 8 | d[at + 12]))
    if (d[at + 13] == 12) ske = d + at + 25;
  ck_assert_ptr_nonnull(ske);
  ck_assert_hex(ske, 3, "03001d"); /* named_curve, x25519 (RFC 8422 section 5.4) */
  pair_done(&p);
}
END_TEST

/* Our own hello offers what it should and nothing else that matters. */
START_TEST(what_the_client_offers) {
  dtls_pair p;
  pair_init(&p, 1);
  pair_start(&p);
  weft_dtls_hello h;
  const wire_item *w = &p.wire[0];
  ck_assert_int_eq(weft_dtls_hello_parse(&h, w->data + 25, w->len - 25), WEFT_OK);
  ck_assert_uint_eq(h.version, 0xfefd);
  ck_assert_hex(h.suites, h.suites_len, "c02bc02ccca900ff");
  weft_rd r, value;
  uint16_t type;
  unsigned seen = 0;
  weft_rd_init(&r, h.extensions, h.extensions_len);
  while (weft_dtls_hello_extension(&r, &type, &value)) {
    size_t n = weft_rd_left(&value);
    if (type == 10) ck_assert_hex(value.p, n, "0004001d0017"); /* supported_groups */
    if (type == 14) ck_assert_hex(value.p, n, "0002000100");   /* use_srtp */
    if (type == 23) ck_assert_uint_eq(n, 0);                   /* extended_master_secret */
    seen += type == 10 || type == 14 || type == 23;
    ck_assert(type != 35 && type != 22 && type != 54); /* session ticket, encrypt-then-MAC, connection id */
  }
  ck_assert_uint_eq(seen, 3);
  pair_done(&p);
}
END_TEST

START_TEST(one_byte_fragments) {
  dtls_pair p;
  start_server(&p, 1);
  size_t len;
  uint8_t *body = file_bytes("test/captures/chromium.clienthello1.body.bin", &len);
  for (size_t i = len; i > 0; i--) {
    ck_assert_uint_eq(p.server.sent, 0);
    give_fragment(&p, body, len, 0, i - 1, 1);
  }
  ck_assert_uint_eq(p.server.sent, 1);
  ck_assert_uint_eq(stats(&p.server).drop_malformed, 0);
  free(body);
  pair_done(&p);
}
END_TEST

START_TEST(fragments_that_lie) {
  dtls_pair p;
  start_server(&p, 1);
  size_t len;
  uint8_t *body = file_bytes("test/captures/chromium.clienthello1.body.bin", &len);
  give_fragment(&p, body, 0xffffff, 0, 0, 1000);
  give_fragment(&p, body, 4097, 0, 0, 1000);
  ck_assert_uint_eq(stats(&p.server).drop_malformed, 2);
  give_fragment(&p, body, len, 0, 0, 1000);
  give_fragment(&p, body, len - 1, 0, 1000, len - 1001); /* contradicts: what was there goes, this stays */
  ck_assert_uint_eq(p.server.sent, 0);
  give_fragment(&p, body, len, 0, 0, 1000);
  give_fragment(&p, body, len, 0, 1000, len - 1000);
  ck_assert_uint_eq(p.server.sent, 1);
  free(body);
  pair_done(&p);
}
END_TEST

/* ---- one thing changed on the way ---- */

typedef struct change {
  unsigned datagram;
  size_t byte;
  uint8_t mask;
} change;

static change the_change;

static void apply_change(dtls_pair *p, wire_item *w, unsigned index) {
  (void)p;
  if (index == the_change.datagram && the_change.byte < w->len) w->data[the_change.byte] ^= the_change.mask;
}

/* A bit changed anywhere in the four datagrams: never do both ends believe in something that was changed, and nothing
 * hangs. */
START_TEST(bit_flips) {
  unsigned survived = 0, refused = 0;
  test_rng r;
  test_rng_init(&r, 99);
  for (int i = 0; i < 250; i++) {
    dtls_pair p;
    pair_init(&p, 5);
    the_change = (change){test_rng_below(&r, 4), test_rng_below(&r, 900), (uint8_t)(1u << test_rng_below(&r, 8))};
    p.tamper = apply_change;
    pair_start(&p);
    pair_run(&p, WEFT_SEC(40));
    if (p.client.connected && p.server.connected) {
      survived++;
      ck_assert_mem_eq(p.server.fingerprint, weft_dtls_cert_fingerprint(p.client.cert), 32);
      ck_assert_int_eq(weft_dtls_send(p.client.d, (const uint8_t *)"x", 1, p.now), WEFT_OK);
      pair_run(&p, WEFT_SEC(50));
      ck_assert_uint_eq(p.server.data, 1);
    } else {
      refused++;
      ck_assert(p.client.closed == 1 || p.client.connected);
      ck_assert_uint_eq(p.server.closed, 1);
    }
    pair_done(&p);
  }
  ck_assert_uint_gt(survived, 0);
  ck_assert_uint_gt(refused, 0);
}
END_TEST

static size_t cut_to;

static void cut(dtls_pair *p, wire_item *w, unsigned index) {
  (void)p;
  if (index == the_change.datagram && cut_to < w->len) w->len = cut_to;
}

START_TEST(truncations) {
  for (unsigned d = 0; d < 4; d++)
    for (cut_to = 1; cut_to < 800; cut_to += 67) {
      dtls_pair p;
      pair_init(&p, 5);
      the_change.datagram = d;
      p.tamper = cut;
      pair_start(&p);
      pair_run(&p, WEFT_SEC(40));
      check_connected(&p); /* a whole datagram comes again */
      pair_done(&p);
    }
}
END_TEST

static uint8_t srtp_profile;

static void change_srtp(dtls_pair *p, wire_item *w, unsigned index) {
  static const uint8_t ours[] = {0, 14, 0, 5, 0, 2, 0, 1, 0};
  (void)p;
  if (index != 1) return;
  for (size_t i = 0; i + sizeof ours <= w->len; i++)
    if (memcmp(w->data + i, ours, sizeof ours) == 0) w->data[i + 7] = srtp_profile;
}

START_TEST(server_chooses_another_srtp_profile) {
  for (srtp_profile = 1; srtp_profile < 9; srtp_profile++) {
    dtls_pair p;
    pair_init(&p, 1);
    p.tamper = change_srtp;
    pair_start(&p);
    pair_deliver(&p);
    if (srtp_profile == 1)
      check_connected(&p);
    else
      check_closed(&p.client, WEFT_WHO_PEER, "hello", WEFT_EPROTO, p.client.why.wire_code);
    pair_done(&p);
  }
}
END_TEST

static size_t find_message(const wire_item *w, uint8_t type, size_t *len) {
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, w->data, w->len);
  while (weft_dtls_record_read(&r, &rec))
    if (rec.type == 22 && rec.epoch == 0 && rec.body[0] == type) {
      *len = 13 + rec.len;
      return (size_t)(rec.raw - w->data);
    }
  *len = 0;
  return 0;
}

static void spoil_verify(dtls_pair *p, wire_item *w, unsigned index) {
  size_t len, at;
  (void)p;
  if (index != 2) return;
  at = find_message(w, 15, &len);
  ck_assert_uint_gt(len, 0);
  w->data[at + len - 1] ^= 1;
}

static void drop_verify(dtls_pair *p, wire_item *w, unsigned index) {
  size_t len, at = find_message(w, 15, &len);
  (void)p;
  (void)index;
  if (len == 0) return;
  memmove(w->data + at, w->data + at + len, w->len - at - len);
  w->len -= len;
}

START_TEST(client_does_not_prove_its_key) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = spoil_verify;
  pair_start(&p);
  pair_deliver(&p);
  check_closed(&p.server, WEFT_WHO_PEER, "certificate verify", WEFT_EAUTH, p.server.why.wire_code);
  ck_assert_uint_eq(p.client.connected, 0);
  pair_done(&p);
  pair_init(&p, 1);
  p.tamper = drop_verify;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  ck_assert_uint_eq(p.client.connected + p.server.connected, 0);
  check_closed(&p.server, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT, 0);
  pair_done(&p);
}
END_TEST

/* From the client's second flight on every record is a datagram of its own, the last first: Finished comes before the
 * keys. (The server's five messages reversed are more than mbedTLS keeps.) */
static void split_and_reverse(dtls_pair *p, wire_item *w, unsigned index) {
  weft_rd r;
  weft_dtls_record rec[8];
  size_t n = 0;
  if (index < 2) return;
  wire_item copy = *w;
  weft_rd_init(&r, copy.data, copy.len);
  while (n < 8 && weft_dtls_record_read(&r, &rec[n])) n++;
  for (size_t i = n; i > 1; i--) {
    wire_item *to = &p->wire[p->tail++];
    to->to_server = copy.to_server;
    to->len = 13 + rec[i - 1].len;
    memcpy(to->data, rec[i - 1].raw, to->len);
  }
  wire_item *last = &p->wire[p->tail];
  last->to_server = copy.to_server;
  last->len = 13 + rec[0].len;
  memcpy(last->data, rec[0].raw, last->len);
}

START_TEST(records_reversed) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = split_and_reverse;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  check_connected(&p);
  ck_assert_uint_eq(p.now, WEFT_SEC(1)); /* nothing had to be sent again */
  pair_done(&p);
}
END_TEST

static void duplicate(dtls_pair *p, wire_item *w, unsigned index) {
  (void)index;
  p->wire[p->tail + 1] = *w;
  p->tail++;
}

START_TEST(everything_twice) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = duplicate;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  check_connected(&p);
  ck_assert_uint_le(p.count, 8);
  pair_done(&p);
}
END_TEST

/* ---- things that strangers send ---- */

static const char *junk[] = {
    "",
    "16",
    "15feff000000000000000f0002ffff",
    "15feff000000000000000f00030228ff",
    "15feff000000000000000f0001ff",
    "14feff000000000000000f000102",
    "14feff000000000000000f00020101",
    "16feff000000000000000f0000",
    "16feff000000000000000f000c000000000000000000000000",         /* HelloRequest */
    "16feff000000000000000f000c010000000000000000000000",         /* ClientHello of 0 bytes */
    "16feff000000000000000f000c63000000000000000000000000",       /* unknown, a length too much */
    "16feff000000000000000f000cffffffffffffffffffffffff",         /* lengths that lie */
    "16feff000000000000000f00100bffffff0001000000000004aabbccdd", /* a certificate of 16 MB */
    "17feff000000000000000f0003aabbcc",
    "16fefd00010000000000ff0020aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899", /* epoch 1, nobody's keys */
    "15fefd00010000000000fe001aaabbccddeeffaabbccddeeffaabbccddeeffaabbccddeeffaabb",
    "16fefd00020000000000ff0001aa",
    "16fefdffff0000000000ff0001aa",
    "000100002112a442000000000000000000000000",
};

static void with_junk(dtls_pair *p, wire_item *w, unsigned index) {
  (void)index;
  wire_item real = *w;
  for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
    wire_item *to = &p->wire[p->tail++];
    to->to_server = real.to_server;
    to->len = hex_into(to->data, sizeof to->data, junk[i]);
  }
  p->wire[p->tail] = real;
}

/* Before each of the four datagrams, everything odd that a stranger on the same address could send. */
START_TEST(junk_between_flights) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = with_junk;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  check_connected(&p);
  ck_assert_uint_eq(p.now, WEFT_SEC(1));
  ck_assert_uint_eq(stats(&p.client).drop_malformed, 2 * 12);
  ck_assert_uint_gt(stats(&p.server).drop_epoch, 2);
  ck_assert_uint_gt(stats(&p.client).drop_state, 2);
  pair_done(&p);
}
END_TEST

static wire_item kept_hello;

static void keep_hello(dtls_pair *p, wire_item *w, unsigned index) {
  (void)p;
  if (index == 0) kept_hello = *w;
}

/* The session's own hello, again and again, with the old and with new record numbers. */
START_TEST(own_hello_replayed) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = keep_hello;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  check_connected(&p);
  unsigned sent = p.server.sent;
  for (unsigned i = 0; i < 1000; i++) {
    if (i >= 500) kept_hello.data[10] = (uint8_t)i, kept_hello.data[9] = (uint8_t)(i >> 8);
    ck_assert_int_eq(weft_dtls_input(p.server.d, kept_hello.data, kept_hello.len, p.now), WEFT_OK);
  }
  ck_assert_uint_eq(stats(&p.server).drop_epoch, 1000);
  ck_assert_uint_eq(p.server.sent, sent);
  ck_assert_int_eq(weft_dtls_send(p.client.d, (const uint8_t *)"still", 5, p.now), WEFT_OK);
  ck_assert_int_eq(weft_dtls_send(p.server.d, (const uint8_t *)"here", 4, p.now), WEFT_OK);
  pair_run(&p, WEFT_SEC(50));
  ck_assert_mem_eq(p.server.got, "still", 5);
  ck_assert_mem_eq(p.client.got, "here", 4);
  pair_done(&p);
}
END_TEST

/* While it waits for the client's second flight: what is sent in answer stays bounded. */
START_TEST(hello_flood_in_the_handshake) {
  dtls_pair p;
  pair_init(&p, 1);
  p.tamper = keep_hello;
  p.drop = 1u << 1;
  pair_start(&p);
  pair_deliver(&p);
  p.drop_to_client = true;
  for (unsigned i = 0; i < 5000; i++) {
    kept_hello.data[10] = (uint8_t)(i + 1);
    kept_hello.data[9] = (uint8_t)((i + 1) >> 8);
    ck_assert_int_eq(weft_dtls_input(p.server.d, kept_hello.data, kept_hello.len, p.now), WEFT_OK);
  }
  ck_assert_uint_le(p.server.sent, 200);
  pair_done(&p);
}
END_TEST

/* The server's Finished is lost again and again, what it sends after it is not: the client does not wait for its backed-off timer. */
START_TEST(data_after_a_lost_finished_hurries) {
  dtls_pair p;
  pair_init(&p, 47);
  pair_start(&p);
  p.drop = UINT64_C(1) << 3; /* datagrams 0 to 3 are the four flights */
  for (unsigned i = 4; i < 20; i++) p.drop |= UINT64_C(1) << i;
  pair_run(&p, WEFT_SEC(8)); /* sent again after 1, 3 and 7 s, in vain */
  ck_assert_uint_eq(p.server.connected, 1);
  ck_assert_uint_eq(p.client.connected, 0);
  p.drop = 0;
  weft_time before = p.now;
  ck_assert_int_eq(weft_dtls_send(p.server.d, (const uint8_t *)"early", 5, p.now), WEFT_OK);
  pair_run(&p, WEFT_MS(1));
  ck_assert_uint_eq(p.client.connected, 1);
  ck_assert_uint_le(p.now - before, WEFT_MS(1));
  ck_assert_uint_eq(p.client.data, 0); /* nothing before CONNECTED */
  pair_done(&p);
}
END_TEST

START_TEST(both_are_clients) {
  dtls_pair p;
  pair_init(&p, 1);
  p.server.cfg.role = WEFT_DTLS_CLIENT;
  pair_start(&p);
  pair_run(&p, WEFT_SEC(40));
  check_closed(&p.client, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT, 0);
  check_closed(&p.server, WEFT_WHO_TIMEOUT, "handshake", WEFT_ETIMEDOUT, 0);
  pair_done(&p);
}
END_TEST

START_TEST(nothing_in_common) {
  dtls_pair p;
  start_server(&p, 1);
  uint8_t body[] = {0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,        0, 0,
                    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xc0, 0x2c - 3, 1, 0};
  give_fragment(&p, body, sizeof body, 0, 0, sizeof body);
  check_closed(&p.server, WEFT_WHO_PEER, "hello", WEFT_EPROTO, 40);
  pair_done(&p);
  start_server(&p, 1);
  body[1] = 0xff; /* DTLS 1.0 */
  give_fragment(&p, body, sizeof body, 0, 0, sizeof body);
  ck_assert_uint_eq(p.server.closed, 1);
  ck_assert_uint_eq(p.server.why.wire_code, 70);
  ck_assert_int_eq(p.server.why.code, WEFT_EUNSUPPORTED);
  pair_done(&p);
}
END_TEST

START_TEST(early_alert_is_not_heard) {
  dtls_pair p;
  pair_init(&p, 1);
  pair_start(&p);
  uint8_t alert[15];
  size_t n = hex_into(alert, sizeof alert, "15feff000000000000000f00020228");
  give(&p, alert, n);
  ck_assert_uint_eq(p.server.closed, 0);
  ck_assert_uint_eq(stats(&p.server).drop_state, 1);
  pair_run(&p, WEFT_SEC(40));
  check_connected(&p);
  pair_done(&p);
}
END_TEST

Suite *test_dtls_handshake(void) {
  static const unit_test tests[] = {UNIT(wrong_pin_of_the_client),
                                    UNIT(wrong_pin_of_the_server),
                                    UNIT(one_of_several_pins),
                                    UNIT(chromium_without_cookie),
                                    UNIT(recorded_hellos),
                                    UNIT(choices_for_chromium),
                                    UNIT(what_the_client_offers),
                                    UNIT(one_byte_fragments),
                                    UNIT(fragments_that_lie),
                                    UNIT(bit_flips),
                                    UNIT(truncations),
                                    UNIT(server_chooses_another_srtp_profile),
                                    UNIT(client_does_not_prove_its_key),
                                    UNIT(records_reversed),
                                    UNIT(everything_twice),
                                    UNIT(junk_between_flights),
                                    UNIT(data_after_a_lost_finished_hurries),
                                    UNIT(own_hello_replayed),
                                    UNIT(hello_flood_in_the_handshake),
                                    UNIT(both_are_clients),
                                    UNIT(nothing_in_common),
                                    UNIT(early_alert_is_not_heard)};
  return unit_suite("dtls/handshake", tests, sizeof tests / sizeof tests[0]);
}
