#include <string.h>

#include "libp2p/identify.h"
#include "multiaddr/multiaddr.h"
#include "noise/identity.h"
#include "relay/relay.h"
#include "test/conformance/conform.h"

/* ---- identify ----------------------------------------------------------------------------------------------------- */

static bool text_is(const conform_case *c, const char *path, const char *got, size_t len) {
  const char *want = conform_text(c, path);
  if (!conform_has(c, path)) return got == NULL;
  return want && got && strlen(want) == len && memcmp(want, got, len) == 0;
}

static bool bytes_are(conform_ctx *ctx, const conform_case *c, const char *path, const uint8_t *got, size_t len) {
  return conform_has(c, path) ? got && conform_hex_is(ctx, c, path, got, len) : got == NULL;
}

static bool addrs_are(conform_ctx *ctx, const conform_case *c, const weft_identify *m) {
  const json *want = json_first(json_find(c->node, "expected.listen_addrs"));
  for (size_t i = 0; i < m->got_addrs_len; i++, want = want->next) {
    size_t len;
    const uint8_t *bytes = want ? conform_bytes_of(ctx, want, &len) : NULL;
    if (!bytes || len != m->got_addrs[i].len || memcmp(bytes, m->got_addrs[i].data, len) != 0) return false;
  }
  return want == NULL;
}

static bool protocols_are(const conform_case *c, const weft_identify *m) {
  size_t n = 0;
  for (const json *p = json_first(json_find(c->node, "expected.protocols")); p; p = p->next, n++)
    if (n >= m->got_protocols_len || p->len != m->got_protocols[n].len ||
        memcmp(p->text, m->got_protocols[n].data, p->len) != 0)
      return false;
  return n == m->got_protocols_len;
}

