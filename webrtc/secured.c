/* Channel 0 of webrtc-direct: Noise in the same frames as every stream, then the secured byte stream. The channel is never closed:
 * rust-libp2p opens none after that (rust-libp2p pull request 5986), go and js leave it open too. */
#include <string.h>

#include "base/bytes.h"
#include "webrtc/webrtc_int.h"

/* webrtc-rs makes channel 0 some time after its association is up, and a message that is there before makes that fail
 * (webrtc-sctp 0.17.2, open_stream: ErrStreamAlreadyExist): rust-libp2p's dial then ends in a timeout. */
#define SPEAK_LATE WEFT_MS(50)

/* libp2p specs webrtc/webrtc-direct.md, "Connection Security": prefix, then the multihashes (sha2-256: 12 20) of the dialer's and the
 * listener's certificate. */
void weft_webrtc_make_prologue(weft_webrtc_prologue *p, const uint8_t dialer[32], const uint8_t listener[32]) {
  static const char prefix[] = "libp2p-webrtc-noise:";
  static const uint8_t sha2_256[2] = {0x12, 0x20};
  weft_wr w;
  weft_wr_init(&w, p->bytes, sizeof p->bytes);
  weft_wr_bytes(&w, prefix, sizeof prefix - 1);
  weft_wr_bytes(&w, sha2_256, sizeof sha2_256);
  weft_wr_bytes(&w, dialer, WEFT_DTLS_FINGERPRINT_LEN);
  weft_wr_bytes(&w, sha2_256, sizeof sha2_256);
  weft_wr_bytes(&w, listener, WEFT_DTLS_FINGERPRINT_LEN);
}

/* ---- Noise ---- */

static ptrdiff_t noise_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_webrtc *c = user;
  size_t done = 0;
  (void)now;
  c->noise_waits = false;
  while (done < len) {
    size_t room = weft_webrtc_room(c, WEFT_WEBRTC_CHANNEL_ZERO), n = len - done;
    if (n > WEFT_WEBRTC_PAYLOAD_MAX) n = WEFT_WEBRTC_PAYLOAD_MAX;
    if (n > room) n = room;
    if (n == 0 ||
        weft_webrtc_put_frame(c, WEFT_WEBRTC_CHANNEL_ZERO, WEFT_WEBRTC_FLAG_NONE, data + done, n) != WEFT_OK) {
      c->noise_waits = true;
      break;
    }
    done += n;
  }
  return (ptrdiff_t)done;
}

/* READY may be told. */
void weft_webrtc_secure_ready(weft_webrtc *c) {
  if (!c->secured_waits || !weft_webrtc_alive(c)) return;
  c->secured_waits = false;
  c->setup_at = WEFT_NEVER;
  weft_webrtc_set_stage(c, WEFT_WEBRTC_READY);
  c->events |= WEFT_WEBRTC_TELL_NOISE | WEFT_WEBRTC_TELL_READY;
}

/* The initiator's last message may be overtaken by what it says on other channels, and peers keep little of that (js-libp2p 16 KiB) before their
 * own handshake is over: so it waits until that message is acknowledged, or the peer speaks first. */
static void on_secured(weft_webrtc *c, const weft_noise_event *ev) {
  memcpy(c->peer_id, ev->peer_id, ev->peer_id_len);
  c->peer_id_len = ev->peer_id_len;
  c->stats.noise_at = c->now;
  c->secured_waits = true;
  if (!c->setup.inbound) weft_webrtc_secure_ready(c);
}

static void on_secured_data(weft_webrtc *c, const weft_noise_event *ev) {
  weft_webrtc_secure_ready(c);
  weft_webrtc_tell_pending(c); /* READY comes first */
  weft_webrtc_event out = {.type = WEFT_WEBRTC_EVENT_SECURED_DATA, .data = ev->data, .len = ev->len};
  if (weft_webrtc_alive(c)) weft_webrtc_raise(c, &out);
}

static void noise_event(void *user, const weft_noise_event *ev, weft_time now) {
  weft_webrtc *c = user;
  (void)now;
  if (!weft_webrtc_alive(c)) return;
  switch (ev->type) {
  case WEFT_NOISE_EVENT_SECURED: on_secured(c, ev); break;
  case WEFT_NOISE_EVENT_DATA: on_secured_data(c, ev); break;
  case WEFT_NOISE_EVENT_WRITABLE: c->events |= WEFT_WEBRTC_TELL_SECURED_WRITABLE; break;
  case WEFT_NOISE_EVENT_REMOTE_CLOSED: break;
  case WEFT_NOISE_EVENT_CLOSED: weft_webrtc_fail(c, &ev->closed); break;
  }
}

void weft_webrtc_prologue_of(const weft_webrtc *c, weft_webrtc_prologue *p) {
  const uint8_t *mine = weft_dtls_cert_fingerprint(c->cfg.cert);
  if (c->setup.inbound)
    weft_webrtc_make_prologue(p, c->peer_fingerprint, mine);
  else
    weft_webrtc_make_prologue(p, mine, c->peer_fingerprint);
}

