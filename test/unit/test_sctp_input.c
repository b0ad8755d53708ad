#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

/* What must not change: everything but the counters. */
static uint64_t state_hash(const weft_sctp *s) {
  uint64_t h = 14695981039346656037u;
  const uint64_t parts[] = {s->state,         s->dead,          s->peer.my_tag,
                            s->peer.peer_tag, s->rx.cumulative, s->rx.highest,
                            s->tx.acked,      s->tx.next,       s->tx.fresh,
                            s->tx.flight,     s->cc.cwnd,       s->resets.peer_seq,
                            s->resets.seq,    s->unconsumed,    s->reassembly.bytes,
                            s->pending,       s->t1_at,         s->t2_at,
                            s->t3_at,         s->sack_at,       s->errors};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) h = (h ^ parts[i]) * UINT64_C(0x100000001b3);
  return h;
}

/* RFC 9260 section 8.5 and F1: every chunk type with tags that are not the association's. */
START_TEST(wrong_tags) {
  sctp_link l;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 1, 1, "outstanding", 11);
  link_clear(&l);
  weft_sctp *s = l.end[1].s;
  uint32_t mine = s->peer.my_tag, theirs = s->peer.peer_tag;
  uint64_t before = state_hash(s);
  for (int type = 0; type < 256; type++) {
    for (int t_bit = 0; t_bit < 2; t_bit++) {
      uint32_t tags[] = {0, mine ^ 1, mine + 1, theirs, ~mine};
      for (size_t i = 0; i < 5; i++) {
        bool reflected = t_bit && tags[i] == theirs && (type == WEFT_SCTP_ABORT || type == WEFT_SCTP_SHUTDOWN_COMPLETE);
        if (reflected || (type == WEFT_SCTP_INIT && tags[i] == 0)) continue;
        uint8_t chunk[24] = {(uint8_t)type, (uint8_t)t_bit, 0, 20};
        if (type == WEFT_SCTP_ABORT || type == WEFT_SCTP_SHUTDOWN_ACK || type == 11 || type == 14) chunk[3] = 4;
        if (type == WEFT_SCTP_SHUTDOWN) chunk[3] = 8;
        link_inject_tag(&l, 1, tags[i], chunk, weft_sctp_pad4(chunk[3]));
        ck_assert_uint_eq(state_hash(s), before);
        ck_assert_uint_eq(l.queued, 0);
      }
    }
  }
  sctp_link_close(&l);
}
END_TEST

START_TEST(abort_with_either_tag) {
  for (int t_bit = 0; t_bit < 2; t_bit++) {
    sctp_link l;
    uint8_t chunk[4] = {WEFT_SCTP_ABORT, (uint8_t)t_bit, 0, 4};
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    link_inject_tag(&l, 1, t_bit ? l.end[1].s->peer.my_tag : l.end[1].s->peer.peer_tag, chunk,
                    4); /* the wrong one for the bit */
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 0);
    link_inject_tag(&l, 1, t_bit ? l.end[1].s->peer.peer_tag : l.end[1].s->peer.my_tag, chunk, 4);
    ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
    ck_assert_uint_eq(l.queued, 0); /* never answered */
    sctp_link_close(&l);
  }
}
END_TEST

/* A reflected ABORT in a packet under our own tag is nobody's, wherever it stands. */
START_TEST(an_abort_further_behind) {
  sctp_link l;
  uint8_t chunks[8] = {WEFT_SCTP_HEARTBEAT, 0, 0, 4, WEFT_SCTP_ABORT, 1, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, chunks, 8);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 0);
  chunks[5] = 0;
  link_inject(&l, 1, chunks, 8);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CLOSED], 1);
  sctp_link_close(&l);
}
END_TEST

