/* relay_hop.*, relay_stop.*, relay_voucher.*, signed_envelope.*, peer_record.* */
#include "relay/relay.h"

#include <string.h>

#include "apps/conform/op.h"
#include "multiaddr/multiaddr.h"
#include "noise/identity.h"

static int put_id(json *to, const char *key, weft_relay_bytes got) {
  weft_peer_id id;
  char text[WEFT_PEER_ID_TEXT_MAX];
  int rc = weft_peer_id_from_bytes(&id, got.data, got.len);
  if (rc == WEFT_OK) rc = weft_peer_id_format(&id, text, sizeof text);
  if (rc == WEFT_OK) json_put_string(to, key, text);
  return rc;
}

static void put_list(json *list, const weft_relay_bytes *got, size_t n) {
  for (size_t i = 0; i < n; i++) json_put_hex(list, NULL, got[i].data, got[i].len);
}

/* ---- hop and stop ---- */

static const char *type_name(int type, bool stop) {
  static const char *const hop[] = {"RESERVE", "CONNECT", "STATUS"}, *const stops[] = {"CONNECT", "STATUS"};
  if (type < 0 || type > (stop ? 1 : 2)) return NULL;
  return stop ? stops[type] : hop[type];
}

static void put_message(json *to, const weft_relay_message *m, bool stop) {
  json_put_string(to, "type", type_name(m->type, stop));
  if (m->status >= 0) json_put_u64(to, "status", (uint64_t)m->status);
  if (m->has_peer) {
    json *peer = json_put_object(to, "peer");
    (void)put_id(peer, "id", m->peer_id);
    put_list(json_put_array(peer, "addrs"), m->addrs, m->addrs_len);
  }
  if (m->has_reservation) {
    json *r = json_put_object(to, "reservation");
    json_put_u64(r, "expire", m->expire);
    put_list(json_put_array(r, "addrs"), m->addrs, m->addrs_len);
    if (m->voucher.len > 0) json_put_hex(r, "voucher", m->voucher.data, m->voucher.len);
  }
  if (m->has_limit) {
    json *l = json_put_object(to, "limit");
    json_put_u64(l, "duration", m->limit_duration);
    json_put_u64(l, "data", m->limit_data);
  }
}

static conform_status decode(conform_call *c, bool stop) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_relay_message m;
  if (!in) return CONFORM_BAD;
  int rc = stop ? weft_relay_stop_decode(&m, in, len) : weft_relay_hop_decode(&m, in, len);
  if (rc == WEFT_OK) put_message(c->out, &m, stop);
  return conform_code(rc);
}

static bool id_of(conform_call *c, const char *path, weft_relay_bytes *out) {
  const char *text = conform_text(c, path);
  weft_peer_id *id = conform_memory(c, sizeof *id);
  if (!text || weft_peer_id_parse(id, text, strlen(text)) != WEFT_OK) return false;
  *out = (weft_relay_bytes){id->bytes, id->len};
  return true;
}

static void list_of(conform_call *c, const char *path, weft_relay_message *m) {
  for (const json *a = json_first(json_find(c->in, path)); a && m->addrs_len < WEFT_RELAY_ADDRS_MAX; a = a->next) {
    weft_relay_bytes *to = &m->addrs[m->addrs_len++];
    to->data = conform_bytes_of(c, a, &to->len);
  }
}

static int type_of(const conform_call *c, bool stop) {
  const char *name = conform_text(c, "type");
  for (int i = 0; name && i <= 2; i++)
    if (type_name(i, stop) && strcmp(name, type_name(i, stop)) == 0) return i;
  return -1;
}

