#include <stdio.h>
#include <string.h>

#include "libp2p/multistream.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

/* multistream-select README: each message is a varint length, the text and a newline. */
#define HEADER "\x13/multistream/1.0.0\n"
#define NA "\x03na\n"
#define LS "\x03ls\n"
#define PING "\x11/ipfs/ping/1.0.0\n"
#define CHAT "\x13/webrtc-chat/1.0.0\n"
#define ECHO "\x0c/echo/1.0.0\n"

static const char *const all[] = {"/ipfs/ping/1.0.0", "/webrtc-chat/1.0.0", "/echo/1.0.0"};

typedef struct side {
  weft_multistream *ms;
  char out[70000];
  size_t out_len, room;
  int output_code; /* negative: what output answers */
  int selected, closed;
  bool free_in_event;
  const char *protocol;
  size_t index;
  weft_closed why;
} side;

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  side *s = user;
  (void)now;
  if (s->output_code) return s->output_code;
  size_t n = len < s->room ? len : s->room;
  ck_assert_uint_le(s->out_len + n, sizeof s->out);
  memcpy(s->out + s->out_len, data, n);
  s->out_len += n;
  s->room -= n;
  return (ptrdiff_t)n;
}

static void event(void *user, const weft_multistream_event *ev, weft_time now) {
  side *s = user;
  (void)now;
  if (ev->type == WEFT_MULTISTREAM_EVENT_SELECTED) {
    s->selected++;
    s->protocol = ev->protocol;
    s->index = ev->index;
  } else {
    s->closed++;
    s->why = ev->closed;
  }
  if (s->free_in_event) {
    weft_multistream_free(s->ms);
    s->ms = NULL;
  }
}

static int make(side *s, bool dialer, const char *const *protocols, size_t n) {
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, output, event};
  memset(s, 0, sizeof *s);
  s->room = SIZE_MAX;
  weft_multistream_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.dialer = dialer;
  cfg.protocols = protocols;
  cfg.protocols_len = n;
  return weft_multistream_new(&s->ms, &cfg, &cb, s);
}

static void start(side *s, bool dialer, const char *const *protocols, size_t n) {
  ck_assert_int_eq(make(s, dialer, protocols, n), WEFT_OK);
  ck_assert_int_eq(weft_multistream_start(s->ms, 1000), WEFT_OK);
}

static ptrdiff_t feed(side *s, const char *bytes, size_t len) {
  return weft_multistream_input(s->ms, (const uint8_t *)bytes, len, 2000);
}
#define FEED(s, literal) ck_assert_int_eq(feed((s), (literal), sizeof(literal) - 1), (ptrdiff_t)sizeof(literal) - 1)
#define SENT(s, literal) \
  do { \
    ck_assert_uint_eq((s)->out_len, sizeof(literal) - 1); \
    ck_assert_mem_eq((s)->out, (literal), sizeof(literal) - 1); \
    (s)->out_len = 0; \
  } while (0)

static void check_closed(const side *s, weft_who who, int code) {
  ck_assert_int_eq(s->selected, 0);
  ck_assert_int_eq(s->closed, 1);
  ck_assert_int_eq(s->why.who, who);
  ck_assert_int_eq(s->why.code, code);
  ck_assert_str_eq(s->why.layer, "multistream");
  ck_assert_ptr_nonnull(s->why.text);
}

