#include "test/support/alloc.h"
#include "test/support/unit.h"
#include "test/unit/js_peer.h"

static private_world w;
static js_peer js;

static private_side *a(void) { return &w.sides[0]; }
static private_side *b(void) { return &w.sides[1]; }

/* ---- messages by hand ---- */

/* type < 0: no type field */
static size_t message(uint8_t *out, int type, const char *text, size_t len) {
  uint8_t body[8];
  size_t n = 0, head = 0;
  if (type >= 0) body[head++] = 0x08, body[head++] = (uint8_t)type;
  body[head++] = 0x12;
  head += js_varint(body + head, len);
  n = js_varint(out, head + len);
  memcpy(out + n, body, head);
  memcpy(out + n + head, text, len);
  return n + head + len;
}

static void tell(private_side *s, int type, const char *text) {
  static uint8_t out[70000];
  size_t n = message(out, type, text, strlen(text));
  ck_assert_int_eq(weft_private_stream_input(s->p, out, n, w.now), WEFT_OK);
}

static const char answer[] =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    "a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=setup:active\r\n"
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:"
    "17:18:19:1A:1B:1C:1D:1E:1F\r\n";

static const char *offer(void) {
  static char text[sizeof answer + 8];
  char *at;
  memcpy(text, answer, sizeof answer);
  at = strstr(text, "active");
  memmove(at + 7, at + 6, strlen(at + 6) + 1);
  memcpy(at, "actpass", 7);
  return text;
}

static void only(private_side *s, uint64_t seed) {
  private_world_prepare(&w, seed, test_alloc());
  ck_assert(private_world_make(s));
  ck_assert_int_eq(weft_private_start(s->p, w.now), WEFT_OK);
}

static void check_closed(const private_side *s, int code, const char *step, const char *part) {
  ck_assert_uint_eq(s->closed_seen, 1);
  ck_assert_msg(s->closed.code == code, "%s: %s", weft_errname(s->closed.code), s->closed_text);
  ck_assert_str_eq(s->closed.step, step);
  ck_assert_str_eq(s->closed.layer, "webrtc");
  ck_assert_int_eq(s->closed.who, WEFT_WHO_PEER);
  ck_assert_msg(strstr(s->closed_text, part) != NULL, "%s", s->closed_text);
  ck_assert(s->pipe.reset);
}

/* ---- what goes out ---- */

/* The description first, then candidates, null at the end; a type in each: js-libp2p wants it so. */
START_TEST(what_js_would_take) {
  for (int i = 0; i < 2; i++) {
    private_world_prepare(&w, 21, test_alloc());
    js_peer_init(&js, &w.sides[!i], JS_CHROMIUM);
    ck_assert(private_world_make(&w.sides[i]));
    ck_assert_int_eq(weft_private_start(w.sides[i].p, w.now), WEFT_OK);
    js_peer_start(&js);
    private_world_run(&w, WEFT_SEC(3), NULL);
    ck_assert_str_eq(js.complaint, "");
    ck_assert(js.heard_description && js.heard_end);
    ck_assert_uint_eq(js.heard_candidates, 1);
    private_world_end(&w);
  }
}
END_TEST

/* An answer before the offer would make no sense, but candidates are found long before it. */
START_TEST(candidates_wait_for_the_answer) {
  only(b(), 22);
  private_world_run(&w, w.now + WEFT_SEC(1), NULL);
  ck_assert_uint_eq(b()->pipe.len, 0);
  tell(b(), 0, offer());
  ck_assert_uint_gt(b()->pipe.len, 100);
  ck_assert_uint_eq(b()->pipe.said[2], 0x08); /* its length has two bytes */
  ck_assert_uint_eq(b()->pipe.said[3], WEFT_SIGNALING_ANSWER);
  ck_assert_uint_eq(b()->candidates_local, 1);
  private_world_end(&w);
}
END_TEST

