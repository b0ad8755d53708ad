#include "webrtc/halves.h"

#include "base/timer.h"

void weft_webrtc_halves_init(weft_webrtc_halves *h) {
  *h = (weft_webrtc_halves){.ack_at = WEFT_NEVER, .give_up_at = WEFT_NEVER};
}

bool weft_webrtc_halves_writable(const weft_webrtc_halves *h) {
  return h->write == WEFT_WEBRTC_WRITE_OPEN && h->reset == WEFT_OK;
}

bool weft_webrtc_halves_readable(const weft_webrtc_halves *h) {
  return h->read == WEFT_WEBRTC_READ_OPEN && h->reset == WEFT_OK;
}

/* FIN is answered at once: go and js wait for FIN_ACK, js gives some exchanges 5 s in all. */
static bool on_fin(weft_webrtc_halves *h, weft_time now) {
  if (h->read == WEFT_WEBRTC_READ_ENDED) return false;
  h->read = WEFT_WEBRTC_READ_ENDED;
  h->owed |= WEFT_WEBRTC_OWED_FIN_ACK;
  h->owed &= (uint8_t)~WEFT_WEBRTC_OWED_STOP;
  h->ack_at = weft_time_add(now, WEFT_WEBRTC_FIN_ACK_HOLD);
  return true;
}

/* The peer reads no more: our half ends with a FIN, as js-libp2p and rust-libp2p end theirs. */
static bool on_stop_sending(weft_webrtc_halves *h) {
  h->stopped_by_peer = true;
  if (h->write == WEFT_WEBRTC_WRITE_OPEN) h->write = WEFT_WEBRTC_WRITE_FIN_OWED;
  return false;
}

bool weft_webrtc_halves_flag(weft_webrtc_halves *h, int flag, weft_time now) {
  if (h->reset != WEFT_OK) return false;
  if (flag == WEFT_WEBRTC_FIN) return on_fin(h, now);
  if (flag == WEFT_WEBRTC_STOP_SENDING) return on_stop_sending(h);
  if (flag == WEFT_WEBRTC_FIN_ACK && h->write == WEFT_WEBRTC_WRITE_FIN_SENT)
    h->fin_acked = true; /* unasked for: ignored */
  if (flag != WEFT_WEBRTC_RESET) return false;
  weft_webrtc_halves_reset(h, WEFT_ERESET,
                           false); /* go, js and rust: both directions, whatever the specification's text says */
  return true;
}

/* A peer that closes after its own FIN has had ours, or does not want it; without FIN it has gone away mid-stream. */
bool weft_webrtc_halves_channel_reset(weft_webrtc_halves *h) {
  bool heard_all = h->read != WEFT_WEBRTC_READ_OPEN, said_all = h->write == WEFT_WEBRTC_WRITE_FIN_SENT;
  h->channel_gone = true;
  h->owed = 0;
  if (h->reset != WEFT_OK) return false;
  if (!heard_all || !said_all) {
    weft_webrtc_halves_reset(h, WEFT_ERESET, false);
    return true;
  }
  h->fin_acked = true;
  h->read = WEFT_WEBRTC_READ_ENDED;
  return false;
}

void weft_webrtc_halves_drained(weft_webrtc_halves *h, bool no_fin_ack, weft_time fin_ack_limit, weft_time now) {
  weft_time limit = no_fin_ack ? weft_time_min(fin_ack_limit, WEFT_WEBRTC_FIN_ACK_HOLD) : fin_ack_limit;
  if (h->write != WEFT_WEBRTC_WRITE_FIN_SENT || h->drained) return;
  h->drained = true;
  h->give_up_at = weft_time_add(now, limit);
}

bool weft_webrtc_halves_shutdown(weft_webrtc_halves *h) {
  if (!weft_webrtc_halves_writable(h)) return false;
  h->write = WEFT_WEBRTC_WRITE_FIN_OWED;
  return true;
}

