/* One client exchange over a stream in memory. Signatures and ids as in relay_rig.h.
 *
 *   client_rig *x = client_rig_new(WEFT_RELAY_RESERVE);      peer 'a' with relay 'r', target 'b'
 *   client_rig_hex(x, "...");                                what the relay sends; all must be taken
 *   ck_assert_events(x, "RESERVED 1700003600 3305; CLOSED ok; ");
 */
#ifndef TEST_UNIT_RELAY_CLIENT_RIG_H
#define TEST_UNIT_RELAY_CLIENT_RIG_H

#include "test/unit/relay_rig.h"

typedef struct client_rig {
  weft_relay_client *c;
  weft_time now;
  uint8_t out[8192];
  size_t out_len, room;
  int refuse;
  char log[1024];
  weft_closed closed;
  bool limited, free_on_event;
  uint32_t limit_duration;
  uint64_t limit_data;
  size_t addrs;
} client_rig;

static inline ptrdiff_t client_rig_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  client_rig *x = user;
  (void)now;
  if (x->refuse) return x->refuse;
  size_t n = len < x->room ? len : x->room;
  ck_assert_uint_le(x->out_len + n, sizeof x->out);
  if (n > 0) memcpy(x->out + x->out_len, data, n);
  x->out_len += n;
  x->room -= n;
  return (ptrdiff_t)n;
}

static inline void client_rig_event(void *user, const weft_relay_client_event *ev, weft_time now) {
  client_rig *x = user;
  char line[256] = "?";
  (void)now;
  if (ev->message) {
    x->limited = ev->limited;
    x->limit_duration = ev->message->limit_duration;
    x->limit_data = ev->message->limit_data;
    x->addrs = ev->message->addrs_len;
  }
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED)
    snprintf(line, sizeof line, "RESERVED %llu %llu; ", (unsigned long long)ev->expire,
             (unsigned long long)(ev->refresh_at / WEFT_SEC(1)));
  if (ev->type == WEFT_RELAY_CLIENT_CIRCUIT) snprintf(line, sizeof line, "CIRCUIT %c; ", rig_name(ev->peer_id));
  if (ev->type == WEFT_RELAY_CLIENT_CLOSED) {
    x->closed = ev->closed;
    ck_assert_str_eq(ev->closed.layer, "relay");
    ck_assert(ev->closed.text && *ev->closed.text);
    snprintf(line, sizeof line, "CLOSED %s %s %u; ", ev->closed.step, weft_errname(ev->closed.code),
             (unsigned)ev->closed.wire_code);
  }
  ck_assert_uint_lt(strlen(x->log) + strlen(line), sizeof x->log);
  strcat(x->log, line);
  if (x->free_on_event) weft_relay_client_free(x->c);
}

static inline weft_relay_client_config client_rig_config(weft_relay_client_kind kind, uint8_t ids[3][RIG_ID]) {
  weft_relay_client_config cfg;
  weft_relay_client_config_default(&cfg);
  rig_id(ids[0], 'r');
  rig_id(ids[1], 'a');
  rig_id(ids[2], 'b');
  cfg.alloc = test_alloc();
  cfg.kind = kind;
  cfg.relay_id = ids[0], cfg.self_id = ids[1], cfg.target_id = ids[2];
  cfg.relay_id_len = cfg.self_id_len = cfg.target_id_len = RIG_ID;
  cfg.verify = rig_verify;
  cfg.unix_at_zero = RIG_UNIX;
  return cfg;
}

static inline int client_rig_try(client_rig **out, weft_relay_client_kind kind) {
  uint8_t ids[3][RIG_ID];
  weft_relay_client_config cfg = client_rig_config(kind, ids);
  weft_relay_client_callbacks cb = {sizeof cb, client_rig_output, client_rig_event};
  client_rig *x = calloc(1, sizeof *x);
  x->now = WEFT_SEC(5);
  x->room = SIZE_MAX;
  int rc = weft_relay_client_new(&x->c, &cfg, &cb, x);
  if (rc == WEFT_OK)
    *out = x;
  else
    free(x);
  return rc;
}

/* Not started: what it may write is the test's to say first. */
static inline client_rig *client_rig_idle(weft_relay_client_kind kind) {
  client_rig *x = NULL;
  ck_assert_int_eq(client_rig_try(&x, kind), WEFT_OK);
  return x;
}

static inline client_rig *client_rig_new(weft_relay_client_kind kind) {
  client_rig *x = client_rig_idle(kind);
  ck_assert_int_eq(weft_relay_client_start(x->c, x->now), WEFT_OK);
  return x;
}

static inline void client_rig_free(client_rig *x) {
  if (!x->free_on_event) weft_relay_client_free(x->c);
  free(x);
}

static inline ptrdiff_t client_rig_give(client_rig *x, const void *data, size_t len) {
  return weft_relay_client_input(x->c, data, len, x->now);
}

static inline void client_rig_hex(client_rig *x, const char *hex) {
  uint8_t buf[8192];
  size_t n = hex_into(buf, sizeof buf, hex);
  ck_assert_int_eq(client_rig_give(x, buf, n), (ptrdiff_t)n);
}

/* A reservation until `expire`; voucher of relay for peer signed by relay until voucher_expire; relay 0: none. */
static inline size_t client_rig_reservation(uint8_t out[1024], uint64_t expire, char relay, char peer,
                                            uint64_t voucher_expire) {
  uint8_t ids[2][RIG_ID], key[RIG_KEY], msg[512], sig[8], payload[128], voucher[512];
  weft_relay_message m = {.type = WEFT_RELAY_HOP_STATUS, .status = 100, .has_reservation = true, .expire = expire};
  size_t len;
  rig_id(ids[0], relay);
  rig_id(ids[1], peer);
  rig_key(key, relay);
  weft_relay_voucher v = {{ids[0], RIG_ID}, {ids[1], RIG_ID}, voucher_expire};
  weft_relay_envelope e = {{key, RIG_KEY}, {(const uint8_t *)"\x03\x02", 2}, {payload, 0}, {sig, 0}};
  ck_assert_int_eq(weft_relay_voucher_encode(&v, payload, sizeof payload, &e.payload.len), WEFT_OK);
  ck_assert_int_eq(weft_relay_envelope_signing_input(WEFT_RELAY_VOUCHER_DOMAIN, &e, msg, sizeof msg, &len), WEFT_OK);
  rig_sign_as(relay, msg, len, sig, &e.signature.len);
  ck_assert_int_eq(weft_relay_envelope_encode(&e, voucher, sizeof voucher, &m.voucher.len), WEFT_OK);
  m.voucher.data = voucher;
  if (!relay) m.voucher.len = 0;
  ck_assert_int_eq(weft_relay_hop_encode(&m, out, 1024, &len), WEFT_OK);
  return len;
}

#define ck_assert_events(x, text) \
  do { \
    ck_assert_str_eq((x)->log, (text)); \
    (x)->log[0] = 0; \
  } while (0)

#endif