static void run_identify(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_identify m;
  int rc = weft_identify_decode(&m, in, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && text_is(c, "expected.protocol_version", m.protocol_version, m.protocol_version_len) &&
              text_is(c, "expected.agent_version", m.agent_version, m.agent_version_len) &&
              bytes_are(ctx, c, "expected.public_key", m.public_key, m.public_key_len) &&
              bytes_are(ctx, c, "expected.observed_addr", m.observed_addr, m.observed_addr_len) &&
              bytes_are(ctx, c, "expected.signed_peer_record", m.signed_peer_record, m.signed_peer_record_len);
  conform_verdict(ctx, c, same && addrs_are(ctx, c, &m) && protocols_are(c, &m), "fields differ");
}

/* ---- hop and stop messages ---------------------------------------------------------------------------------------- */

static bool id_is(const conform_case *c, const char *path, weft_relay_bytes got) {
  weft_peer_id id;
  char text[WEFT_PEER_ID_TEXT_MAX];
  if (weft_peer_id_from_bytes(&id, got.data, got.len) != WEFT_OK) return false;
  return weft_peer_id_format(&id, text, sizeof text) == WEFT_OK && conform_text_is(c, path, text);
}

static bool list_is(conform_ctx *ctx, const conform_case *c, const char *path, const weft_relay_bytes *got, size_t n) {
  size_t i = 0, len;
  for (const json *p = json_first(json_find(c->node, path)); p; p = p->next, i++) {
    const uint8_t *want = conform_bytes_of(ctx, p, &len);
    if (i >= n || !want || len != got[i].len || memcmp(want, got[i].data, len) != 0) return false;
  }
  return i == n;
}

/* Numbers that the file leaves out are absent or 0. */
static bool number_is(const conform_case *c, const char *path, uint64_t got) {
  return conform_has(c, path) ? conform_u64_is(c, path, got) : got == 0;
}

static bool type_is(const conform_case *c, int type, bool stop) {
  static const char *const hop_names[] = {"RESERVE", "CONNECT", "STATUS"}, *const stop_names[] = {"CONNECT", "STATUS"};
  if (type < 0 || type > (stop ? 1 : 2)) return false;
  return conform_text_is(c, "expected.type", stop ? stop_names[type] : hop_names[type]);
}

static bool status_is(const conform_case *c, int status) {
  if (!conform_has(c, "expected.status")) return status == -1;
  return conform_u64_is(c, "expected.status", (uint64_t)status) &&
         conform_text_is(c, "expected.status_name", weft_relay_status_name(status));
}

static bool peer_is(conform_ctx *ctx, const conform_case *c, const weft_relay_message *m) {
  if (!conform_has(c, "expected.peer")) return !m->has_peer;
  return m->has_peer && id_is(c, "expected.peer.id", m->peer_id) &&
         list_is(ctx, c, "expected.peer.addrs", m->addrs, m->addrs_len);
}

static bool reservation_is(conform_ctx *ctx, const conform_case *c, const weft_relay_message *m) {
  if (!conform_has(c, "expected.reservation")) return !m->has_reservation;
  return m->has_reservation && number_is(c, "expected.reservation.expire", m->expire) &&
         list_is(ctx, c, "expected.reservation.addrs", m->addrs, m->addrs_len) &&
         conform_hex_is(ctx, c, "expected.reservation.voucher", m->voucher.data, m->voucher.len);
}

static bool limit_is(const conform_case *c, const weft_relay_message *m) {
  if (!conform_has(c, "expected.limit")) return !m->has_limit;
  return m->has_limit && number_is(c, "expected.limit.duration", m->limit_duration) &&
         number_is(c, "expected.limit.data", m->limit_data);
}

/* What was read is written again and must be the same message. */
static bool survives(const weft_relay_message *m, bool stop) {
  uint8_t out[WEFT_RELAY_MESSAGE_MAX + 2];
  weft_relay_message again;
  size_t len;
  int rc = stop ? weft_relay_stop_encode(m, out, sizeof out, &len) : weft_relay_hop_encode(m, out, sizeof out, &len);
  if (rc != WEFT_OK) return false;
  size_t prefix = len > 128 ? 2 : 1;
  rc = stop ? weft_relay_stop_decode(&again, out + prefix, len - prefix)
            : weft_relay_hop_decode(&again, out + prefix, len - prefix);
  return rc == WEFT_OK && again.type == m->type && again.status == m->status && again.expire == m->expire &&
         again.peer_id.len == m->peer_id.len && again.voucher.len == m->voucher.len &&
         again.addrs_len == m->addrs_len && again.limit_data == m->limit_data;
}

static void run_message(conform_ctx *ctx, const conform_case *c, bool stop) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_relay_message m;
  int rc = stop ? weft_relay_stop_decode(&m, in, len) : weft_relay_hop_decode(&m, in, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && type_is(c, m.type, stop) && status_is(c, m.status) && peer_is(ctx, c, &m) &&
              reservation_is(ctx, c, &m) && limit_is(c, &m);
  conform_verdict(ctx, c, same && survives(&m, stop), "fields differ");
}

/* ---- envelopes, vouchers, peer records ---------------------------------------------------------------------------- */

static bool verifies(const weft_relay_envelope *e, const char *domain) {
  uint8_t msg[4096];
  size_t len;
  return weft_relay_envelope_signing_input(domain, e, msg, sizeof msg, &len) == WEFT_OK &&
         weft_identity_verify(e->public_key.data, e->public_key.len, msg, len, e->signature.data, e->signature.len) ==
             WEFT_OK;
}

static bool signer_is(const conform_case *c, const weft_relay_envelope *e) {
  uint8_t id[WEFT_PEER_ID_MAX];
  size_t len;
  return !conform_has(c, "expected.signer") ||
         (weft_identity_peer_id(e->public_key.data, e->public_key.len, id, &len) == WEFT_OK &&
          id_is(c, "expected.signer", (weft_relay_bytes){id, len}));
}

static void run_envelope(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  uint8_t out[4096];
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  const char *domain = conform_text(c, "input.domain");
  weft_relay_envelope e;
  bool good = weft_relay_envelope_decode(&e, in, len) == WEFT_OK && verifies(&e, domain ? domain : "");
  if (!c->valid) {
    conform_refused(ctx, c, !good);
    return;
  }
  bool same = good && conform_hex_is(ctx, c, "expected.public_key", e.public_key.data, e.public_key.len) &&
              conform_hex_is(ctx, c, "expected.payload_type", e.payload_type.data, e.payload_type.len) &&
              conform_hex_is(ctx, c, "expected.payload", e.payload.data, e.payload.len) &&
              conform_hex_is(ctx, c, "expected.signature", e.signature.data, e.signature.len) && signer_is(c, &e) &&
              weft_relay_envelope_encode(&e, out, sizeof out, &len) == WEFT_OK &&
              conform_hex_is(ctx, c, "input.hex", out, len);
  conform_verdict(ctx, c, same, "fields differ, or the signature does not verify");
}

static void run_voucher(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  uint8_t out[256];
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_relay_voucher v;
  bool same = weft_relay_voucher_decode(&v, in, len) == WEFT_OK && id_is(c, "expected.relay", v.relay) &&
              id_is(c, "expected.peer", v.peer) && conform_u64_is(c, "expected.expiration", v.expiration) &&
              weft_relay_voucher_encode(&v, out, sizeof out, &len) == WEFT_OK &&
              conform_hex_is(ctx, c, "input.hex", out, len);
  conform_verdict(ctx, c, same, "fields differ");
}

static void run_signing_input(conform_ctx *ctx, const conform_case *c) {
  uint8_t out[4096];
  size_t len;
  weft_relay_envelope e;
  memset(&e, 0, sizeof e);
  e.payload_type.data = conform_bytes(ctx, c, "input.payload_type", &e.payload_type.len);
  e.payload.data = conform_bytes(ctx, c, "input.payload", &e.payload.len);
  bool same =
      weft_relay_envelope_signing_input(conform_text(c, "input.domain"), &e, out, sizeof out, &len) == WEFT_OK &&
      conform_hex_is(ctx, c, "expected.hex", out, len);
  conform_verdict(ctx, c, same, "bytes differ");
}

static void run_peer_record(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_relay_peer_record p;
  bool same = weft_relay_peer_record_decode(&p, in, len) == WEFT_OK && id_is(c, "expected.peer_id", p.peer_id) &&
              conform_u64_is(c, "expected.seq", p.seq) && list_is(ctx, c, "expected.addresses", p.addrs, p.addrs_len);
  conform_verdict(ctx, c, same, "fields differ");
}

int conform_relay(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "identify") == 0)
      run_identify(ctx, &c);
    else if (strcmp(c.op, "hop") == 0 || strcmp(c.op, "stop") == 0)
      run_message(ctx, &c, c.op[0] == 's');
    else if (strcmp(c.op, "envelope") == 0)
      run_envelope(ctx, &c);
    else if (strcmp(c.op, "voucher") == 0)
      run_voucher(ctx, &c);
    else if (strcmp(c.op, "signing_input") == 0)
      run_signing_input(ctx, &c);
    else if (strcmp(c.op, "peer_record") == 0)
      run_peer_record(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