START_TEST(a_stream_that_takes_little) {
  private_world_prepare(&w, 23, test_alloc());
  a()->pipe.room = 7;
  b()->pipe.room = 1;
  a()->pipe.delay = b()->pipe.delay = WEFT_MS(1);
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  private_world_end(&w);
}
END_TEST

static ptrdiff_t refusing(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)data, (void)len, (void)now;
  return WEFT_ECLOSED;
}

START_TEST(a_stream_that_takes_nothing_any_more) {
  private_world_prepare(&w, 24, test_alloc());
  a()->cb.stream_output = refusing;
  ck_assert(private_world_make(a()));
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  ck_assert_uint_eq(a()->closed_seen, 1);
  ck_assert_int_eq(a()->closed.code, WEFT_ECLOSED);
  ck_assert_str_eq(a()->closed.step, "signaling");
  private_world_end(&w);
}
END_TEST

/* ---- cut anywhere ---- */

static void good_session(uint64_t seed, size_t cut) {
  private_world_prepare(&w, seed, test_alloc());
  a()->pipe.cut = b()->pipe.cut = cut;
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
}

START_TEST(byte_by_byte) {
  good_session(25, 0);
  uint64_t said = w.said_hash, carried = w.net.hash;
  private_world_end(&w);
  good_session(25, 1);
  ck_assert_uint_eq(w.said_hash, said);
  ck_assert_uint_eq(w.net.hash, carried);
  private_world_end(&w);
}
END_TEST

/* What one side says, to the other in two pieces cut at every place: the same answer, the same events. */
static void cut_everywhere(int to) {
  static uint8_t said[8192];
  good_session(26, 0);
  size_t len = w.sides[!to].pipe.len, answered = w.sides[to].pipe.len;
  ck_assert_uint_le(len, sizeof said);
  memcpy(said, w.sides[!to].pipe.said, len);
  private_world_end(&w);
  for (size_t cut = 0; cut <= len; cut++) {
    only(&w.sides[to], 26);
    ck_assert_int_eq(weft_private_stream_input(w.sides[to].p, said, cut, w.now), WEFT_OK);
    ck_assert_int_eq(weft_private_stream_input(w.sides[to].p, said + cut, len - cut, w.now), WEFT_OK);
    ck_assert_uint_eq(w.sides[to].closed_seen, 0);
    ck_assert_uint_eq(w.sides[to].pipe.len, answered);
    ck_assert_uint_eq(w.sides[to].candidates_remote, 1);
    ck_assert_uint_eq(w.sides[to].steps_len, 2);
    private_world_end(&w);
  }
}

START_TEST(cut_at_every_byte) {
  cut_everywhere(0);
  cut_everywhere(1);
}
END_TEST

/* ---- bad order ---- */

START_TEST(two_offers) {
  only(b(), 31);
  tell(b(), 0, offer());
  ck_assert_uint_eq(b()->closed_seen, 0);
  tell(b(), 0, offer());
  check_closed(b(), WEFT_EPROTO, "signaling", "second offer");
  private_world_end(&w);
}
END_TEST

START_TEST(answer_first) {
  only(b(), 32);
  tell(b(), 1, answer);
  check_closed(b(), WEFT_EPROTO, "signaling", "there was no offer");
  private_world_end(&w);
  only(a(), 32);
  tell(a(), 1, answer);
  ck_assert_uint_eq(a()->closed_seen, 0);
  tell(a(), 1, answer);
  check_closed(a(), WEFT_EPROTO, "signaling", "second answer");
  private_world_end(&w);
}
END_TEST

START_TEST(both_offer) {
  private_world_prepare(&w, 33, test_alloc());
  b()->cfg.offerer = true;
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_closed));
  ck_assert_int_eq(a()->closed.code, WEFT_EPROTO);
  ck_assert_ptr_nonnull(strstr(a()->closed_text, "instead of an answer"));
  private_world_end(&w);
}
END_TEST

