#include "test/support/hex.h"
#include "test/support/unit.h"
#include "test/unit/sctp_link.h"

/* ---- losing packets -------------------------------------------------------------------------------------------------- */

static bool lose_nth(sctp_link *l, int from, const uint8_t *data, size_t len) {
  int *n = l->ctx;
  (void)from, (void)data, (void)len;
  return --*n != 0;
}

START_TEST(each_packet_lost_in_turn) {
  for (int both = 0; both < 2; both++) {
    for (int nth = 1; nth <= 8; nth++) {
      sctp_link l;
      int n = nth;
      sctp_link_init(&l, (uint64_t)nth);
      l.keep = lose_nth;
      l.ctx = &n;
      sctp_link_open(&l);
      weft_sctp_connect(l.end[0].s, l.now);
      if (both) weft_sctp_connect(l.end[1].s, l.now);
      sctp_link_run(&l, WEFT_SEC(10));
      for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(weft_sctp_get_state(l.end[i].s), WEFT_SCTP_ESTABLISHED);
        ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_CONNECTED], 1);
        ck_assert_uint_eq(l.end[i].events[WEFT_SCTP_EVENT_RESTARTED], 0);
        ck_assert_int_eq(link_send(&l, i, 0, "hello", 5), WEFT_OK);
      }
      sctp_link_run(&l, WEFT_SEC(5));
      for (int i = 0; i < 2; i++) ck_assert_uint_eq(l.end[i].bytes, 5);
      sctp_link_close(&l);
    }
  }
}
END_TEST

static bool lose_all(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from, (void)data, (void)len;
  return false;
}

/* Max.Init.Retransmits 8: nine INITs at 0, 1, 3, 7, 15, 31, 63, 123, 183 s, then the end at 243 s. */
START_TEST(nobody_answers) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.keep = lose_all;
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(242));
  ck_assert_uint_eq(l.end[0].sent, 9);
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 0);
  sctp_link_run(&l, WEFT_SEC(2));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.who, WEFT_WHO_TIMEOUT);
  ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_ETIMEDOUT);
  ck_assert_uint_eq(l.end[0].sent, 9);
  sctp_link_close(&l);
}
END_TEST

static bool lose_cookies(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from, (void)len;
  return data[12] != WEFT_SCTP_COOKIE_ECHO;
}

START_TEST(nobody_takes_the_cookie) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.keep = lose_cookies;
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(300));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_str_eq(l.end[0].text, "COOKIE-ECHO was not answered");
  ck_assert_uint_eq(l.end[0].sent, 1 + 9);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_CLOSED);
  sctp_link_close(&l);
}
END_TEST

/* ---- what real peers send -------------------------------------------------------------------------------------------- */

/* The INIT is answered by one INIT-ACK with its tag, its streams and a cookie, and nothing is kept. */
static void answered(const char *file, uint32_t tag, uint16_t streams) {
  sctp_link l;
  size_t n;
  weft_sctp_chunk c;
  weft_sctp_init ack;
  uint32_t to;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  uint8_t *init = file_bytes(file, &n);
  ck_assert_ptr_nonnull(init);
  size_t bytes = test_leak()->bytes;
  ck_assert_int_eq(weft_sctp_input(l.end[1].s, init, n, l.now), WEFT_OK);
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(link_on_the_way(&l, 1), 1);
  ck_assert_int_eq(weft_sctp_packet_check(l.queue[0].data, l.queue[0].len), WEFT_OK);
  ck_assert(link_find(&l, 1, WEFT_SCTP_INIT_ACK, &c, &to));
  ck_assert_uint_eq(to, tag);
  ck_assert_int_eq(weft_sctp_init_read(&ack, &c), WEFT_OK);
  ck_assert_uint_ne(ack.tag, 0);
  ck_assert_uint_eq(ack.streams_out, 65535);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_CLOSED);
  /* the peer goes on with the cookie */
  weft_sctp_tlv t;
  while (weft_sctp_tlv_next(&ack.params, &t) == 1 && t.type != WEFT_SCTP_PARAM_COOKIE) {}
  ck_assert_uint_eq(t.type, WEFT_SCTP_PARAM_COOKIE);
  uint8_t echo[128];
  weft_wr w;
  weft_wr_init(&w, echo, sizeof echo);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_COOKIE_ECHO, 0);
  weft_wr_bytes(&w, t.value, t.value_len);
  weft_sctp_close_chunk(&w, at);
  uint32_t mine = ack.tag;
  link_clear(&l);
  link_inject_tag(&l, 1, mine, echo, weft_wr_len(&w));
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CONNECTED].streams_out, streams);
  ck_assert(link_find(&l, 1, WEFT_SCTP_COOKIE_ACK, &c, &to));
  ck_assert_uint_eq(to, tag);
  free(init);
  sctp_link_close(&l);
}