static conform_status encode(conform_call *c, bool stop) {
  uint8_t out[WEFT_RELAY_MESSAGE_MAX + 2];
  size_t len;
  uint16_t status;
  weft_relay_message m;
  memset(&m, 0, sizeof m);
  m.type = type_of(c, stop);
  m.status = conform_u16(c, "status", &status) ? status : -1;
  m.has_peer = id_of(c, "peer.id", &m.peer_id);
  if (m.has_peer) list_of(c, "peer.addrs", &m);
  m.has_reservation = !json_is_null(json_get(c->in, "reservation"));
  if (m.has_reservation) {
    list_of(c, "reservation.addrs", &m);
    (void)conform_u64(c, "reservation.expire", &m.expire);
    m.voucher.data = conform_bytes(c, "reservation.voucher", &m.voucher.len);
  }
  m.has_limit = conform_u32(c, "limit.duration", &m.limit_duration) && conform_u64(c, "limit.data", &m.limit_data);
  int rc = stop ? weft_relay_stop_encode(&m, out, sizeof out, &len) : weft_relay_hop_encode(&m, out, sizeof out, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

static conform_status hop_decode(conform_call *c) { return decode(c, false); }
static conform_status stop_decode(conform_call *c) { return decode(c, true); }
static conform_status hop_encode(conform_call *c) { return encode(c, false); }
static conform_status stop_encode(conform_call *c) { return encode(c, true); }

/* ---- envelopes, vouchers, peer records ---- */

static int verify(const weft_relay_envelope *e, const char *domain) {
  uint8_t msg[8192];
  size_t len;
  int rc = weft_relay_envelope_signing_input(domain, e, msg, sizeof msg, &len);
  return rc == WEFT_OK ? weft_identity_verify(e->public_key.data, e->public_key.len, msg, len, e->signature.data,
                                              e->signature.len)
                       : rc;
}

static conform_status open(conform_call *c) {
  uint8_t id[WEFT_PEER_ID_MAX], out[8192];
  size_t len, id_len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  const char *domain = conform_text(c, "domain");
  weft_relay_envelope e;
  if (!in || !domain) return CONFORM_BAD;
  int rc = weft_relay_envelope_decode(&e, in, len);
  if (rc == WEFT_OK) rc = verify(&e, domain);
  if (rc == WEFT_OK) rc = weft_identity_peer_id(e.public_key.data, e.public_key.len, id, &id_len);
  if (rc == WEFT_OK) rc = weft_relay_envelope_encode(&e, out, sizeof out, &len);
  if (rc != WEFT_OK) return rc == WEFT_EUNSUPPORTED ? CONFORM_AUTH : conform_code(rc);
  json_put_hex(c->out, "public_key", e.public_key.data, e.public_key.len);
  json_put_hex(c->out, "payload_type", e.payload_type.data, e.payload_type.len);
  json_put_hex(c->out, "payload", e.payload.data, e.payload.len);
  json_put_hex(c->out, "signature", e.signature.data, e.signature.len);
  json_put_hex(c->out, "encoded", out, len);
  return conform_code(put_id(c->out, "signer", (weft_relay_bytes){id, id_len}));
}

static conform_status signing_input(conform_call *c) {
  uint8_t out[8192];
  size_t len;
  weft_relay_envelope e;
  const char *domain = conform_text(c, "domain");
  memset(&e, 0, sizeof e);
  e.payload_type.data = conform_bytes(c, "payload_type", &e.payload_type.len);
  e.payload.data = conform_bytes(c, "payload", &e.payload.len);
  if (!domain || !e.payload_type.data || !e.payload.data) return CONFORM_BAD;
  int rc = weft_relay_envelope_signing_input(domain, &e, out, sizeof out, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

static conform_status voucher_decode(conform_call *c) {
  uint8_t again[256];
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_relay_voucher v;
  if (!in) return CONFORM_BAD;
  int rc = weft_relay_voucher_decode(&v, in, len);
  if (rc == WEFT_OK) rc = put_id(c->out, "relay", v.relay);
  if (rc == WEFT_OK) rc = put_id(c->out, "peer", v.peer);
  if (rc == WEFT_OK) rc = weft_relay_voucher_encode(&v, again, sizeof again, &len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_u64(c->out, "expiration", v.expiration);
  json_put_hex(c->out, "encoded", again, len);
  return CONFORM_OK;
}

/* The client of a reservation: what it makes of the relay's answer. */
typedef struct answer {
  bool reserved;
  uint64_t expire;
  int code;
} answer;

static ptrdiff_t take(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)data, (void)now;
  return (ptrdiff_t)len;
}

static void note(void *user, const weft_relay_client_event *ev, weft_time now) {
  answer *a = user;
  (void)now;
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED) a->reserved = true, a->expire = ev->expire;
  if (ev->type == WEFT_RELAY_CLIENT_CLOSED) a->code = ev->closed.code;
}

static int check(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                 size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  uint8_t id[WEFT_PEER_ID_MAX];
  (void)user;
  int rc = weft_identity_verify(key, key_len, msg, len, sig, sig_len);
  if (rc == WEFT_OK) rc = weft_identity_peer_id(key, key_len, id, peer_id_len);
  if (rc != WEFT_OK || *peer_id_len > cap) return rc == WEFT_OK ? WEFT_ETOOBIG : rc;
  memcpy(peer_id, id, *peer_id_len);
  return WEFT_OK;
}

/* `hex` is the relay's whole answer with its length. */
static conform_status reserve(conform_call *c) {
  size_t len;
  uint64_t unix_now;
  weft_relay_bytes relay, self;
  weft_relay_client_config cfg;
  weft_relay_client_callbacks cb = {sizeof cb, take, note};
  weft_relay_client *client;
  answer a = {.code = 1};
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in || !id_of(c, "relay", &relay) || !id_of(c, "self", &self) || !conform_u64(c, "unix_now", &unix_now))
    return CONFORM_BAD;
  weft_relay_client_config_default(&cfg);
  cfg.kind = WEFT_RELAY_RESERVE;
  cfg.relay_id = relay.data, cfg.relay_id_len = relay.len;
  cfg.self_id = self.data, cfg.self_id_len = self.len;
  cfg.verify = check;
  cfg.unix_at_zero = (int64_t)unix_now;
  if (weft_relay_client_new(&client, &cfg, &cb, &a) != WEFT_OK) return CONFORM_BAD;
  weft_relay_client_start(client, 0);
  weft_relay_client_input(client, in, len, 0);
  if (a.code == 1) weft_relay_client_input_end(client, 0);
  weft_relay_client_free(client);
  if (a.reserved) json_put_u64(c->out, "expire", a.expire);
  return a.reserved ? CONFORM_OK : conform_code(a.code == 1 ? WEFT_ECLOSED : a.code);
}

static conform_status peer_record(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_relay_peer_record p;
  if (!in) return CONFORM_BAD;
  int rc = weft_relay_peer_record_decode(&p, in, len);
  if (rc == WEFT_OK) rc = put_id(c->out, "peer_id", p.peer_id);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_u64(c->out, "seq", p.seq);
  put_list(json_put_array(c->out, "addresses"), p.addrs, p.addrs_len);
  return CONFORM_OK;
}

const conform_entry conform_relay[] = {
    {"relay_hop.decode", hop_decode},         {"relay_hop.encode", hop_encode},
    {"relay_stop.decode", stop_decode},       {"relay_stop.encode", stop_encode},
    {"relay_voucher.decode", voucher_decode}, {"relay_voucher.reserve", reserve},
    {"signed_envelope.open", open},           {"signed_envelope.signing_input", signing_input},
    {"peer_record.decode", peer_record},      {NULL, NULL}};