START_TEST(answers_that_cannot_be) {
  static const char *const setups[] = {"actpass", "holdconn"};
  char text[sizeof answer + 16];
  for (size_t i = 0; i < 2; i++) {
    only(a(), 34);
    snprintf(text, sizeof text, "%s", answer);
    char *at = strstr(text, "active");
    memmove(at + strlen(setups[i]), at + 6, strlen(at + 6) + 1);
    memcpy(at, setups[i], strlen(setups[i]));
    tell(a(), 1, text);
    check_closed(a(), WEFT_EPROTO, "signaling", "a=setup");
    private_world_end(&w);
  }
}
END_TEST

/* ---- bad messages ---- */

START_TEST(unknown_types_are_passed_over) {
  static const uint8_t far_type[] = {0x0b, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  only(b(), 35);
  tell(b(), 3, "something new");
  tell(b(), 100, "");
  tell(b(), 3, "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 5000 typ host\"}");
  ck_assert_uint_eq(b()->candidates_remote, 0);
  ck_assert_int_eq(weft_private_stream_input(b()->p, far_type, sizeof far_type, w.now), WEFT_OK);
  ck_assert_uint_eq(b()->closed_seen, 0);
  tell(b(), 0, offer());
  ck_assert_uint_eq(b()->steps_len, 2);
  private_world_end(&w);
}
END_TEST

static void refuse_bytes(const void *bytes, size_t len, int code, const char *part) {
  only(b(), 36);
  ck_assert_int_eq(weft_private_stream_input(b()->p, bytes, len, w.now), WEFT_OK);
  check_closed(b(), code, "signaling", part);
  private_world_end(&w);
}

START_TEST(what_is_no_message) {
  refuse_bytes("\x02\x12\x00", 3, WEFT_EPROTO, "no type");
  refuse_bytes("\x00", 1, WEFT_EPROTO, "no type");
  refuse_bytes("\x03\x0b\x08\x00", 4, WEFT_EMALFORMED, "no protobuf");     /* a group */
  refuse_bytes("\x04\x08\x00\x12\x7f", 5, WEFT_EMALFORMED, "no protobuf"); /* a length past the end */
  refuse_bytes("\x02\x0a\x00", 3, WEFT_EMALFORMED, "no protobuf");         /* type as bytes */
  refuse_bytes("\x80\x00", 2, WEFT_EMALFORMED, "signaling message");       /* a length that is too long for itself */
  refuse_bytes("\x81\x80\x01", 3, WEFT_ETOOBIG, "16 KiB");                 /* 16385 */
  refuse_bytes("\x80\x80\x80", 3, WEFT_ETOOBIG, "16 KiB");
}
END_TEST

/* Its length alone is enough: nothing of it is kept. */
START_TEST(sdp_of_a_megabyte) {
  static char big[1 << 20];
  static uint8_t out[sizeof big + 16];
  memset(big, 'a', sizeof big);
  memcpy(big, offer(), strlen(offer()));
  size_t n = message(out, 0, big, sizeof big);
  only(b(), 37);
  size_t before = test_leak()->peak_bytes;
  for (size_t i = 0; i < n; i += 1000)
    ck_assert_int_eq(weft_private_stream_input(b()->p, out + i, n - i < 1000 ? n - i : 1000, w.now), WEFT_OK);
  check_closed(b(), WEFT_ETOOBIG, "signaling", "16 KiB");
  ck_assert_uint_lt(test_leak()->peak_bytes, before + 2000);
  private_world_end(&w);
}
END_TEST

/* As long as a message may be, and good. */
START_TEST(sdp_of_sixteen_kib) {
  static char big[WEFT_SIGNALING_MESSAGE_MAX - 5];
  static uint8_t out[20000];
  size_t n = strlen(offer());
  memcpy(big, offer(), n);
  memset(big + n, 'a', sizeof big - n);
  for (; n + 2 < sizeof big; n += 100)
    memcpy(big + n, "a=", 2), big[n + 99 < sizeof big ? n + 99 : sizeof big - 1] = '\n';
  only(b(), 38);
  n = message(out, 0, big, sizeof big);
  ck_assert_uint_eq(n, WEFT_SIGNALING_MESSAGE_MAX + 3);
  for (size_t i = 0; i < n; i++) ck_assert_int_eq(weft_private_stream_input(b()->p, out + i, 1, w.now), WEFT_OK);
  ck_assert_msg(b()->closed_seen == 0, "%s", b()->closed_text);
  ck_assert_uint_eq(b()->steps_len, 2);
  private_world_end(&w);
}
END_TEST

static void refuse_offer(const char *text, int code, const char *part) {
  only(b(), 39);
  tell(b(), 0, text);
  check_closed(b(), code, "sdp", part);
  ck_assert_uint_eq(b()->pipe.len, 0);
  private_world_end(&w);
}

/* The offer with `what` in the place of `old`. */
static const char *changed(const char *old, const char *what) {
  static char text[2048];
  const char *from = offer(), *at = strstr(from, old);
  ck_assert_ptr_nonnull(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - from), from, what, at + strlen(old));
  return text;
}

