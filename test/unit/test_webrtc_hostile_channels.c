/* What a peer that is let in may send beneath and on its channels: SCTP packets made by hand, through the dialer's own DTLS. What breaks a
 * rule ends that connection alone, or is dropped; another connection of the same listener never notices. */
#include "sctp/sctp_int.h"
#include "test/support/hex.h"
#include "test/unit/webrtc_log.h"

static log_world l;
static uint32_t good; /* a stream of the listener to the second dialer */

static void begin(uint64_t seed) {
  log_prepare(&l, seed);
  world_listen(&l.w);
  world_dial(&l.w, 0);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  world_dial(&l.w, 1);
  ck_assert(world_run(&l.w, l.w.now + WEFT_SEC(5), world_all_ready));
  good = log_open(&l, l.w.accepted[1].c);
  log_wait(&l, WEFT_MS(20));
}

static void inject(const uint8_t *chunks, size_t n) {
  uint8_t packet[1200];
  weft_wr w;
  const weft_webrtc *c = log_dialer(&l);
  weft_wr_init(&w, packet, sizeof packet);
  weft_sctp_put_header(&w, 5000, 5000, c->sctp->peer.peer_tag);
  weft_wr_bytes(&w, chunks, n);
  ck_assert(weft_wr_ok(&w));
  uint32_t crc = weft_sctp_packet_crc(weft_sctp_crc32c_table, packet, weft_wr_len(&w));
  for (unsigned i = 0; i < 4; i++) packet[8 + i] = (uint8_t)(crc >> 8 * i);
  ck_assert_int_eq(weft_dtls_send(c->dtls, packet, weft_wr_len(&w), l.w.now), WEFT_OK);
  log_wait(&l, WEFT_MS(50));
}

static weft_sctp_stats sctp_stats(void) {
  weft_sctp_stats s = {.size = sizeof s};
  weft_sctp_get_stats(log_accepted(&l)->sctp, &s);
  return s;
}

/* Both connections are there and work. */
static void nothing_happened(void) {
  ck_assert(!l.w.accepted[0].closed_seen && !l.w.dialers[0].closed_seen);
  log_side *s = &l.side[1];
  size_t before = s->n;
  uint32_t id = log_open(&l, log_dialer(&l));
  log_send(&l, log_dialer(&l), id, "fine");
  log_wait(&l, WEFT_SEC(4));
  ck_assert_uint_eq(s->n, before + 1);
  ck_assert_str_eq(s->streams[s->n - 1].events, "OD");
  ck_assert_uint_eq(s->streams[s->n - 1].len, 4);
  ck_assert_uint_eq(log_listener_stats(&l).connections, 2);
}

/* The first connection has ended on both sides, told why, once; the second goes on. */
static void only_it_ended(const char *text) {
  log_wait(&l, WEFT_SEC(1));
  ck_assert(l.w.accepted[0].closed_seen);
  ck_assert_str_eq(l.w.accepted[0].closed.layer, "sctp");
  ck_assert_int_eq(l.w.accepted[0].closed.who, WEFT_WHO_PEER);
  ck_assert_str_eq(l.w.accepted[0].text, text);
  ck_assert(l.w.dialers[0].closed_seen);
  ck_assert(!l.w.accepted[1].closed_seen && !l.w.dialers[1].closed_seen);
  log_send(&l, l.w.accepted[1].c, good, "mine");
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[0], good, "OD");
  ck_assert_uint_eq(log_listener_stats(&l).connections, 1);
}

START_TEST(chunks_of_length_zero_to_three) {
  begin(1);
  for (unsigned type = 0; type < 256; type++)
    for (uint8_t len = 0; len < 4; len++) {
      uint8_t chunk[8] = {(uint8_t)type, 3, 0, len, 1, 2, 3, 4};
      uint64_t before = sctp_stats().drop_malformed;
      inject(chunk, type % 2 ? 4 : 8);
      ck_assert_uint_gt(sctp_stats().drop_malformed, before);
    }
  nothing_happened();
  log_end(&l);
}
END_TEST

START_TEST(chunks_longer_than_the_packet) {
  static const uint16_t lengths[] = {9, 100, 1200, 65535};
  begin(2);
  for (unsigned type = 0; type < 256; type += 5)
    for (size_t i = 0; i < 4; i++) {
      uint8_t chunk[8] = {(uint8_t)type, 3, (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i]};
      inject(chunk, 8);
    }
  nothing_happened();
  log_end(&l);
}
END_TEST

