#include "apps/reservation.h"

#include <string.h>

/* The relay's connection: dialled again after 1 s, doubling to a minute. A refusal: asked again after 5 s, doubling to 5 min. */
#define DIAL_FIRST WEFT_SEC(1)
#define DIAL_MAX WEFT_SEC(60)
#define ASK_FIRST WEFT_SEC(5)
#define ASK_MAX WEFT_SEC(300)

static weft_time doubled(weft_time t, weft_time max) { return t * 2 < max ? t * 2 : max; }

/* The exchange is over; the stream is the connection's. */
static void end_exchange(app_reservation *r, bool whole, weft_time now) {
  app_stream *s = r->stream;
  weft_relay_client_free(r->client);
  r->client = NULL;
  r->stream = NULL;
  if (!s) return;
  s->state = NULL;
  if (whole)
    app_stream_shutdown(s, now);
  else
    app_stream_reset(s, now);
}

/* ---- what comes of it ---------------------------------------------------------------------------------------------------- */

static void refused(app_reservation *r, const weft_closed *why, weft_time now) {
  weft_time pause = r->ask_pause;
  r->ask_pause = doubled(r->ask_pause, ASK_MAX);
  r->act_at = now + pause;
  end_exchange(r, false, now);
  r->cb.failed(r->user, r, why, pause, now);
}

static void refused_here(app_reservation *r, const char *layer, const char *step, int code, const char *text,
                         weft_time now) {
  weft_closed why = {WEFT_WHO_PEER, layer, step, code, 0, text};
  refused(r, &why, now);
}

static void reserved(app_reservation *r, const weft_relay_client_event *ev, weft_time now) {
  bool first = !r->standing;
  int64_t left = (int64_t)ev->expire - r->cfg.unix_at_zero - (int64_t)(now / WEFT_SEC(1));
  r->standing = r->ever = true;
  r->limited = ev->limited;
  r->expire = ev->expire;
  r->ends_at = now + WEFT_SEC((weft_time)(left > 0 ? left : 0));
  r->act_at = ev->refresh_at;
  r->ask_pause = ASK_FIRST;
  r->dial_pause = DIAL_FIRST;
  r->answer = ev->message;
  r->cb.reserved(r->user, r, first, now);
  r->answer = NULL;
}

static void client_event(void *user, const weft_relay_client_event *ev, weft_time now) {
  app_reservation *r = user;
  if (ev->type == WEFT_RELAY_CLIENT_RESERVED) reserved(r, ev, now);
  if (ev->type != WEFT_RELAY_CLIENT_CLOSED) return;
  if (ev->closed.code == WEFT_OK)
    end_exchange(r, true, now);
  else
    refused(r, &ev->closed, now);
}

static ptrdiff_t client_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_reservation *r = user;
  if (!r->stream) return WEFT_ECLOSED;
  ptrdiff_t n = app_stream_send(r->stream, data, len, now);
  return n == WEFT_EAGAIN ? 0 : n;
}

/* weft_relay_verify_fn */
static int verify(void *user, const uint8_t *key, size_t key_len, const uint8_t *msg, size_t len, const uint8_t *sig,
                  size_t sig_len, uint8_t *peer_id, size_t cap, size_t *peer_id_len) {
  (void)user;
  if (cap < WEFT_PEER_ID_MAX) return WEFT_ETOOBIG;
  int rc = weft_identity_verify(key, key_len, msg, len, sig, sig_len);
  return rc == WEFT_OK ? weft_identity_peer_id(key, key_len, peer_id, peer_id_len) : rc;
}

static int start_client(app_reservation *r, weft_time now) {
  weft_relay_client_config cfg;
  weft_relay_client_callbacks cb = {sizeof cb, client_output, client_event};
  weft_relay_client_config_default(&cfg);
  cfg.kind = WEFT_RELAY_RESERVE;
  cfg.relay_id = r->cfg.relay.bytes;
  cfg.relay_id_len = r->cfg.relay.len;
  cfg.self_id = r->cfg.self.bytes;
  cfg.self_id_len = r->cfg.self.len;
  cfg.verify = verify;
  cfg.unix_at_zero = r->cfg.unix_at_zero;
  int rc = weft_relay_client_new(&r->client, &cfg, &cb, r);
  return rc == WEFT_OK ? weft_relay_client_start(r->client, now) : rc;
}

/* ---- the hop stream ------------------------------------------------------------------------------------------------------------ */

static void opened(app_stream *s, weft_time now) {
  app_reservation *r = s->state;
  if (!r) {
    app_stream_reset(s, now);
    return;
  }
  int rc = start_client(r, now);
  if (rc != WEFT_OK) refused_here(r, "relay", "reservation", rc, weft_strerror(rc), now);
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  app_reservation *r = s->state;
  if (r && r->client) weft_relay_client_input(r->client, bytes, len, now);
}

