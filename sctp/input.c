#include "sctp/sctp_int.h"

/* ---- packets of no association (RFC 9260 section 8.4) ---------------------------------------------------------------- */

static bool has_chunk(weft_rd r, uint8_t type) {
  weft_sctp_chunk c;
  while (weft_sctp_chunk_next(&r, &c) == 1) {
    if (c.type == type) return true;
  }
  return false;
}

static void out_of_the_blue(weft_sctp *s, const weft_sctp_packet *p, uint8_t first) {
  bool aborts = first == WEFT_SCTP_ABORT || has_chunk(p->chunks, WEFT_SCTP_ABORT);
  bool silent = aborts || first == WEFT_SCTP_SHUTDOWN_COMPLETE || first == WEFT_SCTP_COOKIE_ACK ||
                first == WEFT_SCTP_ERROR || p->tag == 0;
  s->stats.drop_state++;
  if (silent) return;
  weft_sctp_send_reflected(s, first == WEFT_SCTP_SHUTDOWN_ACK ? WEFT_SCTP_SHUTDOWN_COMPLETE : WEFT_SCTP_ABORT, p->tag);
}

/* ---- verification tags (section 8.5) --------------------------------------------------------------------------------- */

static bool reflected(const weft_sctp *s, const weft_sctp_packet *p, const weft_sctp_chunk *c) {
  return c->flags & WEFT_SCTP_FLAG_T ? p->tag == s->peer.peer_tag && p->tag != 0 : p->tag == s->peer.my_tag;
}

static bool good_tag(const weft_sctp *s, const weft_sctp_packet *p, const weft_sctp_chunk *first) {
  switch (first->type) {
  case WEFT_SCTP_INIT: return p->tag == 0;
  case WEFT_SCTP_ABORT:
  case WEFT_SCTP_SHUTDOWN_COMPLETE: return reflected(s, p, first);
  case WEFT_SCTP_COOKIE_ECHO: return p->tag != 0; /* the cookie says which */
  default: return p->tag == s->peer.my_tag;
  }
}

/* ---- checksum -------------------------------------------------------------------------------------------------------- */

/* RFC 9653 section 5.3: zero is good if it was offered, but never on INIT and COOKIE-ECHO. */
static bool good_checksum(const weft_sctp *s, const weft_sctp_packet *p, uint8_t first, const uint8_t *data,
                          size_t len) {
  bool may_be_zero = s->cfg.zero_checksum && first != WEFT_SCTP_INIT && first != WEFT_SCTP_COOKIE_ECHO;
  if (p->crc == 0 && may_be_zero) return true;
  return weft_sctp_packet_crc(s->crc, data, len) == p->crc;
}

/* ---- routing --------------------------------------------------------------------------------------------------------- */

static bool alone(const weft_sctp_packet *p, const weft_sctp_chunk *first) {
  bool must =
      first->type == WEFT_SCTP_INIT || first->type == WEFT_SCTP_INIT_ACK || first->type == WEFT_SCTP_SHUTDOWN_COMPLETE;
  return must ? weft_rd_left(&p->chunks) == 0
              : !has_chunk(p->chunks, WEFT_SCTP_INIT) && !has_chunk(p->chunks, WEFT_SCTP_INIT_ACK) &&
                    !has_chunk(p->chunks, WEFT_SCTP_SHUTDOWN_COMPLETE);
}

