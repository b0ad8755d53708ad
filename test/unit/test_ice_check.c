/* When checks go out: pacing, retransmission, triggered checks. */
#include "test/unit/ice_net.h"

static weft_time sent_at[64];
static uint16_t sent_to[64];
static size_t sent_n;

static void watch(ice_net *net, const ice_packet *p) {
  if (p->data[0] != 0 || sent_n == WEFT_ARRAY_LEN(sent_at)) return;
  sent_at[sent_n] = net->now;
  sent_to[sent_n++] = p->to.port;
}

static ice_node *agent(ice_net *net, unsigned remotes) {
  ice_net_init(net, 1);
  net->watch = watch;
  sent_n = 0;
  ice_node *a = ice_net_agent(net, "192.0.2.1:1000", WEFT_ICE_CONTROLLED, NULL);
  for (unsigned i = 0; i < remotes; i++) {
    char text[128];
    weft_ice_candidate c;
    snprintf(text, sizeof text, "candidate:%u 1 udp %u 192.0.2.9 %u typ host", i, 1000 - i, 10 + i);
    ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
    ck_assert_int_eq(weft_ice_add_remote(a->ice, &c, 0), WEFT_OK);
  }
  ck_assert_int_eq(weft_ice_set_remote(a->ice, "abcd", "0123456789012345678901"), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(a->ice, 0), WEFT_OK);
  return a;
}

START_TEST(pacing) { /* RFC 8445 section 14.2: a new check every 50 ms, best pair first */
  static ice_net net;
  agent(&net, 5);
  ice_net_run(&net, WEFT_MS(400));
  ck_assert_uint_eq(sent_n, 5);
  for (size_t i = 0; i < 5; i++) {
    ck_assert_uint_eq(sent_at[i], i * WEFT_MS(50));
    ck_assert_uint_eq(sent_to[i], 10 + i);
  }
  ice_net_free(&net);
}
END_TEST

START_TEST(repeats) {
  static ice_net net;
  static const unsigned at[] = {0, 500, 1500, 3500, 5500, 7500, 9500};
  agent(&net, 1);
  ice_net_run(&net, WEFT_SEC(29));
  ck_assert_uint_eq(sent_n, 14); /* one address, given by the user */
  for (size_t i = 0; i < WEFT_ARRAY_LEN(at); i++) ck_assert_uint_eq(sent_at[i], WEFT_MS(at[i]));
  ice_net_free(&net);
  ice_node *a = agent(&net, 5);
  ice_net_run(&net, WEFT_SEC(29));
  ck_assert_uint_eq(a->sent, 5 * 7); /* a list: Rc requests to each that stays silent */
  ice_net_free(&net);
}
END_TEST

START_TEST(rto_grows_with_the_list) { /* RFC 8445 section 14.3 */
  static ice_net net;
  ice_node *a = agent(&net, 20);
  ck_assert_uint_eq(weft_ice_check_rto(a->ice), WEFT_SEC(1));
  ice_net_free(&net);
}
END_TEST

START_TEST(triggered_at_once) {
  static ice_net net;
  uint8_t buf[256];
  char user[64];
  ice_node *a = agent(&net, 5);
  weft_addr last = ice_addr("192.0.2.9:14"), unknown = ice_addr("192.0.2.9:99");
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(a->ice));
  ice_forge f = {.username = user, .password = weft_ice_local_pwd(a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  ice_net_run(&net, WEFT_MS(10));
  size_t len = ice_forge_request(buf, sizeof buf, &f, 1);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &last, buf, len, net.now), WEFT_OK);
  ck_assert_uint_eq(sent_n, 2); /* out of turn and without waiting for Ta */
  ck_assert_uint_eq(sent_to[1], 14);
  len = ice_forge_request(buf, sizeof buf, &f, 2);
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &unknown, buf, len, net.now), WEFT_OK);
  ck_assert_uint_eq(sent_to[2], 99);
  len = ice_forge_request(buf, sizeof buf, &f, 3); /* the same again right away: not another check at once */
  ck_assert_int_eq(weft_ice_input(a->ice, &a->addr[0], &unknown, buf, len, net.now), WEFT_OK);
  ck_assert_uint_eq(sent_n, 3);
  ice_net_run(&net, WEFT_MS(300));
  ck_assert_uint_eq(sent_n, 3 + 3 + 1); /* the other three in turn, and the repeated one after Ta */
  ice_net_free(&net);
}
END_TEST

START_TEST(candidates_after_start) { /* RFC 8838 */
  static ice_net net;
  ice_node *a = agent(&net, 0);
  weft_ice_candidate c;
  const char *text = "candidate:1 1 udp 9 192.0.2.9 9 typ host";
  ice_net_run(&net, WEFT_SEC(3));
  ck_assert_uint_eq(sent_n, 0);
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(a->ice, &c, net.now), WEFT_OK);
  ck_assert_uint_eq(sent_n, 1);
  ice_net_free(&net);
}
END_TEST

Suite *test_ice_check(void) {
  static const unit_test tests[] = {UNIT(pacing), UNIT(repeats), UNIT(rto_grows_with_the_list), UNIT(triggered_at_once),
                                    UNIT(candidates_after_start)};
  return unit_suite("ice/check", tests, sizeof tests / sizeof tests[0]);
}