START_TEST(sdp_without_fingerprint) {
  refuse_offer(changed("a=fingerprint:sha-256 00", "a=x:00"), WEFT_EUNSUPPORTED, "fingerprint");
  refuse_offer(changed("sha-256", "sha-1"), WEFT_EUNSUPPORTED, "fingerprint");
}
END_TEST

START_TEST(sdp_that_promises_too_little) {
  refuse_offer(changed("a=mid:0\r\n", "a=mid:0\r\na=max-message-size:1200\r\n"), WEFT_EUNSUPPORTED, "max-message-size");
  only(b(), 39);
  tell(b(), 0, changed("a=mid:0\r\n", "a=mid:0\r\na=max-message-size:0\r\n")); /* no limit */
  ck_assert_uint_eq(b()->closed_seen, 0);
  private_world_end(&w);
}
END_TEST

/* What the peer chose is said back only if no line can end in it; in JSON neither. */
START_TEST(lines_put_into_names) {
  refuse_offer(changed("a=mid:0\r\n", "a=mid:0\ra=setup:passive\r\n"), WEFT_EMALFORMED, "CR");
  refuse_offer(changed("abcd", "ab\rcd"), WEFT_EMALFORMED, "CR");
  refuse_offer(changed("a=mid:0\r\n", "a=mid:0\",\"x\r\n"), WEFT_EMALFORMED, "mid");
  only(b(), 40);
  tell(b(), 0, offer());
  tell(b(), 2, "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 5000 typ host\\r\\na=fingerprint:sha-256 00\"}");
  tell(b(), 2, "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1\\n 5000 typ host\"}");
  tell(b(), 2, "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 5000 typ host ufrag ab\\r\\ncd\"}");
  ck_assert_uint_eq(b()->candidates_remote, 0);
  ck_assert_uint_eq(b()->closed_seen, 0);
  private_world_end(&w);
}
END_TEST

/* ---- candidates ---- */

START_TEST(ends_in_every_form_and_nonsense) {
  static const char *const texts[] = {
      "null",  "\"\"", "{\"candidate\":\"\"}", "{\"candidate\":null}", "{}",       "",
      "hello", "[]",   "{\"candidate\":",      "{\"candidate\":7}",    "\"text\"", "{\"a\":1}"};
  only(b(), 41);
  tell(b(), 0, offer());
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    tell(b(), 2, texts[i]);
    ck_assert_msg(b()->closed_seen == 0, "%s: %s", texts[i], b()->closed_text);
  }
  tell(b(), 2, "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 5000 typ host\"}"); /* after the end it still counts */
  ck_assert_uint_eq(b()->candidates_remote, 1);
  private_world_end(&w);
}
END_TEST