START_TEST(answers_real_inits) {
  answered("test/captures/chromium.sctp-init.bin", 0x69628d9a, 65535);
  answered("test/captures/firefox.sctp-init.bin", 0xad54fb3c, 65535);
  answered("test/captures/node-datachannel.sctp-init.bin", 0x0d4abf87, 1024);
}
END_TEST

/* ---- bad INITs ------------------------------------------------------------------------------------------------------- */

static size_t make_init(uint8_t *out, uint8_t type, uint32_t tag, uint32_t window, uint16_t os, uint16_t is,
                        const char *params) {
  weft_wr w;
  uint8_t extra[512];
  weft_wr_init(&w, out, 600);
  size_t at = weft_sctp_open_chunk(&w, type, 0);
  weft_wr_u32(&w, tag);
  weft_wr_u32(&w, window);
  weft_wr_u16(&w, os);
  weft_wr_u16(&w, is);
  weft_wr_u32(&w, 1000);
  weft_wr_bytes(&w, extra, hex_into(extra, sizeof extra, params));
  weft_sctp_close_chunk(&w, at);
  return weft_wr_len(&w);
}

START_TEST(forbidden_values) {
  sctp_link l;
  uint8_t init[600];
  weft_sctp_chunk c;
  uint32_t tag;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  link_inject_tag(&l, 1, 0, init, make_init(init, 1, 0, 65536, 10, 10, ""));
  ck_assert_uint_eq(l.queued, 0); /* tag 0: silence */
  struct {
    uint32_t window;
    uint16_t os, is;
  } bad[] = {{1499, 10, 10}, {65536, 0, 10}, {65536, 10, 0}};
  for (size_t i = 0; i < 3; i++) {
    link_inject_tag(&l, 1, 0, init, make_init(init, 1, 7, bad[i].window, bad[i].os, bad[i].is, ""));
    ck_assert(link_find(&l, 1, WEFT_SCTP_ABORT, &c, &tag));
    ck_assert_uint_eq(tag, 7);
    ck_assert_uint_eq(c.flags, 0);
    link_clear(&l);
  }
  link_inject_tag(&l, 1, 5, init, make_init(init, 1, 7, 65536, 10, 10, "")); /* section 8.5.1 A: the tag must be 0 */
  ck_assert_uint_eq(l.queued, 0);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_CLOSED);
  sctp_link_close(&l);
}
END_TEST

/* Unknown parameters come back in the INIT-ACK, cut; what an INIT makes us send is bounded. */
START_TEST(unknown_parameters_are_reported) {
  sctp_link l;
  uint8_t init[600];
  weft_sctp_chunk c;
  weft_sctp_init ack;
  weft_sctp_tlv t;
  size_t reports = 0;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  link_inject_tag(&l, 1, 0, init, make_init(init, 1, 7, 65536, 10, 10, "80550004 c0550008 01020304 40560004 c0570004"));
  ck_assert(link_find(&l, 1, WEFT_SCTP_INIT_ACK, &c, NULL));
  weft_sctp_init_read(&ack, &c);
  while (weft_sctp_tlv_next(&ack.params, &t) == 1) {
    if (t.type != WEFT_SCTP_PARAM_UNRECOGNIZED) continue;
    ck_assert_hex(t.value, t.value_len, reports++ == 0 ? "c055000801020304" : "40560004");
  }
  ck_assert_uint_eq(reports, 2);
  sctp_link_close(&l);
}
END_TEST

/* F6: a flood of INITs leaves nothing behind, and each is answered by one packet of bounded size. */
START_TEST(init_flood_keeps_nothing) {
  sctp_link l;
  uint8_t init[600];
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  size_t bytes = test_leak()->bytes, calls = test_leak()->calls;
  for (uint32_t i = 1; i < 10000; i++) {
    link_inject_tag(&l, 1, 0, init, make_init(init, 1, i, 65536, 10, 10, ""));
    ck_assert_uint_eq(l.queued, 1);
    ck_assert_uint_le(l.queue[0].len, 120);
    link_clear(&l);
  }
  ck_assert_uint_eq(test_leak()->bytes, bytes);
  ck_assert_uint_eq(test_leak()->calls, calls);
  sctp_link_close(&l);
}
END_TEST

