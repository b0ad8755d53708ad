/* How a running peer ends: its own close, our close, and DATA that it must not take. */
#include <stdio.h>

#include "apps/clock.h"
#include "apps/live.h"
#include "sctp/sctp_int.h"

static bool is_told(live *l) { return l->seen.told != 0 || l->closed; }

static const char *name_of(unsigned told) {
  if (told & LIVE_TOLD_ABORT) return "an SCTP ABORT came";
  return told & LIVE_TOLD_SHUTDOWN ? "an SCTP SHUTDOWN came" : "a DTLS alert came";
}

/* A peer that closes when it likes; nothing from here makes it. */
void live_close_told(live *l, const live_behaviour *b) {
  if (!l->closed && l->close_wait > 0) {
    fprintf(stderr, "Waiting %u s for the peer to close the connection (--live-close-wait)\n", l->close_wait);
    live_wait(l, is_told, WEFT_SEC(l->close_wait));
  }
  if (l->seen.told != 0)
    live_note(l, b, LIVE_PASS, "%s", name_of(l->seen.told));
  else if (l->closed)
    live_note(l, b, LIVE_FAIL, "the connection broke off: %s", l->why);
  else
    live_note(l, b, LIVE_NOT_TESTABLE, "the peer did not close within %u s (--live-close-wait)", l->close_wait);
}

static bool goodbye_seen(live *l) { return l->seen.goodbye; }

/* close_notify of ours must be answered by one (RFC 5246 section 7.2.1); an ABORT is as good an end. */
void live_close_answered(live *l, const live_behaviour *b) {
  if (l->seen.told != 0) {
    live_note(l, b, LIVE_NOT_TESTABLE, "the peer had closed the connection");
    return;
  }
  weft_webrtc_enter(l->conn, app_clock_now());
  weft_dtls_close(l->conn->dtls, WEFT_OK, l->conn->now);
  weft_webrtc_leave(l->conn);
  l->seen.goodbye = false;
  live_wait(l, live_is_closed, WEFT_SEC(1));
  bool ok = live_wait(l, goodbye_seen, WEFT_SEC(5));
  live_note(l, b, ok ? LIVE_PASS : LIVE_FAIL, "%s", ok ? "an alert came back" : "silence for 5 s");
}

/* ---- DATA without user data ---- */

/* The next of the association, on a stream that is open: nothing but its length, 16, is wrong with it. */
static void send_empty_data(live *l) {
  weft_wr w;
  uint8_t packet[64];
  weft_webrtc_enter(l->conn, app_clock_now());
  weft_sctp *s = l->conn->sctp;
  weft_wr_init(&w, packet, sizeof packet);
  weft_sctp_put_header(&w, s->cfg.local_port, s->cfg.remote_port, s->peer.peer_tag);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_DATA, WEFT_SCTP_FLAG_B | WEFT_SCTP_FLAG_E | WEFT_SCTP_FLAG_U);
  weft_wr_u32(&w, s->tx.next);
  weft_wr_u16(&w, 0);
  weft_wr_u16(&w, 0);
  weft_wr_u32(&w, WEFT_DATACHANNEL_PPID_BINARY);
  weft_sctp_close_chunk(&w, at);
  s->now = l->conn->now;
  (void)weft_sctp_emit(s, &w);
  weft_webrtc_leave(l->conn);
}

static bool is_aborted(live *l) { return l->seen.aborted || l->closed; }

void live_empty_data(live *l, const live_behaviour *b) {
  if (l->listener) {
    live_note(l, b, LIVE_NOT_TESTABLE, "it needs a connection of its own, which only a dialer can make");
    return;
  }
  live_hang_up(l);
  if (live_dial(l) != WEFT_OK || !live_wait(l, live_is_ready, WEFT_SEC(30)) || !l->ready) {
    live_note(l, b, LIVE_NOT_TESTABLE, "no second connection: %s", l->why[0] ? l->why : "no answer");
    return;
  }
  l->seen.aborted = false;
  send_empty_data(l);
  live_wait(l, is_aborted, WEFT_SEC(5));
  bool ok = l->seen.aborted && l->seen.abort_cause == WEFT_SCTP_CAUSE_NO_DATA;
  if (l->seen.aborted)
    live_note(l, b, ok ? LIVE_PASS : LIVE_FAIL, "ABORT with error cause %u (9: No User Data)", l->seen.abort_cause);
  else
    live_note(l, b, LIVE_FAIL, "no ABORT within 5 s%s%s", l->closed ? ": " : "", l->closed ? l->why : "");
}