START_TEST(candidates_before_the_description) {
  private_world_prepare(&w, 42, test_alloc());
  ck_assert(private_world_make(a()) && private_world_make(b()));
  ck_assert_int_eq(weft_private_start(b()->p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  tell(b(), 2, "{\"candidate\":\"candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host\"}");
  tell(a(), 2, "{\"candidate\":\"candidate:1 1 udp 2130706431 10.0.0.2 6000 typ host\"}");
  /* as node-datachannel's polyfill writes it */
  tell(a(), 2,
       "{\"candidate\":\"a=candidate:1 1 UDP 2114977791 10.0.0.2 6000 typ "
       "host\",\"sdpMLineIndex\":null,\"sdpMid\":\"0\","
       "\"usernameFragment\":null}");
  ck_assert_uint_eq(a()->candidates_remote + b()->candidates_remote, 3);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  private_world_end(&w);
}
END_TEST

static uint64_t drops(const private_side *s, bool forbidden) {
  weft_ice_stats st = {.size = sizeof st};
  weft_ice_get_stats(s->p->c->ice, &st);
  return forbidden ? st.drop_candidate_forbidden : st.drop_candidate_limit;
}

START_TEST(ten_thousand_candidates) {
  char text[200];
  private_world_prepare(&w, 43, test_alloc());
  ck_assert(private_world_make(a()) && private_world_make(b()));
  ck_assert_int_eq(weft_private_start(b()->p, w.now), WEFT_OK);
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  while (a()->candidates_remote == 0) ck_assert(private_world_step(&w, WEFT_SEC(15)));
  size_t before = test_leak()->blocks;
  for (int i = 0; i < 10000; i++) {
    snprintf(text, sizeof text, "{\"candidate\":\"candidate:%d 1 udp 2130706431 10.1.%d.%d 6000 typ host\"}", i,
             i / 250, 1 + i % 250);
    tell(a(), 2, text);
  }
  ck_assert_uint_le(a()->candidates_remote, 64);
  ck_assert_uint_le(test_leak()->blocks - before, 20 + 40); /* the agent's candidates and pairs */
  ck_assert_uint_ge(drops(a(), false), 40);
  ck_assert_uint_eq(a()->closed_seen, 0); /* what was there before them goes on */
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  private_world_end(&w);
}
END_TEST

START_TEST(forbidden_candidates) {
  static const char *const addrs[] = {"224.0.0.1 5000",   "255.255.255.255 5000", "0.0.0.0 5000",
                                      "10.0.0.7 0",       "127.0.0.1 5000",       "::1 5000",
                                      ":: 5000",          "ff02::1 5000",         "::ffff:127.0.0.1 5000",
                                      "::127.0.0.1 5000", "fec0::1 5000",         "::ffff:10.0.0.1 5000"};
  enum { N = sizeof addrs / sizeof addrs[0] };
  char text[200];
  only(b(), 44);
  tell(b(), 0, offer());
  for (int i = 0; i < N; i++) {
    snprintf(text, sizeof text, "{\"candidate\":\"candidate:%d 1 udp 2130706431 %s typ host\"}", i, addrs[i]);
    tell(b(), 2, text);
    ck_assert_msg(drops(b(), true) == (uint64_t)i + 1, "%s", addrs[i]);
  }
  weft_time until = w.now + WEFT_SEC(9);
  private_world_run(&w, until, NULL);
  ck_assert_uint_eq(net_link_of(&w.net, &b()->addrs[0])->sent, 0); /* not one check */
  private_world_end(&w);
}
END_TEST

START_TEST(loopback_only_where_we_are_on_loopback) {
  private_world_prepare(&w, 45, test_alloc());
  private_world_set_addr(a(), "127.0.0.1:5000");
  ck_assert(!private_world_make(a())); /* refused as a base */
  private_world_end(&w);
  private_world_prepare(&w, 45, test_alloc());
  a()->cfg.allow_loopback = b()->cfg.allow_loopback = true;
  private_world_set_addr(a(), "127.0.0.1:5000");
  private_world_set_addr(b(), "127.0.0.1:6000");
  ck_assert(private_world_start(&w));
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  private_world_end(&w);
}
END_TEST

/* ---- js-libp2p ---- */

static void with_js(int side, js_kind kind) {
  private_world_prepare(&w, 50 + (uint64_t)kind, test_alloc());
  js_peer_init(&js, &w.sides[side], kind);
  ck_assert(private_world_make(&w.sides[!side]));
  ck_assert_int_eq(weft_private_start(w.sides[!side].p, w.now), WEFT_OK);
  js_peer_start(&js);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert_str_eq(js.complaint, "");
  ck_assert_uint_eq(w.sides[!side].candidates_remote, kind == JS_NODE ? 1 : 2);
  /* js answerers are the DTLS client, and so are ours of a js offer */
  ck_assert_int_eq(w.sides[1].c->setup.dtls_client, true);
  ck_assert_int_eq(w.sides[0].c->setup.dtls_client, false);
  private_world_end(&w);
}

START_TEST(js_answers_from_a_browser) { with_js(1, JS_CHROMIUM); }
END_TEST
START_TEST(js_answers_from_node) { with_js(1, JS_NODE); }
END_TEST
START_TEST(js_offers_from_a_browser) { with_js(0, JS_CHROMIUM); }
END_TEST
START_TEST(js_offers_from_node) { with_js(0, JS_NODE); }
END_TEST

/* Only a browser's .local names were told; what they stand for was found out by somebody else. */
static void resolve(private_side *s, const weft_private_event *ev, weft_time now) {
  if (ev->type != WEFT_PRIVATE_EVENT_CANDIDATE || !ev->remote_candidate || ev->candidate->host[0] == 0) return;
  weft_ice_candidate c = *ev->candidate;
  c.host[0] = 0;
  c.addr = net_addr("10.0.0.2:6000");
  ck_assert_int_eq(weft_private_add_remote(s->p, &c, now), WEFT_OK);
}

START_TEST(a_name_that_was_resolved) {
  private_world_prepare(&w, 53, test_alloc());
  w.on_private = resolve;
  js_peer_init(&js, b(), JS_CHROMIUM);
  ck_assert(private_world_make(a()));
  ck_assert_int_eq(weft_private_start(a()->p, w.now), WEFT_OK);
  js_peer_start(&js);
  ck_assert(private_world_run(&w, WEFT_SEC(15), private_world_ready));
  ck_assert_int_eq(a()->remote_type, WEFT_ICE_HOST); /* not found by its checks alone */
  private_world_end(&w);
}
END_TEST

Suite *test_webrtc_private_said(void) {
  static const unit_test tests[] = {UNIT(what_js_would_take),
                                    UNIT(candidates_wait_for_the_answer),
                                    UNIT(a_stream_that_takes_little),
                                    UNIT(a_stream_that_takes_nothing_any_more),
                                    UNIT(byte_by_byte),
                                    UNIT(cut_at_every_byte),
                                    UNIT(two_offers),
                                    UNIT(answer_first),
                                    UNIT(both_offer),
                                    UNIT(answers_that_cannot_be),
                                    UNIT(unknown_types_are_passed_over),
                                    UNIT(what_is_no_message),
                                    UNIT(sdp_of_a_megabyte),
                                    UNIT(sdp_of_sixteen_kib),
                                    UNIT(sdp_without_fingerprint),
                                    UNIT(sdp_that_promises_too_little),
                                    UNIT(lines_put_into_names),
                                    UNIT(ends_in_every_form_and_nonsense),
                                    UNIT(candidates_before_the_description),
                                    UNIT(ten_thousand_candidates),
                                    UNIT(forbidden_candidates),
                                    UNIT(loopback_only_where_we_are_on_loopback),
                                    UNIT(js_answers_from_a_browser),
                                    UNIT(js_answers_from_node),
                                    UNIT(js_offers_from_a_browser),
                                    UNIT(js_offers_from_node),
                                    UNIT(a_name_that_was_resolved)};
  return unit_suite("webrtc/private_said", tests, sizeof tests / sizeof tests[0]);
}