START_TEST(sack_beyond_what_was_sent) {
  begin(3);
  uint8_t chunk[64];
  weft_wr w;
  const weft_sctp *s = log_accepted(&l)->sctp;
  weft_wr_init(&w, chunk, sizeof chunk);
  weft_wr_u32(&w, 0x03000010);
  weft_wr_u32(&w, s->tx.fresh + 5);
  weft_wr_u32(&w, 1 << 20);
  weft_wr_u32(&w, 0);
  inject(chunk, weft_wr_len(&w));
  only_it_ended("a SACK of data that was never sent");
  log_end(&l);
}
END_TEST

/* Streams that no channel uses, one that is open, and one that cannot be: the numbers move on, nobody is told. */
START_TEST(forward_tsn_of_unknown_streams) {
  static const uint16_t streams[] = {100, 1, 65534, 65535};
  begin(4);
  net_link *link = net_link_of(&l.w.net, &l.w.dialers[0].addr);
  for (size_t i = 0; i < 4; i++) {
    uint8_t chunk[12];
    weft_wr w;
    const weft_sctp *theirs = log_accepted(&l)->sctp;
    weft_sctp_message lost = {.stream = 100, .ppid = 53, .limit_retransmits = true};
    uint32_t at = theirs->rx.cumulative + 1;
    link->cut = true;
    ck_assert_int_eq(weft_sctp_send(log_dialer(&l)->sctp, &lost, (const uint8_t *)"x", 1, l.w.now), WEFT_OK);
    log_wait(&l, WEFT_MS(10));
    link->cut = false;
    weft_wr_init(&w, chunk, sizeof chunk);
    weft_wr_u32(&w, 0xc000000c);
    weft_wr_u32(&w, at);
    weft_wr_u16(&w, streams[i]);
    weft_wr_u16(&w, 0x7777);
    inject(chunk, sizeof chunk);
    ck_assert_uint_eq(theirs->rx.cumulative, at);
  }
  nothing_happened();
  log_end(&l);
}
END_TEST

/* ---- channels ---- */

static void dcep(uint16_t stream, const char *hex) {
  uint8_t b[256];
  size_t n = hex_into(b, sizeof b, hex);
  weft_sctp_message m = {.stream = stream, .ppid = 50};
  ck_assert_int_eq(weft_sctp_send(log_dialer(&l)->sctp, &m, b, n, l.w.now), WEFT_OK);
  log_wait(&l, WEFT_SEC(1));
}

START_TEST(dcep_of_the_wrong_parity) {
  begin(5);
  size_t before = l.side[1].n;
  for (uint16_t id = 1; id < 200; id = (uint16_t)(id * 3)) {
    dcep(id, "030001000000000000000000");
    weft_sctp_message m = {.stream = id, .ppid = 53};
    weft_sctp_send(log_dialer(&l)->sctp, &m, (const uint8_t *)"\x08\x12\x06secret", 9, l.w.now);
    log_wait(&l, WEFT_SEC(1));
  }
  ck_assert_uint_eq(l.side[1].n, before);
  ck_assert_uint_eq(log_stats(log_accepted(&l)).streams, 0);
  nothing_happened();
  log_end(&l);
}
END_TEST

START_TEST(dcep_that_is_malformed) {
  static const char *const bad[] = {
      "03", "0300", "030001000000000000ffff0000", "03000100000000000000ffff", "ff", "03ff01000000000000000000"};
  begin(6);
  for (uint16_t i = 0; i < sizeof bad / sizeof bad[0]; i++) dcep((uint16_t)(100 + 2 * i), bad[i]);
  ck_assert_uint_le(log_stats(log_accepted(&l)).streams, 1); /* an unknown channel type may count as reliable */
  log_side *s = &l.side[1];
  for (uint16_t i = 0; i < 5; i++) ck_assert_ptr_null(log_find(s, 100u + 2u * i));
  nothing_happened();
  log_end(&l);
}
END_TEST

/* ---- frames: that stream is reset, the others are not touched ---- */