/* Chunks other than DATA; false: the rest of the packet does not count. */
static bool route_control(weft_sctp *s, const weft_sctp_packet *p, const weft_sctp_chunk *c, bool first) {
  switch (c->type) {
  case WEFT_SCTP_SACK: weft_sctp_on_sack(s, c); return true;
  case WEFT_SCTP_INIT: weft_sctp_on_init(s, c); return false;
  case WEFT_SCTP_INIT_ACK: weft_sctp_on_init_ack(s, c); return false;
  case WEFT_SCTP_COOKIE_ECHO: return first && weft_sctp_on_cookie_echo(s, c, p->tag);
  case WEFT_SCTP_COOKIE_ACK: weft_sctp_on_cookie_ack(s); return true;
  case WEFT_SCTP_HEARTBEAT: weft_sctp_on_heartbeat(s, c); return true;
  case WEFT_SCTP_HEARTBEAT_ACK: weft_sctp_on_heartbeat_ack(s, c); return true;
  case WEFT_SCTP_FORWARD_TSN: weft_sctp_on_forward(s, c); return true;
  case WEFT_SCTP_RE_CONFIG: weft_sctp_on_reconfig(s, c); return true;
  case WEFT_SCTP_ERROR: weft_sctp_on_error(s, c); return true;
  case WEFT_SCTP_SHUTDOWN: weft_sctp_on_shutdown(s, c); return true;
  case WEFT_SCTP_SHUTDOWN_ACK: weft_sctp_on_shutdown_ack(s); return true;
  case WEFT_SCTP_ABORT:
    if (reflected(s, p, c)) weft_sctp_on_abort(s, c);
    return false;
  case WEFT_SCTP_SHUTDOWN_COMPLETE: weft_sctp_on_shutdown_complete(s); return false;
  default: weft_sctp_on_unknown(s, c); return c->type & 0x80; /* section 3.2: bit 80 says whether to go on */
  }
}

static int route_all(weft_sctp *s, const weft_sctp_packet *p, const weft_sctp_chunk *first) {
  weft_sctp_chunk c = *first;
  weft_rd rest = p->chunks;
  int rc = WEFT_OK;
  bool go_on = true, is_first = true;
  do {
    if (c.type == WEFT_SCTP_DATA) {
      int one = weft_sctp_on_data(s, &c);
      if (one != WEFT_OK) rc = one;
    } else {
      go_on = route_control(s, p, &c, is_first);
    }
    is_first = false;
    weft_sctp_deliver(s);
  } while (go_on && !weft_sctp_over(s) && weft_sctp_chunk_next(&rest, &c) == 1);
  if (!s->dead) weft_sctp_packet_done(s);
  return rc;
}

static bool handshaking(const weft_sctp *s) {
  return s->state == WEFT_SCTP_CLOSED || s->state == WEFT_SCTP_COOKIE_WAIT || s->state == WEFT_SCTP_COOKIE_ECHOED;
}

int weft_sctp_receive(weft_sctp *s, const uint8_t *data, size_t len) {
  weft_sctp_packet p;
  weft_sctp_chunk first;
  s->stats.packets_in++;
  s->stats.bytes_in += len;
  weft_sctp_trace(s, WEFT_TRACE_IN, NULL, data, len);
  bool sound = weft_sctp_packet_check(data, len) == WEFT_OK && weft_sctp_packet_read(&p, data, len) == WEFT_OK &&
               weft_sctp_chunk_next(&p.chunks, &first) == 1;
  if (!sound || !alone(&p, &first)) {
    weft_sctp_drop(s, &s->stats.drop_malformed, "drop_malformed", data, len);
  } else if (!good_checksum(s, &p, first.type, data, len)) {
    weft_sctp_drop(s, &s->stats.drop_checksum, "drop_checksum", data, len);
  } else if (p.source != s->cfg.remote_port || p.destination != s->cfg.local_port) {
    weft_sctp_drop(s, &s->stats.drop_tag, "drop_tag", data, len);
  } else if (s->state == WEFT_SCTP_CLOSED && first.type != WEFT_SCTP_INIT && first.type != WEFT_SCTP_COOKIE_ECHO) {
    out_of_the_blue(s, &p, first.type);
  } else if (handshaking(s) && first.type == WEFT_SCTP_SHUTDOWN_ACK) { /* section 8.5.1 E */
    out_of_the_blue(s, &p, first.type);
  } else if (!good_tag(s, &p, &first)) {
    weft_sctp_drop(s, &s->stats.drop_tag, "drop_tag", data, len);
  } else {
    return route_all(s, &p, &first);
  }
  return WEFT_OK;
}