/* In COOKIE_WAIT the peer's tag is not known: an ABORT with T and tag 0 is nobody's. */
START_TEST(no_tag_is_no_tag) {
  sctp_link l;
  uint8_t chunk[4] = {WEFT_SCTP_ABORT, 1, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  link_clear(&l);
  link_inject_tag(&l, 0, 0, chunk, 4);
  ck_assert_int_eq(weft_sctp_get_state(l.end[0].s), WEFT_SCTP_COOKIE_WAIT);
  chunk[1] = 0;
  link_inject(&l, 0, chunk, 4);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  sctp_link_close(&l);
}
END_TEST

/* Section 8.4. */
START_TEST(out_of_the_blue) {
  sctp_link l;
  weft_sctp_chunk c;
  uint32_t tag;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  struct {
    const char *chunk;
    int answer;
  } cases[] = {
      {"00030014 00000001 00000000 00000035 61000000", WEFT_SCTP_ABORT},
      {"03000010 00000001 00001000 00000000", WEFT_SCTP_ABORT},
      {"07000008 00000001", WEFT_SCTP_ABORT},
      {"04000004", WEFT_SCTP_ABORT},
      {"08000004", WEFT_SCTP_SHUTDOWN_COMPLETE},
      {"06000004", -1},
      {"06010004", -1},
      {"0e000004", -1},
      {"0b000004", -1},
      {"0900000c 00030008 00000001", -1},
      {"04000004 06000004", -1}, /* an ABORT anywhere in it */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t chunk[64];
    size_t n = hex_into(chunk, sizeof chunk, cases[i].chunk);
    link_inject_tag(&l, 1, 0x1234, chunk, n);
    ck_assert_msg(l.queued == (cases[i].answer >= 0), "case %zu: %zu packets", i, l.queued);
    if (cases[i].answer >= 0) {
      ck_assert(link_find(&l, 1, (uint8_t)cases[i].answer, &c, &tag));
      ck_assert_uint_eq(c.flags & WEFT_SCTP_FLAG_T, 1);
      ck_assert_uint_eq(tag, 0x1234);
    }
    link_clear(&l);
    link_inject_tag(&l, 1, 0, chunk, n);
    ck_assert_uint_eq(l.queued, 0);
  }
  sctp_link_close(&l);
}
END_TEST

START_TEST(shutdown_ack_during_the_handshake) {
  sctp_link l;
  weft_sctp_chunk c;
  uint32_t tag;
  uint8_t chunk[4] = {WEFT_SCTP_SHUTDOWN_ACK, 0, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  link_clear(&l);
  link_inject_tag(&l, 0, 0x777, chunk, 4);
  ck_assert(link_find(&l, 0, WEFT_SCTP_SHUTDOWN_COMPLETE, &c, &tag));
  ck_assert_uint_eq(tag, 0x777);
  ck_assert_int_eq(weft_sctp_get_state(l.end[0].s), WEFT_SCTP_COOKIE_WAIT);
  sctp_link_close(&l);
}
END_TEST

START_TEST(broken_packets_are_counted) {
  sctp_link l;
  uint8_t packet[LINK_PACKET], chunk[LINK_PACKET];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp *s = l.end[1].s;
  uint64_t before = state_hash(s);
  size_t n = link_packet_make(packet, s->peer.my_tag, chunk, link_data(&l, 1, chunk, 3, 1, 1, 0, "payload", 7));
  for (size_t cut = 0; cut < n; cut++) {
    uint8_t *exact = malloc(cut ? cut : 1);
    memcpy(exact, packet, cut);
    ck_assert_int_eq(weft_sctp_input(s, exact, cut, l.now), WEFT_OK);
    free(exact);
  }
  for (size_t i = 0; i < n * 8; i++) { /* every bit flipped: the checksum or the tag sees it */
    packet[i / 8] ^= (uint8_t)(1u << i % 8);
    ck_assert_int_eq(weft_sctp_input(s, packet, n, l.now), WEFT_OK);
    packet[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  ck_assert_uint_eq(state_hash(s), before);
  weft_sctp_stats st = link_stats(&l, 1);
  ck_assert_uint_gt(st.drop_malformed, 0);
  ck_assert_uint_gt(st.drop_checksum, 0);
  ck_assert_uint_eq(l.end[1].bytes, 0);
  ck_assert_int_eq(weft_sctp_input(s, packet, n, l.now), WEFT_OK);
  ck_assert_uint_eq(l.end[1].bytes, 7);
  sctp_link_close(&l);
}
END_TEST

START_TEST(other_ports) {
  sctp_link l;
  uint8_t packet[LINK_PACKET];
  uint8_t hb[4] = {WEFT_SCTP_HEARTBEAT, 0, 0, 4};
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  for (int i = 0; i < 2; i++) {
    size_t n = link_packet_make(packet, l.end[1].s->peer.my_tag, hb, 4);
    packet[1 + 2 * i] ^= 1;
    uint32_t crc = weft_sctp_packet_crc(weft_sctp_crc32c_table, packet, n);
    for (unsigned k = 0; k < 4; k++) packet[8 + k] = (uint8_t)(crc >> 8 * k);
    weft_sctp_input(l.end[1].s, packet, n, l.now);
  }
  ck_assert_uint_eq(link_stats(&l, 1).drop_tag, 2);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

static bool known_type(int t) {
  return t <= 11 || t == 14 || t == WEFT_SCTP_RE_CONFIG || t == WEFT_SCTP_FORWARD_TSN || t == WEFT_SCTP_I_DATA ||
         t == WEFT_SCTP_I_FORWARD_TSN;
}

/* Section 3.2: all types by their two highest bits, with DATA behind them. */
START_TEST(unknown_chunks) {
  for (int type = 0; type < 256; type++) {
    if (known_type(type)) continue;
    sctp_link l;
    weft_sctp_chunk c;
    uint8_t chunks[LINK_PACKET] = {(uint8_t)type, 0, 0, 8, 'a', 'b', 'c', 'd'};
    sctp_link_init(&l, 1);
    sctp_link_connect(&l);
    size_t n = 8 + link_data(&l, 1, chunks + 8, 3, 1, 1, 0, "behind", 6);
    link_inject(&l, 1, chunks, n);
    ck_assert_uint_eq(l.end[1].bytes, type & 0x80 ? 6 : 0);
    bool reported = link_find(&l, 1, WEFT_SCTP_ERROR, &c, NULL);
    ck_assert_int_eq(reported, (type & 0x40) != 0);
    if (reported) ck_assert_mem_eq(c.value + 4, chunks, 8);
    ck_assert_uint_eq(link_stats(&l, 1).drop_unknown_chunk, 1);
    sctp_link_close(&l);
  }
}
END_TEST

/* F24: a storm of things to report makes one bounded packet, and an ERROR is never answered. */
START_TEST(reports_are_bounded) {
  sctp_link l;
  uint8_t chunks[1400];
  for (size_t i = 0; i < sizeof chunks; i += 4) memcpy(chunks + i, (uint8_t[4]){0xff, 0, 0, 4}, 4);
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject(&l, 1, chunks, sizeof chunks);
  ck_assert_uint_eq(l.queued, 1);
  ck_assert_uint_le(l.queue[0].len, 12 + 4 + WEFT_SCTP_ERRORS);
  link_clear(&l);
  uint8_t error[16] = {WEFT_SCTP_ERROR, 0, 0, 16, 0, 6, 0, 12};
  for (int i = 0; i < 1000; i++) link_inject(&l, 1, error, 16);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* F17: INIT, INIT-ACK and SHUTDOWN-COMPLETE travel alone (section 6.10); a COOKIE-ECHO comes first. */
START_TEST(bundling_rules) {
  sctp_link l;
  uint8_t chunks[200], init[24] = {WEFT_SCTP_INIT, 0, 0, 20, 0, 0, 0, 7, 0, 1, 0, 0, 0, 9, 0, 9};
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  memcpy(chunks, init, 20);
  memcpy(chunks + 20, (uint8_t[4]){WEFT_SCTP_COOKIE_ACK, 0, 0, 4}, 4);
  link_inject_tag(&l, 1, 0, chunks, 24);
  ck_assert_uint_eq(l.queued, 0);
  ck_assert_uint_eq(link_stats(&l, 1).drop_malformed, 1);
  link_inject_tag(&l, 1, 0, chunks, 20);
  ck_assert_uint_eq(l.queued, 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(nothing_after_the_end) {
  sctp_link l;
  uint8_t hb[4] = {WEFT_SCTP_HEARTBEAT, 0, 0, 4}, packet[100];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  weft_sctp_abort(l.end[1].s, NULL, l.now);
  link_clear(&l);
  size_t n = link_packet_make(packet, l.end[1].s->peer.my_tag, hb, 4);
  ck_assert_int_eq(weft_sctp_input(l.end[1].s, packet, n, l.now), WEFT_ESTATE);
  ck_assert_int_eq(weft_sctp_tick(l.end[1].s, l.now + WEFT_SEC(100)), WEFT_OK);
  ck_assert_uint_eq(weft_sctp_deadline(l.end[1].s), WEFT_NEVER);
  ck_assert_int_eq(link_send(&l, 1, 0, "x", 1), WEFT_ESTATE);
  ck_assert_int_eq(weft_sctp_close(l.end[1].s, WEFT_OK, l.now), WEFT_ECLOSED);
  ck_assert_int_eq(weft_sctp_connect(l.end[1].s, l.now), WEFT_ECLOSED);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_input(void) {
  static const unit_test tests[] = {UNIT(wrong_tags),
                                    UNIT(abort_with_either_tag),
                                    UNIT(an_abort_further_behind),
                                    UNIT(no_tag_is_no_tag),
                                    UNIT(out_of_the_blue),
                                    UNIT(shutdown_ack_during_the_handshake),
                                    UNIT(broken_packets_are_counted),
                                    UNIT(other_ports),
                                    UNIT(unknown_chunks),
                                    UNIT(reports_are_bounded),
                                    UNIT(bundling_rules),
                                    UNIT(nothing_after_the_end)};
  return unit_suite("sctp/input", tests, sizeof tests / sizeof tests[0]);
}