static void remote_closed(app_stream *s, weft_time now) {
  app_reservation *r = s->state;
  if (r && r->client)
    weft_relay_client_input_end(r->client, now);
  else
    app_stream_shutdown(s, now);
}

static void tick(app_stream *s, weft_time now) {
  app_reservation *r = s->state;
  if (r && r->client) weft_relay_client_tick(r->client, now);
}

static weft_time deadline(const app_stream *s) {
  const app_reservation *r = s->state;
  return r && r->client ? weft_relay_client_deadline(r->client) : WEFT_NEVER;
}

static void closed(app_stream *s, int code, weft_time now) {
  app_reservation *r = s->state;
  if (!r) return;
  r->stream = NULL;
  if (code == WEFT_ECLOSED) { /* the connection goes: disconnected() follows */
    end_exchange(r, false, now);
    return;
  }
  refused_here(r, code == WEFT_EUNSUPPORTED ? "multistream" : "relay", "reservation",
               code == WEFT_OK ? WEFT_ECLOSED : code,
               code == WEFT_EUNSUPPORTED ? "it does not speak " WEFT_RELAY_HOP_PROTOCOL ": it is no relay"
                                         : "the relay ended the stream without an answer",
               now);
}

static void ask(app_reservation *r, weft_time now) {
  int rc;
  if (r->stream) return;
  r->act_at = WEFT_NEVER;
  r->stream = app_stream_open(r->peer, &r->hop, r, &rc, now);
  if (!r->stream) refused_here(r, "app", "reservation", rc, "no stream to the relay can be opened", now);
}

/* ---- the connection ---------------------------------------------------------------------------------------------------------------- */

void app_reservation_connected(app_reservation *r, app_peer *relay, weft_time now) {
  r->peer = relay;
  ask(r, now);
}

void app_reservation_disconnected(app_reservation *r, const weft_closed *why, weft_time now) {
  weft_time pause = r->dial_pause;
  r->peer = NULL;
  r->standing = false;
  r->ends_at = WEFT_NEVER;
  if (r->stream) r->stream->state = NULL; /* the connection ends it */
  r->stream = NULL;
  end_exchange(r, false, now);
  r->dial_pause = doubled(r->dial_pause, DIAL_MAX);
  r->act_at = now + pause;
  r->cb.failed(r->user, r, why, pause, now);
}

void app_reservation_start(app_reservation *r, weft_time now) {
  r->act_at = WEFT_NEVER;
  r->cb.dial(r->user, r, now);
}

static void expired(app_reservation *r, weft_time now) {
  weft_closed why = {WEFT_WHO_TIMEOUT, "relay", "reservation",
                     WEFT_ETIMEDOUT,   0,       "the reservation ran out before it was renewed"};
  r->ends_at = WEFT_NEVER;
  r->standing = false;
  r->cb.failed(r->user, r, &why, r->act_at == WEFT_NEVER || r->act_at < now ? 0 : r->act_at - now, now);
}

void app_reservation_tick(app_reservation *r, weft_time now) {
  if (now >= r->ends_at) expired(r, now);
  if (now < r->act_at) return;
  if (r->peer)
    ask(r, now);
  else
    app_reservation_start(r, now);
}

weft_time app_reservation_deadline(const app_reservation *r) { return r->act_at < r->ends_at ? r->act_at : r->ends_at; }

void app_reservation_init(app_reservation *r, const app_reservation_config *cfg, const app_reservation_callbacks *cb,
                          void *user) {
  memset(r, 0, sizeof *r);
  r->cfg = *cfg;
  r->cb = *cb;
  r->user = user;
  r->act_at = r->ends_at = WEFT_NEVER;
  r->dial_pause = DIAL_FIRST;
  r->ask_pause = ASK_FIRST;
  r->hop = (app_protocol){.name = WEFT_RELAY_HOP_PROTOCOL,
                          .dial_only = true,
                          .opened = opened,
                          .data = data,
                          .remote_closed = remote_closed,
                          .writable = tick,
                          .tick = tick,
                          .deadline = deadline,
                          .closed = closed};
}

void app_reservation_end(app_reservation *r) {
  if (r->stream) r->stream->state = NULL;
  r->stream = NULL;
  weft_relay_client_free(r->client);
  r->client = NULL;
}

int app_reservation_address(const weft_multiaddr *relay_addr, const weft_peer_id *self, weft_multiaddr *out) {
  *out = *relay_addr;
  int rc = weft_multiaddr_append(out, WEFT_MA_P2P_CIRCUIT, NULL, 0);
  if (rc == WEFT_OK) rc = weft_multiaddr_append(out, WEFT_MA_WEBRTC, NULL, 0);
  return rc == WEFT_OK ? weft_multiaddr_append_peer(out, self) : rc;
}
