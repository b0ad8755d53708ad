/* Answers to our checks: matched by transaction, source and integrity. */
#include "test/unit/ice_net.h"

typedef struct fixture {
  ice_net net;
  ice_node *a;
  weft_addr peer;
  uint8_t check[600];
  size_t check_len;
} fixture;

static fixture *current;
static const char peer_pwd[] = "0123456789012345678901";

static void watch(ice_net *net, const ice_packet *p) {
  (void)net;
  memcpy(current->check, p->data, p->len);
  current->check_len = p->len;
}

static void setup(fixture *f, weft_ice_role role) {
  weft_ice_candidate c;
  const char *text = "candidate:1 1 udp 2130706431 192.0.2.9 9 typ host";
  memset(f, 0, sizeof *f);
  current = f;
  ice_net_init(&f->net, 1);
  f->net.watch = watch;
  f->a = ice_net_agent(&f->net, "192.0.2.1:1000", role, NULL);
  f->peer = ice_addr("192.0.2.9:9");
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  ck_assert_int_eq(weft_ice_set_remote(f->a->ice, "abcd", peer_pwd), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(f->a->ice, &c, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_start(f->a->ice, 0), WEFT_OK);
  ck_assert_uint_gt(f->check_len, 0);
}

typedef struct reply {
  unsigned error;
  const char *password, *mapped;
  uint16_t extra;
  bool no_integrity, no_mapped, other_txid;
} reply;

static size_t make(const fixture *f, const reply *r, uint8_t *buf, size_t cap) {
  uint8_t txid[12];
  weft_stun_writer w;
  size_t len;
  memcpy(txid, f->check + 8, 12);
  if (r->other_txid) txid[3] ^= 1;
  weft_addr mapped = ice_addr(r->mapped != NULL ? r->mapped : "192.0.2.1:1000");
  weft_stun_begin(&w, buf, cap, r->error != 0 ? WEFT_STUN_ERROR : WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, txid);
  if (r->error != 0)
    weft_stun_put_error(&w, r->error, "no");
  else if (!r->no_mapped)
    weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &mapped);
  if (r->extra != 0) weft_stun_put(&w, r->extra, NULL, 0);
  const char *pwd = r->password != NULL ? r->password : peer_pwd;
  if (!r->no_integrity) weft_stun_put_integrity(&w, pwd, strlen(pwd));
  weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  return len;
}

static void give(fixture *f, const reply *r, const char *local, const char *remote) {
  uint8_t buf[256];
  weft_addr l = ice_addr(local), from = ice_addr(remote);
  size_t len = make(f, r, buf, sizeof buf);
  ck_assert_int_eq(weft_ice_input(f->a->ice, &l, &from, buf, len, f->net.now), WEFT_OK);
}

#define HERE "192.0.2.1:1000"
#define THERE "192.0.2.9:9"

/* what a check of ours looks like (interop: USERNAME, PRIORITY, ICE-CONTROLLING, [USE-CANDIDATE], MI, FINGERPRINT) */
START_TEST(our_check) {
  static fixture f;
  static const uint16_t want[] = {WEFT_STUN_USERNAME, WEFT_STUN_PRIORITY, WEFT_STUN_ICE_CONTROLLING,
                                  WEFT_STUN_MESSAGE_INTEGRITY, WEFT_STUN_FINGERPRINT};
  weft_stun_msg m;
  weft_stun_attr a;
  char user[64];
  uint32_t priority;
  size_t cursor = 0;
  setup(&f, WEFT_ICE_CONTROLLING);
  ck_assert_int_eq(weft_stun_parse(&m, f.check, f.check_len), WEFT_OK);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(want); i++) {
    ck_assert(weft_stun_next(&m, &cursor, &a));
    ck_assert_uint_eq(a.type, want[i]);
  }
  ck_assert(!weft_stun_next(&m, &cursor, &a));
  ck_assert_int_eq(weft_stun_check_integrity(&m, peer_pwd, strlen(peer_pwd)), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_fingerprint(&m), 1);
  snprintf(user, sizeof user, "abcd:%s", weft_ice_local_ufrag(f.a->ice));
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_USERNAME, &a), WEFT_OK);
  ck_assert_uint_eq(a.len, strlen(user));
  ck_assert_mem_eq(a.value, user, a.len);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_PRIORITY, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_get_u32(&a, &priority), WEFT_OK);
  ck_assert_uint_eq(priority, 1862270975); /* as peer-reflexive, RFC 8445 section 7.1.1 */
  ice_net_free(&f.net);
}
END_TEST