/* ---- bad INIT-ACKs --------------------------------------------------------------------------------------------------- */

static void refused_ack(uint32_t tag, uint32_t window, uint16_t os, const char *params, uint16_t cause) {
  sctp_link l;
  uint8_t ack[600];
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  link_clear(&l);
  link_inject(&l, 0, ack, make_init(ack, 2, tag, window, os, 10, params));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CLOSED], 1);
  ck_assert_int_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.code, WEFT_EPROTO);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CLOSED].closed.wire_code, cause);
  ck_assert_int_eq(link_find(&l, 0, WEFT_SCTP_ABORT, &c, NULL), tag != 0);
  sctp_link_close(&l);
}

START_TEST(bad_init_acks_end_it) {
  refused_ack(9, 65536, 10, "", WEFT_SCTP_CAUSE_MISSING_PARAM);
  refused_ack(9, 65536, 0, "00070008 01020304", WEFT_SCTP_CAUSE_INVALID_PARAM);
  refused_ack(9, 1000, 10, "00070008 01020304", WEFT_SCTP_CAUSE_INVALID_PARAM);
  refused_ack(0, 65536, 10, "00070008 01020304", WEFT_SCTP_CAUSE_INVALID_PARAM);
}
END_TEST

START_TEST(init_ack_only_when_waiting) {
  sctp_link l;
  uint8_t ack[600];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  uint32_t tag = l.end[0].s->peer.peer_tag;
  link_inject(&l, 0, ack, make_init(ack, 2, 0x99, 65536, 10, 10, "00070008 01020304"));
  ck_assert_uint_eq(l.end[0].s->peer.peer_tag, tag);
  ck_assert_uint_eq(l.queued, 0);
  sctp_link_close(&l);
}
END_TEST

/* ---- cookies --------------------------------------------------------------------------------------------------------- */

static size_t kept_len;
static uint8_t kept_packet[LINK_PACKET];

static bool keep_a_cookie(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from;
  if (data[12] != WEFT_SCTP_COOKIE_ECHO || kept_len) return true;
  memcpy(kept_packet, data, len);
  kept_len = len;
  return true;
}

START_TEST(a_replayed_cookie_is_harmless) {
  sctp_link l;
  kept_len = 0;
  sctp_link_init(&l, 1);
  l.keep = keep_a_cookie;
  sctp_link_connect(&l);
  ck_assert_uint_gt(kept_len, 0);
  link_send(&l, 0, 1, "before", 6);
  sctp_link_run(&l, WEFT_SEC(1));
  for (int i = 0; i < 100; i++)
    weft_sctp_input(l.end[1].s, kept_packet, kept_len, l.now); /* case D: COOKIE-ACK, no more */
  sctp_link_run(&l, WEFT_SEC(100));
  weft_sctp_input(l.end[1].s, kept_packet, kept_len, l.now); /* stale, but the tags are this association's */
  link_send(&l, 0, 1, "behind", 6);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 12);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESTARTED], 0);
  sctp_link_close(&l);
}
END_TEST

START_TEST(a_cookie_of_another_association) {
  sctp_link l, other;
  kept_len = 0;
  sctp_link_init(&l, 1);
  l.keep = keep_a_cookie;
  sctp_link_connect(&l);
  sctp_link_init(&other, 2);
  sctp_link_open(&other);
  weft_sctp_input(other.end[1].s, kept_packet, kept_len, other.now);
  ck_assert_int_eq(weft_sctp_get_state(other.end[1].s), WEFT_SCTP_CLOSED);
  ck_assert_uint_eq(link_stats(&other, 1).drop_tag, 1);
  ck_assert_uint_eq(other.queued, 0);
  sctp_link_close(&other);
  sctp_link_close(&l);
}
END_TEST

static bool hold_cookie(sctp_link *l, int from, const uint8_t *data, size_t len);

