#include "apps/link.h"

#include <stdlib.h>

#include <weft/libp2p/upgrade.h>

struct app_link {
  app_link_config cfg;
  app_link_callbacks cb;
  void *user;
  weft_upgrade *upgrade;
  app_peer *peer;
  weft_peer_id proven;
};

static void learn(app_link *l, const weft_upgrade_event *ev) {
  if (ev->peer_id) (void)weft_peer_id_from_bytes(&l->proven, ev->peer_id, ev->peer_id_len);
}

static void on_ready(app_link *l, weft_time now) {
  l->peer = app_peer_new(l->cfg.host, l->upgrade, &app_upgrade_muxer, l->proven.bytes, l->proven.len, now);
  if (!l->peer) {
    weft_upgrade_close(l->upgrade, WEFT_ENOMEM, now);
    return;
  }
  l->peer->limited = l->cfg.limited;
  if (!l->cfg.record.inside) app_record_connected(l->cfg.record.record, l->upgrade, l->peer->id_text, 0, "yamux");
  l->cb.ready(l->user, l, l->peer, now);
}

static void on_event(void *user, const weft_upgrade_event *ev, weft_time now) {
  app_link *l = user;
  learn(l, ev);
  switch (ev->type) {
  case WEFT_UPGRADE_EVENT_SECURED: break;
  case WEFT_UPGRADE_EVENT_READY: on_ready(l, now); break;
  case WEFT_UPGRADE_EVENT_STREAM:
    if (l->peer) app_peer_stream_event(l->peer, ev->stream, now);
    break;
  case WEFT_UPGRADE_EVENT_CLOSED: l->cb.closed(l->user, l, &ev->closed, now); break;
  }
}

static ptrdiff_t on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_link *l = user;
  return l->cb.output(l->user, data, len, now);
}

static int make_upgrade(app_link *l) {
  const app_link_config *c = &l->cfg;
  weft_upgrade_callbacks cb = {sizeof cb, on_output, on_event};
  weft_upgrade_config u;
  weft_upgrade_config_default(&u);
  u.rng = c->host->rng;
  u.identity = c->host->identity;
  u.dialer = c->dialer;
  u.secured = c->secured;
  u.expected_peer = c->expected_peer;
  u.expected_peer_len = c->expected_peer_len;
  u.auto_consume = false; /* the host consumes */
  u.window_max = c->window_max;
  u.send_limit = c->send_limit;
  if (c->max_streams > 0) u.max_streams = c->max_streams;
  if (c->limit > 0) u.limit = c->limit;
  if (c->record.record) {
    u.trace = app_record_tracer(c->record.record);
    u.rng = app_record_rng(c->record.record);
  }
  int rc = weft_upgrade_new(&l->upgrade, &u, &cb, l);
  app_record_muxer muxer = {.window_max = c->window_max, .max_streams = c->max_streams};
  if (rc == WEFT_OK) app_record_begin_link(&c->record, l->upgrade, &muxer);
  return rc;
}

int app_link_new(app_link **out, const app_link_config *cfg, const app_link_callbacks *cb, void *user) {
  app_link *l = calloc(1, sizeof *l);
  int rc = WEFT_ENOMEM;
  if (!l) return rc;
  l->cfg = *cfg;
  l->cb = *cb;
  l->user = user;
  rc = WEFT_OK;
  if (cfg->secured) rc = weft_peer_id_from_bytes(&l->proven, cfg->expected_peer, cfg->expected_peer_len);
  if (rc == WEFT_OK) rc = make_upgrade(l);
  l->cfg.expected_peer = NULL;
  if (rc == WEFT_OK)
    *out = l;
  else
    free(l);
  return rc;
}

void app_link_free(app_link *l, weft_time now) {
  if (!l) return;
  app_peer *p = l->peer;
  l->peer = NULL;
  weft_upgrade *u = l->upgrade;
  if (p) app_peer_free(p, WEFT_ECLOSED, now);
  weft_upgrade_free(u);
  free(l);
}

int app_link_start(app_link *l, weft_time now) { return weft_upgrade_start(l->upgrade, now); }

void app_link_input(app_link *l, const uint8_t *data, size_t len, weft_time now) {
  weft_upgrade_input(l->upgrade, data, len, now);
}

void app_link_input_end(app_link *l, weft_time now) { weft_upgrade_input_end(l->upgrade, now); }

void app_link_writable(app_link *l, weft_time now) { weft_upgrade_tick(l->upgrade, now); }

void app_link_tick(app_link *l, weft_time now) { weft_upgrade_tick(l->upgrade, now); }

weft_time app_link_deadline(const app_link *l) { return weft_upgrade_deadline(l->upgrade); }

void app_link_close(app_link *l, int code, weft_time now) { weft_upgrade_close(l->upgrade, code, now); }

const void *app_link_conn(const app_link *l) { return l->upgrade; }

app_peer *app_link_peer(const app_link *l) { return l->peer; }

const weft_peer_id *app_link_proven(const app_link *l) { return l->proven.len > 0 ? &l->proven : NULL; }