static void breaks_the_stream(const uint8_t *data, size_t len) {
  uint32_t id = log_open(&l, log_dialer(&l));
  log_wait(&l, WEFT_MS(20));
  while (len > 0) { /* as large messages as the channel takes */
    size_t n = len < 16384 ? len : 16384;
    ck_assert_int_eq(weft_datachannel_send(log_dialer(&l)->dc, (uint16_t)id, true, data, n, l.w.now), WEFT_OK);
    data += n, len -= n;
  }
  log_wait(&l, WEFT_SEC(1));
  const log_stream *st = log_find(&l.side[1], id);
  ck_assert_ptr_nonnull(st);
  ck_assert_str_eq(st->events, "OR");
  ck_assert_int_eq(st->code, WEFT_EPROTO);
  ck_assert_uint_eq(st->len, 0);
}

/* The length counts what follows it; with it the frame has one byte more than 16 KiB. */
START_TEST(frames_over_16_kib) {
  static uint8_t frame[WEFT_WEBRTC_FRAME_MAX * 2];
  static const size_t bodies[] = {WEFT_WEBRTC_FRAME_MAX - 1, WEFT_WEBRTC_FRAME_MAX, WEFT_WEBRTC_FRAME_MAX + 3};
  begin(7);
  for (size_t i = 0; i < 3; i++) {
    weft_wr w;
    weft_wr_init(&w, frame, sizeof frame);
    weft_wr_uvarint(&w, bodies[i]);
    weft_wr_u8(&w, 0x12);
    weft_wr_uvarint(&w, bodies[i] - 4);
    ck_assert(weft_wr_ok(&w));
    breaks_the_stream(frame, weft_wr_len(&w) + bodies[i] - 4);
  }
  nothing_happened();
  log_end(&l);
}
END_TEST

START_TEST(varints_that_are_too_long) {
  static const char *const bad[] = {
      "8080808080808080808001",     /* the length in eleven bytes */
      "83808000",                   /* 3, but not the shortest way */
      "8300120161",                 /* the same, and a good frame behind it */
      "ffffffffffffffffff01",       /* 2^64 - 1 */
      "0c08ffffffffffffffffffff01", /* the flag */
      "0c12ffffffffffffffffffff01", /* the message's length */
      "0bffffffffffffffffffff01",   /* a field number */
  };
  begin(8);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint8_t b[64];
    breaks_the_stream(b, hex_into(b, sizeof b, bad[i]));
  }
  nothing_happened();
  log_end(&l);
}
END_TEST

/* An OPEN of what is open makes the channels reset it; with both resets on their way the peer may open the id again at once. */
START_TEST(open_again_before_the_end_is_told) {
  static const uint8_t open[12] = {3};
  begin(9);
  weft_webrtc *c = log_accepted(&l);
  uint32_t id = log_open(&l, log_dialer(&l));
  log_wait(&l, WEFT_MS(100));
  ck_assert_events(&l.side[1], id, "O");
  size_t before = l.side[1].n;
  uint16_t stream = (uint16_t)id;
  weft_webrtc_enter(c, l.w.now); /* as if one packet had brought all of it */
  ck_assert_int_eq(weft_datachannel_input(c->dc, stream, WEFT_DATACHANNEL_PPID_DCEP, open, sizeof open, l.w.now),
                   WEFT_OK);
  ck_assert_int_eq(weft_datachannel_reset_in(c->dc, &stream, 1, l.w.now), WEFT_OK);
  ck_assert_int_eq(weft_datachannel_input(c->dc, stream, WEFT_DATACHANNEL_PPID_DCEP, open, sizeof open, l.w.now),
                   WEFT_OK);
  weft_webrtc_leave(c);
  ck_assert_uint_eq(l.side[1].n, before + 1);
  ck_assert_str_eq(l.side[1].streams[before - 1].events, "OR");
  ck_assert_int_eq(l.side[1].streams[before - 1].code, WEFT_EPROTO);
  ck_assert_str_eq(l.side[1].streams[before].events, "O");
  log_end(&l);
}
END_TEST

Suite *test_webrtc_hostile_channels(void) {
  static const unit_test tests[] = {UNIT(chunks_of_length_zero_to_three),
                                    UNIT(chunks_longer_than_the_packet),
                                    UNIT(sack_beyond_what_was_sent),
                                    UNIT(forward_tsn_of_unknown_streams),
                                    UNIT(dcep_of_the_wrong_parity),
                                    UNIT(dcep_that_is_malformed),
                                    UNIT(frames_over_16_kib),
                                    UNIT(varints_that_are_too_long),
                                    UNIT(open_again_before_the_end_is_told)};
  return unit_suite("webrtc/hostile_channels", tests, sizeof tests / sizeof tests[0]);
}
