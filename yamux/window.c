#include "base/timer.h"
#include "yamux/yamux_int.h"

enum { EPOCH_RTTS = 4 /* a window that was used up in less is too small for the path, as go-yamux and js have it */ };

void weft_yamux_window_return(weft_yamux *y, weft_yamux_stream *s) {
  y->extra_windows -= s->recv_window - WEFT_YAMUX_WINDOW_INITIAL;
  s->recv_window = WEFT_YAMUX_WINDOW_INITIAL;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void grow(weft_yamux *y, weft_yamux_stream *s) {
  if (y->rtt == WEFT_NEVER) return;
  weft_time rtt = y->rtt > 0 ? y->rtt : 1;
  if (weft_time_since(y->now, s->epoch) / EPOCH_RTTS >= rtt) return;
  uint64_t more = least(s->recv_window, y->cfg.window_max - s->recv_window);
  more = least(more, y->cfg.window_total - y->extra_windows);
  s->recv_window += (uint32_t)more;
  y->extra_windows += more;
}

/* Credit is given when half the window can be: fewer would cost a frame each. What is still to come of a frame whose
 * header is in has used up its credit already. */
static void give_credit(weft_yamux *y, weft_yamux_stream *s) {
  uint32_t held = s->recv_credit + s->unconsumed + (y->body_stream == s ? y->body_left : 0);
  if (s->remote_fin || held > s->recv_window / 2) return;
  grow(y, s);
  uint32_t more = s->recv_window - held;
  s->recv_credit += more;
  s->credit_due += more;
  s->epoch = y->now;
  weft_yamux_control_due(y, s);
}

void weft_yamux_consume(weft_yamux *y, weft_yamux_stream *s, uint32_t n) {
  s->unconsumed -= n;
  y->unconsumed -= n;
  give_credit(y, s);
}

bool weft_yamux_credit(weft_yamux_stream *s, uint32_t n) {
  if (n > UINT32_MAX - s->send_credit) return false;
  s->send_credit += n;
  return true;
}