START_TEST(refused) { /* B11 and the negative tests of transaction, source and integrity */
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){.other_txid = true}, HERE, THERE);
  ck_assert_uint_eq(ice_stats(f.a).drop_unknown_transaction, 1);
  give(&f, &(reply){0}, HERE, "192.0.2.66:9");
  give(&f, &(reply){0}, HERE, "192.0.2.9:10");
  ck_assert_uint_eq(ice_stats(f.a).drop_wrong_source, 2);
  give(&f, &(reply){0}, "192.0.2.2:1000", THERE);
  give(&f, &(reply){.password = weft_ice_local_pwd(f.a->ice)}, HERE, THERE);
  give(&f, &(reply){.no_integrity = true}, HERE, THERE);
  give(&f, &(reply){.no_integrity = true, .error = 487}, HERE, THERE);
  give(&f, &(reply){.no_integrity = true, .error = 400}, HERE, THERE);
  ck_assert_uint_eq(ice_stats(f.a).drop_integrity, 4);
  give(&f, &(reply){.no_mapped = true}, HERE, THERE);
  give(&f, &(reply){.extra = 0x7fff}, HERE, THERE);
  ck_assert_uint_eq(ice_stats(f.a).drop_malformed, 2);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_CHECKING);
  ck_assert_int_eq(weft_ice_get_role(f.a->ice), WEFT_ICE_CONTROLLING);
  give(&f, &(reply){0}, HERE, THERE); /* and the good one still counts */
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_CONNECTED);
  give(&f, &(reply){.other_txid = true}, HERE, THERE);
  ck_assert_uint_eq(ice_stats(f.a).drop_unknown_transaction, 2);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(every_bit) {
  static fixture f;
  uint8_t buf[256];
  setup(&f, WEFT_ICE_CONTROLLING);
  size_t len = make(&f, &(reply){0}, buf, sizeof buf);
  for (size_t bit = 0; bit < 8 * len; bit++) {
    if (bit / 8 == len - 8 || bit / 8 == len - 7) continue; /* FINGERPRINT's type */
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    ck_assert_int_eq(weft_ice_input(f.a->ice, &f.a->addr[0], &f.peer, buf, len, 0), WEFT_OK);
    buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_CHECKING);
  }
  ice_net_free(&f.net);
}
END_TEST

START_TEST(peer_reflexive_local) { /* RFC 8445 section 7.2.5.3.1 */
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){.mapped = "203.0.113.5:7777"}, HERE, THERE);
  ck_assert_int_eq(f.a->local_type, WEFT_ICE_PRFLX);
  ck_assert(weft_addr_equal(&f.a->local, &f.a->addr[0])); /* still the socket to use */
  ck_assert_uint_eq(f.a->candidates_n, 1);                /* and nobody is told */
  ice_net_free(&f.net);
}
END_TEST

START_TEST(late_answer_to_an_earlier_request) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  ice_net_run(&f.net, WEFT_MS(600)); /* repeated once: the same transaction */
  ck_assert_uint_eq(f.a->sent, 2);
  give(&f, &(reply){0}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_CONNECTED);
  ck_assert_uint_eq(ice_stats(f.a).rtt, WEFT_NEVER); /* Karn */
  ice_net_free(&f.net);
}
END_TEST

START_TEST(conflict_answer) { /* RFC 8445 section 7.2.5.1 */
  static fixture f;
  weft_stun_msg m;
  weft_stun_attr a;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){.error = 487}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_role(f.a->ice), WEFT_ICE_CONTROLLED);
  ice_net_run(&f.net, WEFT_MS(60));
  ck_assert_uint_eq(f.a->sent, 2);
  ck_assert_int_eq(weft_stun_parse(&m, f.check, f.check_len), WEFT_OK);
  ck_assert_int_eq(weft_stun_find(&m, WEFT_STUN_ICE_CONTROLLED, &a), WEFT_OK);
  ck_assert_int_eq(weft_stun_check_integrity(&m, peer_pwd, strlen(peer_pwd)), WEFT_OK); /* libjuice #121 */
  for (int i = 0; i < 100; i++) { /* a peer that says so for ever does not keep us busy */
    give(&f, &(reply){.error = 487}, HERE, THERE);
    ice_net_run(&f.net, WEFT_MS(60));
  }
  ck_assert_uint_le(f.a->sent, 2 + 16 + 7);
  ck_assert_int_eq(WEFT_LIST_ITEM(f.a->ice->pairs.next, weft_ice_pair, node)->state, WEFT_ICE_FAILED);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(error_answer) {
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){.error = 400}, HERE, THERE);
  ice_net_run(&f.net, WEFT_SEC(29));
  ck_assert_uint_eq(f.a->sent, 1);
  ice_net_run(&f.net, WEFT_SEC(2));
  ck_assert_uint_eq(f.a->closes, 1);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(consent_revoked) { /* RFC 7675 section 5.2: a valid 403 ends it at once */
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){0}, HERE, THERE);
  give(&f, &(reply){0}, HERE, THERE); /* of the nomination */
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_COMPLETED);
  ice_net_run(&f.net, WEFT_SEC(3)); /* a consent check */
  give(&f, &(reply){.error = 400}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_COMPLETED);
  ice_net_run(&f.net, WEFT_SEC(3));
  give(&f, &(reply){.error = 403, .password = "0000000000000000000000"}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_COMPLETED);
  give(&f, &(reply){.error = 403}, HERE, THERE);
  ck_assert_uint_eq(f.a->closes, 1);
  ck_assert_int_eq(f.a->closed.who, WEFT_WHO_PEER);
  ck_assert_int_eq(f.a->closed.code, WEFT_EREFUSED);
  ck_assert_str_eq(f.a->closed.step, "consent");
  ck_assert_int_eq(weft_ice_send(f.a->ice, (const uint8_t *)"x", 1, f.net.now), WEFT_ESTATE);
  ice_net_free(&f.net);
}
END_TEST