START_TEST(a_cookie_under_another_tag) {
  sctp_link l;
  kept_len = 0;
  sctp_link_init(&l, 1);
  l.keep = hold_cookie;
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_MS(100));
  ck_assert_uint_gt(kept_len, 0);
  uint32_t tag = weft_sctp_be32(kept_packet + 4);
  link_inject_tag(&l, 1, tag + 1, kept_packet + 12, kept_len - 12);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_CLOSED);
  ck_assert_uint_eq(link_stats(&l, 1).drop_tag, 1);
  link_inject_tag(&l, 1, tag, kept_packet + 12, kept_len - 12);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_ESTABLISHED);
  sctp_link_close(&l);
}
END_TEST

static bool hold_cookie(sctp_link *l, int from, const uint8_t *data, size_t len) {
  (void)l, (void)from;
  if (data[12] != WEFT_SCTP_COOKIE_ECHO) return true;
  if (!kept_len) {
    memcpy(kept_packet, data, len);
    kept_len = len;
  }
  return false;
}

/* Section 5.2.6: the old cookie is refused with an ERROR, and the client begins again. */
START_TEST(a_stale_cookie_begins_again) {
  sctp_link l;
  weft_sctp_chunk c;
  kept_len = 0;
  sctp_link_init(&l, 1);
  l.keep = hold_cookie;
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(61));
  ck_assert_uint_gt(kept_len, 0);
  l.keep = NULL;
  link_clear(&l);
  weft_sctp_input(l.end[1].s, kept_packet, kept_len, l.now);
  ck_assert_uint_eq(link_stats(&l, 1).drop_stale_cookie, 1);
  ck_assert(link_find(&l, 1, WEFT_SCTP_ERROR, &c, NULL));
  sctp_link_run(&l, WEFT_SEC(5));
  for (int i = 0; i < 2; i++) ck_assert_int_eq(weft_sctp_get_state(l.end[i].s), WEFT_SCTP_ESTABLISHED);
  sctp_link_close(&l);
}
END_TEST

/* ---- restart (section 5.2.4.1) --------------------------------------------------------------------------------------- */

static void replace(sctp_link *l, int side) {
  weft_sctp_callbacks cb = {sizeof cb, link_output, link_event};
  sctp_end *e = &l->end[side];
  weft_sctp_free(e->s);
  memset(e->events, 0, sizeof e->events);
  ck_assert_int_eq(weft_sctp_new(&e->s, &e->cfg, &cb, e), WEFT_OK);
}

START_TEST(a_peer_that_begins_anew) {
  sctp_link l;
  static uint8_t big[50000];
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_send(&l, 0, 1, "a", 1);
  link_send(&l, 1, 1, "b", 1);
  sctp_link_run(&l, WEFT_SEC(1));
  link_send(&l, 1, 1, big, sizeof big); /* under way when the peer dies */
  link_clear(&l);
  replace(&l, 0);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_run(&l, WEFT_SEC(3));
  ck_assert_uint_eq(l.end[0].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESTARTED], 1);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  ck_assert_uint_eq(link_stats(&l, 1).buffered, 0);
  l.end[0].bytes = l.end[1].bytes = 0;
  link_send(&l, 0, 1, "again", 5); /* sequence number 0 again */
  link_send(&l, 1, 1, "again", 5);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[0].bytes, 5);
  ck_assert_uint_eq(l.end[1].bytes, 5);
  sctp_link_close(&l);
}
END_TEST

/* An INIT out of nowhere changes nothing by itself, even answered, and forged tie tags do not help. */
START_TEST(an_init_alone_restarts_nothing) {
  sctp_link l;
  uint8_t init[600];
  weft_sctp_chunk c;
  weft_sctp_init ack;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  uint32_t mine = l.end[1].s->peer.my_tag;
  for (uint32_t i = 1; i < 50; i++) link_inject_tag(&l, 1, 0, init, make_init(init, 1, i, 65536, 10, 10, ""));
  ck_assert(link_find(&l, 1, WEFT_SCTP_INIT_ACK, &c, NULL));
  weft_sctp_init_read(&ack, &c);
  ck_assert_uint_ne(ack.tag, mine); /* section 5.2.2: a new tag */
  ck_assert_uint_eq(l.end[1].s->peer.my_tag, mine);
  link_clear(&l);
  link_send(&l, 0, 1, "still", 5);
  sctp_link_run(&l, WEFT_SEC(1));
  ck_assert_uint_eq(l.end[1].bytes, 5);
  sctp_link_close(&l);
}
END_TEST

