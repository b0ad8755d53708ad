/* The client's side of a stop stream: a relay asks on behalf of a dialer (relay/circuit-v2.md "Stop Protocol"). */
#include <string.h>

#include "base/timer.h"
#include "relay/relay_int.h"

static void put_status(weft_relay_client *c, int status) {
  weft_relay_message m = {.type = WEFT_RELAY_STOP_STATUS, .status = status};
  c->out_at = c->out_len = 0;
  weft_relay_stop_encode(&m, c->out, sizeof c->out, &c->out_len);
}

void weft_relay_client_stop_refuse(weft_relay_client *c, int status, int code, const char *text) {
  put_status(c, status);
  weft_relay_client_flush(c);
  weft_relay_client_end(c, WEFT_WHO_PEER, "message", code, status, text);
}

void weft_relay_client_stop_asked(weft_relay_client *c) {
  const weft_relay_message *m = &c->message;
  if (m->type == -1 || (m->type == WEFT_RELAY_STOP_CONNECT && !m->has_peer)) {
    weft_relay_client_stop_refuse(c, WEFT_RELAY_MALFORMED_MESSAGE, WEFT_EPROTO, "the relay sent an incomplete message");
    return;
  }
  if (m->type != WEFT_RELAY_STOP_CONNECT) {
    weft_relay_client_stop_refuse(c, WEFT_RELAY_UNEXPECTED_MESSAGE, WEFT_EPROTO,
                                  "the relay sent something else than CONNECT");
    return;
  }
  if (weft_peer_id_from_bytes(&c->remote, m->peer_id.data, m->peer_id.len) != WEFT_OK) {
    weft_relay_client_stop_refuse(c, WEFT_RELAY_MALFORMED_MESSAGE, WEFT_EPROTO,
                                  "the relay names a peer that is no peer id");
    return;
  }
  c->accepted = true;
  put_status(c, WEFT_RELAY_OK);
  if (weft_relay_client_flush(c)) weft_relay_client_accepted(c);
}

void weft_relay_client_accepted(weft_relay_client *c) {
  const weft_relay_message *m = &c->message;
  weft_relay_client_event ev = {.type = WEFT_RELAY_CLIENT_CIRCUIT, .message = m, .limited = m->has_limit};
  ev.peer_id = (weft_relay_bytes){c->remote.bytes, c->remote.len};
  weft_relay_client_tell(c, &ev);
  weft_relay_client_end(c, WEFT_WHO_SELF, "circuit", WEFT_OK, WEFT_RELAY_OK, "the circuit stands");
}
