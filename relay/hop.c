/* The client's side of a hop stream: RESERVE and CONNECT (relay/circuit-v2.md "Hop Protocol"). */
#include <string.h>

#include "base/timer.h"
#include "relay/relay_int.h"

/* js-libp2p's circuit-relay-v2 renews five minutes before the end; of a short reservation we leave half. */
enum { REFRESH_BEFORE = 5 * 60 };

int weft_relay_client_ask(weft_relay_client *c) {
  weft_relay_message m = {.type = WEFT_RELAY_HOP_RESERVE, .status = -1};
  if (c->cfg.kind == WEFT_RELAY_CONNECT) {
    m.type = WEFT_RELAY_HOP_CONNECT;
    m.has_peer = true;
    m.peer_id = (weft_relay_bytes){c->target.bytes, c->target.len};
  }
  int rc = weft_relay_hop_encode(&m, c->out, sizeof c->out, &c->out_len);
  if (rc == WEFT_OK) weft_relay_client_flush(c);
  return rc;
}

static weft_time refresh_at(const weft_relay_client *c, uint64_t seconds) {
  uint64_t before = seconds / 2 < REFRESH_BEFORE ? seconds / 2 : REFRESH_BEFORE;
  return weft_time_add(c->now, weft_relay_seconds(seconds - before));
}

static void wrong(weft_relay_client *c, const char *step, int code, const char *text) {
  weft_relay_client_end(c, WEFT_WHO_PEER, step, code, c->message.status, text);
}

static void reserved(weft_relay_client *c) {
  const weft_relay_message *m = &c->message;
  uint64_t now = weft_relay_unix(c->cfg.unix_at_zero, c->now);
  weft_relay_voucher_expect x = {&c->relay, &c->self, now, c->cfg.verify, c->cfg.verify_user};
  if (!m->has_reservation) {
    wrong(c, "reservation", WEFT_EPROTO, "the relay agreed, and sent no reservation");
    return;
  }
  if (m->expire <= now) {
    wrong(c, "reservation", WEFT_EPROTO, "the reservation has expired already; are both clocks right?");
    return;
  }
  /* Optional in the schema: go-libp2p's client accepts its absence too. */
  const char *bad = m->voucher.len > 0 ? weft_relay_voucher_check(m->voucher, &x) : NULL;
  if (bad) {
    wrong(c, "voucher", WEFT_EAUTH, bad);
    return;
  }
  weft_relay_client_event ev = {.type = WEFT_RELAY_CLIENT_RESERVED, .message = m, .limited = m->has_limit};
  ev.expire = m->expire;
  ev.refresh_at = refresh_at(c, m->expire - now);
  weft_relay_client_tell(c, &ev);
  weft_relay_client_end(c, WEFT_WHO_SELF, "reservation", WEFT_OK, WEFT_RELAY_OK, "the reservation stands");
}

static void connected(weft_relay_client *c) {
  const weft_relay_message *m = &c->message;
  weft_relay_client_event ev = {.type = WEFT_RELAY_CLIENT_CIRCUIT, .message = m, .limited = m->has_limit};
  ev.peer_id = (weft_relay_bytes){c->target.bytes, c->target.len};
  weft_relay_client_tell(c, &ev);
  weft_relay_client_end(c, WEFT_WHO_SELF, "circuit", WEFT_OK, WEFT_RELAY_OK, "the circuit stands");
}

static const char *why(int status) {
  switch (status) {
  case WEFT_RELAY_RESERVATION_REFUSED: return "the relay refused the reservation: it has too many";
  case WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED: return "the relay has too many circuits, in all or of one of the peers";
  case WEFT_RELAY_PERMISSION_DENIED: return "the relay does not serve this peer";
  case WEFT_RELAY_CONNECTION_FAILED: return "the relay did not reach the peer";
  case WEFT_RELAY_NO_RESERVATION: return "the peer has no reservation on the relay";
  case WEFT_RELAY_MALFORMED_MESSAGE: return "the relay calls our message malformed";
  case WEFT_RELAY_UNEXPECTED_MESSAGE: return "the relay did not expect our message";
  default: return "the relay refused with a status that is not known here";
  }
}

void weft_relay_client_hop_answer(weft_relay_client *c) {
  const weft_relay_message *m = &c->message;
  bool reserve = c->cfg.kind == WEFT_RELAY_RESERVE;
  if (m->type != WEFT_RELAY_HOP_STATUS || m->status < 0)
    wrong(c, "message", WEFT_EPROTO, "the relay answered with something else than a status");
  else if (m->status != WEFT_RELAY_OK)
    wrong(c, reserve ? "reservation" : "circuit", WEFT_EREFUSED, why(m->status));
  else
    reserve ? reserved(c) : connected(c);
}
