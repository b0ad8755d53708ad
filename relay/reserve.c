/* RESERVE: libp2p specs relay/circuit-v2.md, "Reservation". */
#include <string.h>

#include "base/timer.h"
#include "relay/relay_int.h"

/* Envelope of a voucher: key, two peer ids, signature. */
enum { VOUCHER_MAX = 2048 };

static bool full(uint32_t used, uint32_t limit) { return limit != 0 && used >= limit; }

/* Statuses as "Reservation" has them: too many is RESERVATION_REFUSED, over a relay or by an access list is
 * PERMISSION_DENIED. */
static const char *why_not(weft_relay_server *r, weft_relay_peer *p, int *status) {
  *status = WEFT_RELAY_PERMISSION_DENIED;
  if (p->relayed) return "a reservation over a relayed connection";
  if (r->cfg.allow && !r->cfg.allow(r->cfg.allow_user, p->id.bytes, p->id.len)) return "the peer is not allowed";
  *status = WEFT_RELAY_RESERVATION_REFUSED;
  if (!p->has_reservation) {
    if (full(r->stats.reservations, r->cfg.max_reservations)) return "too many reservations";
    if (full(p->who->reservations, r->cfg.max_reservations_per_peer)) return "too many reservations of the peer";
    if (full(p->prefix->reservations, r->cfg.max_reservations_per_ip)) return "too many reservations of the network";
  }
  if (!weft_relay_prefix_issue(r, p->prefix)) return "too many reservations of the network in a minute";
  return NULL;
}

static void grant(weft_relay_server *r, weft_relay_peer *p, uint64_t expire) {
  p->renewed = p->has_reservation;
  p->expire = expire;
  if (!p->has_reservation) {
    p->has_reservation = true;
    p->who->reservations++;
    p->prefix->reservations++;
    r->stats.reservations++;
  }
  p->expires_at = WEFT_NEVER;
  weft_list_remove(&p->reserved);
  if (r->cfg.reservation_seconds == 0) return;
  p->expires_at = weft_time_add(r->now, weft_relay_seconds(r->cfg.reservation_seconds));
  weft_list_push_back(&r->reservations, &p->reserved);
}

void weft_relay_unreserve(weft_relay_server *r, weft_relay_peer *p, const char *why) {
  if (!p->has_reservation) return;
  p->has_reservation = false;
  p->expires_at = WEFT_NEVER;
  p->expired_why = why;
  weft_list_remove(&p->reserved);
  p->who->reservations--;
  p->prefix->reservations--;
  r->stats.reservations--;
  weft_relay_notice(r, &p->item, WEFT_RELAY_SERVER_EXPIRED);
}

void weft_relay_put_limit(const weft_relay_server *r, weft_relay_message *m) {
  m->limit_duration = r->cfg.circuit_seconds;
  m->limit_data = r->cfg.circuit_bytes;
  m->has_limit = m->limit_duration != 0 || m->limit_data != 0;
}

static uint64_t expiry(const weft_relay_server *r) {
  uint64_t now = weft_relay_unix(r->cfg.unix_at_zero, r->now);
  return now + (r->cfg.reservation_seconds ? r->cfg.reservation_seconds : UINT32_MAX);
}

static int make_voucher(const weft_relay_server *r, const weft_relay_peer *p, uint64_t expire, uint8_t *out,
                        size_t *len) {
  weft_relay_voucher v = {{r->id.bytes, r->id.len}, {p->id.bytes, p->id.len}, expire};
  weft_relay_bytes key = {r->key, r->cfg.public_key_len};
  return weft_relay_voucher_sign(&v, key, r->cfg.sign, r->cfg.sign_user, out, VOUCHER_MAX, len);
}

void weft_relay_reserve(weft_relay_server *r, weft_relay_stream *s) {
  weft_relay_message m = {.type = WEFT_RELAY_HOP_STATUS, .status = WEFT_RELAY_OK, .has_reservation = true};
  uint8_t voucher[VOUCHER_MAX];
  int status;
  const char *bad = why_not(r, s->peer, &status);
  if (bad) {
    weft_relay_stream_refuse(r, s, status, bad);
    return;
  }
  m.expire = expiry(r);
  m.voucher.data = voucher;
  if (make_voucher(r, s->peer, m.expire, voucher, &m.voucher.len) != WEFT_OK) {
    weft_relay_stream_refuse(r, s, WEFT_RELAY_RESERVATION_REFUSED, "the voucher could not be signed");
    return;
  }
  memcpy(m.addrs, r->addrs, sizeof m.addrs);
  m.addrs_len = r->cfg.addrs_len;
  weft_relay_put_limit(r, &m);
  grant(r, s->peer, m.expire);
  weft_relay_notice(r, &s->peer->item, WEFT_RELAY_SERVER_RESERVED);
  weft_relay_stream_answer(r, s, &m);
}