START_TEST(dialer_sends_header_and_first_proposal_at_once) {
  static side s;
  start(&s, true, all, 3);
  SENT(&s, HEADER PING);
  FEED(&s, HEADER);
  ck_assert_int_eq(s.selected, 0);
  FEED(&s, PING);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_str_eq(s.protocol, all[0]);
  ck_assert_uint_eq(s.index, 0);
  ck_assert_uint_eq(s.out_len, 0);
  ck_assert(weft_multistream_deadline(s.ms) == WEFT_NEVER);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(dialer_goes_through_its_offers) {
  static side s;
  start(&s, true, all, 3);
  SENT(&s, HEADER PING);
  FEED(&s, HEADER NA);
  SENT(&s, CHAT);
  FEED(&s, NA);
  SENT(&s, ECHO);
  FEED(&s, ECHO);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_uint_eq(s.index, 2);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(dialer_hears_no_to_everything) {
  static side s;
  start(&s, true, all, 2);
  FEED(&s, HEADER NA NA);
  check_closed(&s, WEFT_WHO_PEER, WEFT_EUNSUPPORTED);
  weft_multistream_free(s.ms);
}
END_TEST

/* Its header follows the dialer's: py-libp2p loses what comes before its own first bytes are out. */
START_TEST(listener_speaks_second) {
  static side s;
  start(&s, false, all, 3);
  SENT(&s, "");
  ck_assert_int_eq(feed(&s, HEADER, sizeof(HEADER) - 2), sizeof(HEADER) - 2);
  SENT(&s, "");
  FEED(&s, "\n");
  SENT(&s, HEADER);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(listener_accepts_and_leaves_the_rest) {
  static side s;
  start(&s, false, all, 3);
  ck_assert_int_eq(feed(&s, HEADER ECHO "hello", sizeof(HEADER ECHO) - 1 + 5), sizeof(HEADER ECHO) - 1);
  SENT(&s, HEADER ECHO);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_ptr_eq(s.protocol, all[2]);
  ck_assert_int_eq(feed(&s, "hello", 5), 0);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(listener_says_na_and_lists) {
  static side s;
  start(&s, false, all, 3);
  FEED(&s, HEADER "\x07/other\n");
  SENT(&s, HEADER NA);
  FEED(&s, LS);
  SENT(&s, "\x34" PING CHAT ECHO "\n"); /* 18 + 20 + 13 bytes and a newline */
  FEED(&s, CHAT);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_uint_eq(s.index, 1);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(a_name_must_be_equal_not_alike) {
  static side s;
  start(&s, false, all, 3);
  FEED(&s, HEADER "\x10/ipfs/ping/1.0.\n"
                  "\x12/ipfs/ping/1.0.0/\n"
                  "\x01\n");
  SENT(&s, HEADER NA NA NA);
  ck_assert_int_eq(s.selected, 0);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(bytes_arrive_one_by_one) {
  static const char wire[] = HEADER NA CHAT;
  static side s;
  start(&s, true, all, 2);
  for (size_t i = 0; i + 1 < sizeof wire; i++) {
    ck_assert_int_eq(s.selected, 0);
    ck_assert_int_eq(feed(&s, wire + i, 1), 1);
  }
  ck_assert_int_eq(s.selected, 1);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(selected_waits_until_our_bytes_are_out) {
  static side s;
  start(&s, false, all, 3);
  s.room = 4;
  FEED(&s, HEADER ECHO);
  ck_assert_int_eq(s.selected, 0);
  ck_assert_int_eq(feed(&s, "hello", 5), 0);
  s.room = 100;
  ck_assert_int_eq(weft_multistream_tick(s.ms, 3000), WEFT_OK);
  ck_assert_int_eq(s.selected, 1);
  SENT(&s, HEADER ECHO);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(broken_lines) {
  static const struct {
    const char *bytes;
    size_t len;
    int code;
  } cases[] = {
#define BAD(text, code) {text, sizeof(text) - 1, code}
      BAD("\x13/multistream/2.0.0\n", WEFT_EPROTO),
      BAD("\x12/multistream/1.0.0", WEFT_EMALFORMED), /* no newline */
      BAD("\x00", WEFT_ETOOBIG),                      /* an empty line */
      BAD(HEADER "\x00", WEFT_ETOOBIG),
      BAD("\x80\x00", WEFT_EMALFORMED),     /* not minimal */
      BAD("\xff\xff\xff", WEFT_EMALFORMED), /* longer than three bytes */
      BAD("\x81\x80\x01", WEFT_ETOOBIG),    /* 16,385 */
      BAD(HEADER "\x03nab", WEFT_EMALFORMED),
      BAD(HEADER "\x04nah\n", WEFT_EPROTO),
      BAD(HEADER ECHO, WEFT_EPROTO), /* a protocol that was not proposed */
      BAD("GET / HTTP/1.1\r\n\r\n GET / HTTP/1.1\r\n\r\n GET / HTTP/1.1\r\n\r\n GET / HTTP/1.1\r\n\r\n",
          WEFT_EMALFORMED),
#undef BAD
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(cases); i++) {
    static side s;
    start(&s, true, all, 1);
    ck_assert_int_ge(feed(&s, cases[i].bytes, cases[i].len), 0);
    ck_assert_msg(s.closed == 1, "case %zu", i);
    check_closed(&s, WEFT_WHO_PEER, cases[i].code);
    ck_assert(weft_multistream_deadline(s.ms) == WEFT_NEVER);
    weft_multistream_free(s.ms);
  }
}
END_TEST

static size_t long_line(char *buf, size_t text_len) {
  size_t n = text_len + 1;
  buf[0] = (char)(n | 0x80), buf[1] = (char)(n >> 7 & 0x7f);
  size_t at = 2;
  if (n >= 1 << 14) buf[1] = (char)(buf[1] | 0x80), buf[at++] = (char)(n >> 14);
  memset(buf + at, 'x', text_len);
  buf[at + text_len] = '\n';
  return at + n;
}

START_TEST(long_proposals_are_answered_na) {
  static side s;
  static char buf[20000];
  start(&s, false, all, 3);
  FEED(&s, HEADER);
  s.out_len = 0;
  size_t sizes[] = {1022, 1023, 1024, 5000, 16383};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(sizes); i++) {
    size_t n = long_line(buf, sizes[i]);
    ck_assert_int_eq(feed(&s, buf, n), (ptrdiff_t)n);
    SENT(&s, NA);
  }
  size_t n = long_line(buf, 16384);
  feed(&s, buf, n);
  check_closed(&s, WEFT_WHO_PEER, WEFT_ETOOBIG);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(our_own_longest_name) {
  static side s;
  static char name[1025], buf[1100];
  const char *const names[] = {name};
  memset(name, 'x', 1024);
  ck_assert_int_eq(make(&s, true, names, 1), WEFT_EINVAL);
  name[1023] = '\0';
  start(&s, false, names, 1);
  FEED(&s, HEADER);
  s.out_len = 0;
  size_t n = long_line(buf, 1023);
  ck_assert_int_eq(feed(&s, buf, n), (ptrdiff_t)n);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_uint_eq(s.out_len, n);
  ck_assert_mem_eq(s.out, buf, n);
  weft_multistream_free(s.ms);
  ck_assert_int_eq(make(&s, true, names, 0), WEFT_EINVAL);
}
END_TEST

START_TEST(a_thousand_proposals_are_enough) {
  static side s;
  start(&s, false, all, 3);
  FEED(&s, HEADER);
  for (int i = 0; i < WEFT_MULTISTREAM_PROPOSALS_MAX; i++) FEED(&s, "\x03/x\n");
  ck_assert_int_eq(s.closed, 0);
  FEED(&s, "\x03/x\n");
  check_closed(&s, WEFT_WHO_PEER, WEFT_ELIMIT);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(a_peer_that_never_reads_is_let_go) {
  static side s;
  start(&s, false, all, 3);
  FEED(&s, HEADER);
  s.room = 0;
  for (int i = 0; i < 999 && !s.closed; i++) FEED(&s, LS); /* 999 lists of 53 bytes stay below 64 KiB */
  ck_assert_int_eq(s.closed, 0);
  weft_multistream_free(s.ms);
  static char names[20][200];
  const char *list[20];
  for (int i = 0; i < 20; i++) {
    memset(names[i], 'a' + i, sizeof names[i]);
    names[i][40] = '\0';
    list[i] = names[i];
  }
  start(&s, false, list, 20);
  FEED(&s, HEADER);
  s.room = 0;
  for (int i = 0; i < 999 && !s.closed; i++) FEED(&s, LS);
  check_closed(&s, WEFT_WHO_PEER, WEFT_ELIMIT);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(the_limit_of_time) {
  static side s;
  start(&s, true, all, 1);
  ck_assert_uint_eq(weft_multistream_deadline(s.ms), 1000 + WEFT_SEC(10));
  weft_multistream_tick(s.ms, WEFT_SEC(10));
  ck_assert_int_eq(s.closed, 0);
  weft_multistream_tick(s.ms, 1000 + WEFT_SEC(10));
  check_closed(&s, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT);
  ck_assert(weft_multistream_deadline(s.ms) == WEFT_NEVER);
  weft_multistream_tick(s.ms, WEFT_SEC(100));
  ck_assert_int_eq(s.closed, 1);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(the_stream_ends_or_refuses) {
  static side s;
  start(&s, true, all, 1);
  weft_multistream_input_end(s.ms, 5000);
  check_closed(&s, WEFT_WHO_PEER, WEFT_ECLOSED);
  weft_multistream_free(s.ms);
  ck_assert_int_eq(make(&s, true, all, 1), WEFT_OK);
  ck_assert_int_eq(weft_multistream_input(s.ms, (const uint8_t *)HEADER, 1, 0), WEFT_ESTATE);
  s.output_code = WEFT_ERESET;
  ck_assert_int_eq(weft_multistream_start(s.ms, 0), WEFT_OK);
  check_closed(&s, WEFT_WHO_SELF, WEFT_ERESET);
  ck_assert_int_eq(weft_multistream_start(s.ms, 0), WEFT_ESTATE);
  weft_multistream_free(s.ms);
}
END_TEST

START_TEST(free_inside_the_event) {
  static side s;
  start(&s, false, all, 3);
  s.free_in_event = true;
  ck_assert_int_eq(feed(&s, HEADER ECHO "rest", sizeof(HEADER ECHO) + 3), sizeof(HEADER ECHO) - 1);
  ck_assert_int_eq(s.selected, 1);
  ck_assert_ptr_null(s.ms);
  start(&s, false, all, 3);
  s.free_in_event = true;
  weft_multistream_tick(s.ms, WEFT_SEC(11));
  ck_assert_int_eq(s.closed, 1);
  ck_assert_ptr_null(s.ms);
  weft_multistream_free(NULL);
}
END_TEST

/* Both ends, the pipe cut anywhere: they agree on what both have. */
START_TEST(two_ends_agree_however_the_pipe_cuts) {
  static side a, b;
  test_rng r;
  test_rng_init(&r, 7);
  for (int round = 0; round < 300; round++) {
    const char *const wants[] = {"/none/1", "/none/2", all[round % 3]};
    bool common = round % 4 != 0;
    start(&a, true, wants, common ? 3 : 2);
    start(&b, false, all, 3);
    size_t a_read = 0, b_read = 0;
    for (int step = 0; step < 2000 && a.selected + a.closed == 0; step++) {
      bool to_a = test_rng_chance(&r, 50);
      side *from = to_a ? &b : &a, *to = to_a ? &a : &b;
      size_t *read = to_a ? &b_read : &a_read;
      from->room = test_rng_below(&r, 20);
      weft_multistream_tick(from->ms, 3000);
      size_t n = from->out_len - *read, some = n ? test_rng_below(&r, (uint32_t)n) + 1 : 0;
      if (some == 0) continue;
      to->room = test_rng_below(&r, 20);
      ptrdiff_t took = weft_multistream_input(to->ms, (const uint8_t *)from->out + *read, some, 3000);
      ck_assert_int_ge(took, 0);
      *read += (size_t)took;
    }
    ck_assert_int_eq(a.selected, common);
    ck_assert_int_eq(a.closed, !common);
    if (common) {
      ck_assert_int_eq(b.selected, 1);
      ck_assert_str_eq(a.protocol, b.protocol);
    }
    weft_multistream_free(a.ms);
    weft_multistream_free(b.ms);
  }
}
END_TEST

static void one_negotiation(void *ctx) {
  side *s = ctx;
  if (make(s, true, all, 3) != WEFT_OK) return;
  weft_multistream_start(s->ms, 0);
  feed(s, HEADER NA CHAT, sizeof(HEADER NA CHAT) - 1);
  ck_assert_int_eq(s->selected + s->closed, 1);
  if (s->closed) ck_assert_int_eq(s->why.code, WEFT_ENOMEM);
  weft_multistream_free(s->ms);
}

START_TEST(memory_runs_out) {
  static side s;
  ck_assert_uint_gt(alloc_sweep(one_negotiation, &s), 1);
}
END_TEST

Suite *test_libp2p_multistream(void) {
  static const unit_test tests[] = {UNIT(dialer_sends_header_and_first_proposal_at_once),
                                    UNIT(dialer_goes_through_its_offers),
                                    UNIT(dialer_hears_no_to_everything),
                                    UNIT(listener_speaks_second),
                                    UNIT(listener_accepts_and_leaves_the_rest),
                                    UNIT(listener_says_na_and_lists),
                                    UNIT(a_name_must_be_equal_not_alike),
                                    UNIT(bytes_arrive_one_by_one),
                                    UNIT(selected_waits_until_our_bytes_are_out),
                                    UNIT(broken_lines),
                                    UNIT(long_proposals_are_answered_na),
                                    UNIT(our_own_longest_name),
                                    UNIT(a_thousand_proposals_are_enough),
                                    UNIT(a_peer_that_never_reads_is_let_go),
                                    UNIT(the_limit_of_time),
                                    UNIT(the_stream_ends_or_refuses),
                                    UNIT(free_inside_the_event),
                                    UNIT(two_ends_agree_however_the_pipe_cuts),
                                    UNIT(memory_runs_out)};
  return unit_suite("libp2p/multistream", tests, sizeof tests / sizeof tests[0]);
}