START_TEST(conflict_answer_to_a_nomination) { /* after so many conflicts that the role stays: it is tried again */
  static fixture f;
  setup(&f, WEFT_ICE_CONTROLLING);
  give(&f, &(reply){0}, HERE, THERE);
  f.a->ice->role_switches = WEFT_ICE_ROLE_SWITCHES;
  give(&f, &(reply){.error = 487}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_role(f.a->ice), WEFT_ICE_CONTROLLING);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_CONNECTED);
  ice_net_run(&f.net, WEFT_MS(100));
  give(&f, &(reply){0}, HERE, THERE);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_COMPLETED);
  ice_net_free(&f.net);
}
END_TEST

static weft_addr data_from;

static void restart_when_late(ice_node *n, const weft_ice_event *ev, weft_time now) {
  if (ev->type == WEFT_ICE_EVENT_DATA) data_from = *ev->remote;
  if (ev->type == WEFT_ICE_EVENT_STATE && ev->state == WEFT_ICE_DISCONNECTED)
    ck_assert_int_eq(weft_ice_restart(n->ice, now), WEFT_OK);
}

START_TEST(held_data_of_a_pair_that_goes) { /* what is told before the data makes an end of its pair */
  static fixture f;
  weft_ice_candidate c;
  uint8_t buf[256];
  char user[64];
  const char *text = "candidate:2 1 udp 1 192.0.2.10 9 typ host", *other = "192.0.2.10:9";
  weft_addr from = ice_addr(other);
  setup(&f, WEFT_ICE_CONTROLLED);
  give(&f, &(reply){0}, HERE, THERE);
  ck_assert_int_eq(weft_ice_candidate_parse(&c, text, strlen(text)), WEFT_OK);
  ck_assert_int_eq(weft_ice_add_remote(f.a->ice, &c, 0), WEFT_OK);
  snprintf(user, sizeof user, "%s:abcd", weft_ice_local_ufrag(f.a->ice));
  ice_forge ask = {.username = user, .password = weft_ice_local_pwd(f.a->ice), .role = WEFT_STUN_ICE_CONTROLLING};
  size_t len = ice_forge_request(buf, sizeof buf, &ask, 1);
  ck_assert_int_eq(weft_ice_input(f.a->ice, &f.a->addr[0], &from, buf, len, 0), WEFT_OK);
  ck_assert_int_eq(weft_ice_input(f.a->ice, &f.a->addr[0], &from, (const uint8_t *)"data", 4, 0), WEFT_OK);
  ck_assert_uint_eq(f.a->data_n, 0);
  ice_net_run(&f.net, WEFT_MS(400));
  f.a->on_event = restart_when_late;
  f.net.now = WEFT_SEC(20); /* nobody ticked: the answer finds the path in use late */
  give(&f, &(reply){0}, HERE, other);
  ck_assert_int_eq(weft_ice_get_state(f.a->ice), WEFT_ICE_NEW);
  ck_assert_uint_eq(f.a->data_n, 1);
  ck_assert(weft_addr_equal(&data_from, &from));
  ice_net_free(&f.net);
}
END_TEST

Suite *test_ice_response(void) {
  static const unit_test tests[] = {UNIT(our_check),
                                    UNIT(refused),
                                    UNIT(every_bit),
                                    UNIT(peer_reflexive_local),
                                    UNIT(late_answer_to_an_earlier_request),
                                    UNIT(conflict_answer),
                                    UNIT(error_answer),
                                    UNIT(consent_revoked),
                                    UNIT(conflict_answer_to_a_nomination),
                                    UNIT(held_data_of_a_pair_that_goes)};
  return unit_suite("ice/response", tests, sizeof tests / sizeof tests[0]);
}