/* The cookie in the INIT-ACK on the way, as a COOKIE-ECHO chunk. */
static size_t echo_of(const sctp_link *l, uint8_t *out, size_t cap, uint32_t *tag) {
  weft_sctp_chunk c;
  weft_sctp_init ack;
  weft_sctp_tlv t = {0};
  weft_wr w;
  ck_assert(link_find(l, 1, WEFT_SCTP_INIT_ACK, &c, NULL));
  weft_sctp_init_read(&ack, &c);
  while (t.type != WEFT_SCTP_PARAM_COOKIE) ck_assert_int_eq(weft_sctp_tlv_next(&ack.params, &t), 1);
  *tag = ack.tag;
  weft_wr_init(&w, out, cap);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_COOKIE_ECHO, 0);
  weft_wr_bytes(&w, t.value, t.value_len);
  weft_sctp_close_chunk(&w, at);
  return weft_wr_len(&w);
}

/* Section 5.2.4, table 12: tags that are not ours restart only with the tie tags of this very association. */
START_TEST(old_tie_tags_restart_nothing) {
  sctp_link l;
  uint8_t init[600], first[200], second[200];
  uint32_t first_tag, second_tag;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  link_inject_tag(&l, 1, 0, init, make_init(init, 1, 50, 65536, 10, 10, ""));
  size_t first_n = echo_of(&l, first, sizeof first, &first_tag);
  link_clear(&l);
  link_inject_tag(&l, 1, 0, init, make_init(init, 1, 60, 65536, 10, 10, ""));
  size_t second_n = echo_of(&l, second, sizeof second, &second_tag);
  link_inject_tag(&l, 1, second_tag, second, second_n);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESTARTED], 1);
  ck_assert_uint_eq(l.end[1].s->peer.peer_tag, 60);
  link_inject_tag(&l, 1, first_tag, first, first_n);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_RESTARTED], 1);
  ck_assert_uint_eq(l.end[1].s->peer.peer_tag, 60);
  ck_assert_uint_eq(link_stats(&l, 1).drop_state, 1);
  sctp_link_close(&l);
}
END_TEST

START_TEST(no_restart_while_shutting_down) {
  sctp_link l;
  weft_sctp_chunk c;
  sctp_link_init(&l, 1);
  sctp_link_connect(&l);
  uint8_t shutdown[8] = {7, 0, 0, 8};
  weft_sctp_put32(shutdown + 4, l.end[1].s->tx.acked);
  link_inject(&l, 1, shutdown, 8);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_SHUTDOWN_ACK_SENT);
  link_clear(&l);
  uint8_t init[600];
  link_inject_tag(&l, 1, 0, init, make_init(init, 1, 77, 65536, 10, 10, ""));
  ck_assert(link_find(&l, 1, WEFT_SCTP_SHUTDOWN_ACK, &c, NULL));
  ck_assert(!link_find(&l, 1, WEFT_SCTP_INIT_ACK, &c, NULL));
  sctp_link_close(&l);
}
END_TEST

/* DATA may share the packet of the COOKIE-ECHO (section 5.1 D). */
START_TEST(data_with_the_cookie) {
  sctp_link l;
  weft_sctp_chunk c;
  uint8_t both[600];
  sctp_link_init(&l, 1);
  sctp_link_open(&l);
  weft_sctp_connect(l.end[0].s, l.now);
  sctp_link_step(&l);
  sctp_link_step(&l);
  ck_assert(link_find(&l, 0, WEFT_SCTP_COOKIE_ECHO, &c, NULL));
  memcpy(both, c.start, c.length);
  l.end[1].s->rx.cumulative = l.end[0].s->peer.my_tsn - 1;
  size_t n = c.length + link_data(&l, 1, both + c.length, 3, 1, 4, 0, "early", 5);
  link_clear(&l);
  link_inject_tag(&l, 1, l.end[1].s->peer.my_tag, both, n);
  ck_assert_uint_eq(l.end[1].events[WEFT_SCTP_EVENT_CONNECTED], 1);
  ck_assert_uint_eq(l.end[1].bytes, 5);
  sctp_link_close(&l);
}
END_TEST