bool weft_webrtc_halves_stop(weft_webrtc_halves *h) {
  if (!weft_webrtc_halves_readable(h)) return false;
  h->read = WEFT_WEBRTC_READ_STOPPED;
  h->owed |= WEFT_WEBRTC_OWED_STOP;
  return true;
}

void weft_webrtc_halves_reset(weft_webrtc_halves *h, int code, bool tell) {
  if (h->reset != WEFT_OK) return;
  h->reset = code;
  h->owed = tell && !h->channel_gone ? WEFT_WEBRTC_OWED_RESET : 0;
}

/* rust-libp2p takes a frame with an unknown flag, or with no message, for the end of the stream: towards it nothing but FIN and RESET
 * goes out before our own FIN (or a second has passed). */
int weft_webrtc_halves_next(const weft_webrtc_halves *h, bool no_fin_ack, weft_time now) {
  if (h->owed & WEFT_WEBRTC_OWED_RESET) return WEFT_WEBRTC_RESET;
  if (h->reset != WEFT_OK || h->channel_gone) return WEFT_WEBRTC_FLAG_NONE;
  bool free = !no_fin_ack || h->write == WEFT_WEBRTC_WRITE_FIN_SENT;
  if ((h->owed & WEFT_WEBRTC_OWED_FIN_ACK) &&
      (free || (h->write == WEFT_WEBRTC_WRITE_OPEN && weft_time_due(h->ack_at, now))))
    return WEFT_WEBRTC_FIN_ACK;
  if ((h->owed & WEFT_WEBRTC_OWED_STOP) && free) return WEFT_WEBRTC_STOP_SENDING;
  return h->write == WEFT_WEBRTC_WRITE_FIN_OWED ? WEFT_WEBRTC_FIN : WEFT_WEBRTC_FLAG_NONE;
}

void weft_webrtc_halves_sent(weft_webrtc_halves *h, int flag) {
  if (flag == WEFT_WEBRTC_FIN) h->write = WEFT_WEBRTC_WRITE_FIN_SENT;
  if (flag == WEFT_WEBRTC_RESET) h->owed &= (uint8_t)~WEFT_WEBRTC_OWED_RESET;
  if (flag == WEFT_WEBRTC_STOP_SENDING) h->owed &= (uint8_t)~WEFT_WEBRTC_OWED_STOP;
  if (flag == WEFT_WEBRTC_FIN_ACK) h->owed &= (uint8_t)~WEFT_WEBRTC_OWED_FIN_ACK;
}

/* Without FIN_ACK the transport's acknowledgement must do, after a limit: it says that the bytes arrived, not that they were read,
 * and a channel that is reset loses what was not (webrtc-rs 0.17). Who is through with it closes the channel before. */
static bool write_done(const weft_webrtc_halves *h, weft_time now) {
  if (h->write != WEFT_WEBRTC_WRITE_FIN_SENT) return false;
  return h->fin_acked || (h->drained && weft_time_due(h->give_up_at, now));
}

bool weft_webrtc_halves_finished(const weft_webrtc_halves *h, weft_time now) {
  if (h->reset != WEFT_OK || h->owed != 0 || !write_done(h, now)) return false;
  if (h->read == WEFT_WEBRTC_READ_STOPPED)
    return weft_time_due(h->give_up_at, now); /* its FIN is not worth a longer wait */
  return h->read == WEFT_WEBRTC_READ_ENDED;
}

weft_time weft_webrtc_halves_deadline(const weft_webrtc_halves *h, bool no_fin_ack) {
  weft_time at = WEFT_NEVER;
  if (h->reset != WEFT_OK || h->channel_gone) return at;
  if (no_fin_ack && (h->owed & WEFT_WEBRTC_OWED_FIN_ACK) && h->write == WEFT_WEBRTC_WRITE_OPEN) at = h->ack_at;
  if (h->drained && h->read == WEFT_WEBRTC_READ_STOPPED) at = weft_time_min(at, h->give_up_at);
  if (h->drained && !h->fin_acked && h->read == WEFT_WEBRTC_READ_ENDED) at = weft_time_min(at, h->give_up_at);
  return at;
}