void weft_webrtc_secure_speak(weft_webrtc *c) {
  c->speak_at = WEFT_NEVER;
  int rc = weft_noise_start(c->noise, c->now);
  if (rc != WEFT_OK) weft_webrtc_fail_here(c, "noise", rc, weft_strerror(rc));
}

/* The listener is the initiator: it speaks as soon as the association is up, to a dialer of rust-libp2p a little later. */
int weft_webrtc_secure_start(weft_webrtc *c) {
  weft_noise_config n;
  weft_noise_callbacks cb = {sizeof cb, noise_output, noise_event};
  weft_webrtc_prologue p;
  weft_webrtc_prologue_of(c, &p);
  weft_noise_config_default(&n);
  n.rng = c->cfg.rng;
  n.alloc = &c->alloc;
  n.trace = c->cfg.trace;
  n.initiator = c->setup.inbound;
  n.identity = c->cfg.identity;
  n.prologue = p.bytes;
  n.prologue_len = sizeof p.bytes;
  n.expected_peer = c->expected_peer;
  n.expected_peer_len = c->cfg.expected_peer_len;
  n.handshake_limit = c->setup.setup_limit;
  int rc = weft_noise_new(&c->noise, &n, &cb, c);
  if (rc != WEFT_OK || !c->setup.speaks_late) return rc == WEFT_OK ? weft_noise_start(c->noise, c->now) : rc;
  c->speak_at = weft_time_add(c->now, SPEAK_LATE);
  return WEFT_OK;
}

/* ---- channel 0 ---- */

static void zero_failed(weft_webrtc *c, int code, const char *text) {
  weft_closed why = {.who = WEFT_WHO_PEER, .layer = "webrtc", .step = "channel 0", .code = code, .text = text};
  weft_webrtc_fail(c, &why);
}

/* Of the implementations looked at only rust-libp2p says FIN here once its handshake is done (go and js leave the channel open). Nothing is
 * said to it, and its streams are treated as weft_webrtc_quirks has it without waiting for identify. */
static void zero_flag(weft_webrtc *c, int flag) {
  if (flag != WEFT_WEBRTC_FIN && flag != WEFT_WEBRTC_RESET) return;
  c->zero_ended = true;
  if (flag == WEFT_WEBRTC_FIN) c->quirks.no_fin_ack = true;
  if (c->noise && c->stage < WEFT_WEBRTC_READY) weft_noise_input_end(c->noise, c->now);
}

static void zero_frame(weft_webrtc *c, const uint8_t *body, size_t len) {
  weft_webrtc_frame f;
  if (weft_webrtc_frame_decode(&f, body, len) != WEFT_OK) {
    weft_webrtc_drop(c, &c->stats.drop_frame, "drop_frame", body, len);
    zero_failed(c, WEFT_EMALFORMED, "the peer sent something on channel 0 that is not a libp2p message");
    return;
  }
  weft_webrtc_trace_frame(c, WEFT_TRACE_IN, WEFT_WEBRTC_CHANNEL_ZERO, &f);
  if (f.len > 0 && c->noise && !c->zero_ended) (void)weft_noise_input(c->noise, f.message, f.len, c->now);
  if (weft_webrtc_alive(c)) zero_flag(c, f.flag);
}

void weft_webrtc_secure_bytes(weft_webrtc *c, const uint8_t *data, size_t len) {
  const uint8_t *body;
  size_t body_len;
  int rc = 0;
  while (weft_webrtc_alive(c) && (rc = weft_webrtc_deframer_next(&c->rx0, &data, &len, &body, &body_len)) > 0)
    zero_frame(c, body, body_len);
  if (rc >= 0 || !weft_webrtc_alive(c)) return;
  weft_webrtc_drop(c, &c->stats.drop_frame, "drop_frame", data, len);
  zero_failed(c, rc,
              rc == WEFT_ENOMEM ? "no memory for a frame"
                                : "the peer sent a frame on channel 0 that is too large or malformed");
}

/* Once the peer id is proven the channel has done its work. */
void weft_webrtc_secure_channel_reset(weft_webrtc *c) {
  if (c->peer_id_len == 0) zero_failed(c, WEFT_ERESET, "the peer closed channel 0 before its peer id was proven");
}

/* Noise keeps what the channel did not take. */
void weft_webrtc_secure_run(weft_webrtc *c) {
  if (!c->noise || !weft_webrtc_alive(c)) return;
  if (c->noise_waits && weft_webrtc_room(c, WEFT_WEBRTC_CHANNEL_ZERO) >= c->cfg.stream_send_limit / 2)
    weft_noise_tick(c->noise, c->now);
  if (c->noise_waits || !weft_webrtc_alive(c)) return;
  if (weft_sctp_stream_buffered(c->sctp, WEFT_WEBRTC_CHANNEL_ZERO) == 0) weft_webrtc_secure_ready(c);
}

ptrdiff_t weft_webrtc_secured_send(weft_webrtc *c, const uint8_t *data, size_t len, weft_time now) {
  if (c->ending) return WEFT_ECLOSED;
  if (c->stage != WEFT_WEBRTC_READY || !c->noise) return WEFT_ESTATE;
  weft_webrtc_enter(c, now);
  ptrdiff_t rc = weft_noise_send(c->noise, data, len, c->now);
  weft_webrtc_leave(c);
  return rc;
}