START_TEST(zero_checksum_is_agreed) {
  for (int who = 0; who < 4; who++) {
    sctp_link l;
    sctp_link_init(&l, 1);
    l.end[0].cfg.zero_checksum = who & 1;
    l.end[1].cfg.zero_checksum = who & 2;
    sctp_link_connect(&l);
    link_send(&l, 0, 1, "x", 1);
    ck_assert_int_eq(weft_sctp_be32(l.queue[0].data + 8) == 0, who == 3);
    uint8_t packet[LINK_PACKET], chunk[LINK_PACKET];
    size_t n = link_packet_make(packet, l.end[1].s->peer.my_tag, chunk, link_data(&l, 1, chunk, 3, 1, 0, 0, "y", 1));
    memset(packet + 8, 0, 4);
    weft_sctp_input(l.end[1].s, packet, n, l.now);
    ck_assert_uint_eq(l.end[1].bytes, who & 2 ? 1 : 0); /* taken only by who offered it */
    ck_assert_uint_eq(link_stats(&l, 1).drop_checksum, who & 2 ? 0 : 1);
    sctp_link_close(&l);
  }
}
END_TEST

/* RFC 9653 section 5.3: not even who offered it takes an INIT or a COOKIE-ECHO without a checksum. */
START_TEST(no_zero_checksum_while_setting_up) {
  sctp_link l;
  uint8_t init[600], packet[LINK_PACKET], echo[200];
  uint32_t tag;
  sctp_link_init(&l, 1);
  l.end[1].cfg.zero_checksum = true;
  sctp_link_open(&l);
  size_t n = link_packet_make(packet, 0, init, make_init(init, 1, 50, 65536, 10, 10, "80010008 00000001"));
  weft_sctp_input(l.end[1].s, packet, n, l.now);
  size_t echo_n = echo_of(&l, echo, sizeof echo, &tag);
  link_clear(&l);
  memset(packet + 8, 0, 4);
  weft_sctp_input(l.end[1].s, packet, n, l.now);
  ck_assert_uint_eq(l.queued, 0);
  n = link_packet_make(packet, tag, echo, echo_n);
  memset(packet + 8, 0, 4);
  weft_sctp_input(l.end[1].s, packet, n, l.now);
  ck_assert_uint_eq(link_stats(&l, 1).drop_checksum, 2);
  ck_assert_int_eq(weft_sctp_get_state(l.end[1].s), WEFT_SCTP_CLOSED);
  sctp_link_close(&l);
}
END_TEST

START_TEST(fewer_streams_of_the_peer) {
  sctp_link l;
  sctp_link_init(&l, 1);
  l.end[1].cfg.streams_in = 16;
  l.end[1].cfg.streams_out = 8;
  sctp_link_connect(&l);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CONNECTED].streams_out, 16);
  ck_assert_uint_eq(l.end[0].last[WEFT_SCTP_EVENT_CONNECTED].streams_in, 8);
  ck_assert_uint_eq(l.end[1].last[WEFT_SCTP_EVENT_CONNECTED].streams_out, 8);
  ck_assert_int_eq(link_send(&l, 0, 16, "x", 1), WEFT_EINVAL);
  ck_assert_int_eq(link_send(&l, 0, 15, "x", 1), WEFT_OK);
  sctp_link_close(&l);
}
END_TEST

Suite *test_sctp_handshake(void) {
  static const unit_test tests[] = {UNIT(each_packet_lost_in_turn),
                                    UNIT(nobody_answers),
                                    UNIT(nobody_takes_the_cookie),
                                    UNIT(answers_real_inits),
                                    UNIT(forbidden_values),
                                    UNIT(unknown_parameters_are_reported),
                                    UNIT(init_flood_keeps_nothing),
                                    UNIT(bad_init_acks_end_it),
                                    UNIT(init_ack_only_when_waiting),
                                    UNIT(a_replayed_cookie_is_harmless),
                                    UNIT(a_cookie_of_another_association),
                                    UNIT(a_stale_cookie_begins_again),
                                    UNIT(a_cookie_under_another_tag),
                                    UNIT(old_tie_tags_restart_nothing),
                                    UNIT(no_zero_checksum_while_setting_up),
                                    UNIT(a_peer_that_begins_anew),
                                    UNIT(an_init_alone_restarts_nothing),
                                    UNIT(no_restart_while_shutting_down),
                                    UNIT(data_with_the_cookie),
                                    UNIT(zero_checksum_is_agreed),
                                    UNIT(fewer_streams_of_the_peer)};
  return unit_suite("sctp/handshake", tests, sizeof tests / sizeof tests[0]);
}
