#include "apps/dialer.h"

#include <string.h>

/* RFC 8305 section 8: Connection Attempt Delay. */
#define STAGGER WEFT_MS(250)
/* A machine that refuses one port answers on another at once, or never. */
#define SILENT_BESIDE_REFUSED WEFT_SEC(2)

static const app_uplink_callbacks uplink_callbacks;

void app_dialer_init(app_dialer *d, app_node *n, app_tcp_pool *pool, const app_dialer_callbacks *cb, void *user) {
  memset(d, 0, sizeof *d);
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++) app_uplink_init(&d->ups[i], n, pool, &uplink_callbacks, d);
  d->cb = *cb;
  d->user = user;
  d->next_at = WEFT_NEVER;
}

/* ---- dialling ------------------------------------------------------------------------------------------------------------------- */

static void hurry_beside_refused(app_dialer *d, weft_time now) {
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++)
    if (app_uplink_busy(&d->ups[i]) && weft_addr_equal_ip(&d->ups[i].at->to, &d->refused))
      app_uplink_hurry(&d->ups[i], now + SILENT_BESIDE_REFUSED);
}

static void dial_next(app_dialer *d, weft_time now) {
  size_t i = d->next++;
  d->next_at = d->next < d->len ? now + STAGGER : WEFT_NEVER;
  d->cb.dialling(d->user, &d->addrs[i], now);
  app_uplink_dial(&d->ups[i], &d->addrs[i], now);
  hurry_beside_refused(d, now);
}

void app_dialer_dial(app_dialer *d, app_uplink_addr *addrs, size_t len, weft_time now) {
  if (app_dialer_busy(d)) return;
  d->addrs = addrs;
  d->len = len;
  d->next = 0;
  d->why_addr[0] = 0;
  d->refused.family = WEFT_AF_NONE;
  dial_next(d, now);
}

static bool any_busy(const app_dialer *d) {
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++)
    if (app_uplink_busy(&d->ups[i])) return true;
  return false;
}

bool app_dialer_busy(const app_dialer *d) { return d->up || d->next < d->len || any_busy(d); }

/* ---- what comes of it ------------------------------------------------------------------------------------------------------------- */

static void put_first(app_dialer *d, size_t at) {
  app_uplink_addr a = d->addrs[at];
  memmove(&d->addrs[1], &d->addrs[0], at * sizeof a);
  d->addrs[0] = a;
  d->up->at = &d->addrs[0];
}

static void on_up(void *user, app_uplink *u, app_peer *relay, weft_time now) {
  app_dialer *d = user;
  d->up = u;
  d->next = d->len;
  d->next_at = WEFT_NEVER;
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++)
    if (&d->ups[i] != u) app_uplink_end(&d->ups[i], now);
  put_first(d, (size_t)(u->at - d->addrs));
  d->cb.up(d->user, d, relay, now);
}

int app_dialer_tells(const weft_closed *why) {
  if (why->code == WEFT_EAUTH) return 3;
  if (why->code == WEFT_ETIMEDOUT) return 0;
  return strcmp(why->step, "connect") == 0 || strcmp(why->step, "dial") == 0 ? 1 : 2;
}

static void remember(app_dialer *d, const app_uplink *u, const weft_closed *why) {
  if (d->why_addr[0] && app_dialer_tells(why) <= app_dialer_tells(&d->why)) return;
  d->why = *why;
  snprintf(d->why_text, sizeof d->why_text, "%s", why->text);
  d->why.text = d->why_text;
  snprintf(d->why_addr, sizeof d->why_addr, "%s", u->at->text);
}

static void attempt_failed(app_dialer *d, const app_uplink *u, const weft_closed *why, weft_time now) {
  remember(d, u, why);
  if (d->len > 1 && why->code != WEFT_OK) app_report_step(&u->node->report, "Relay: %s: %s", u->at->text, why->text);
  if (why->code == WEFT_EREFUSED) d->refused = u->at->to;
  hurry_beside_refused(d, now);
  if (d->next < d->len)
    dial_next(d, now);
  else if (!any_busy(d))
    d->cb.down(d->user, d, false, &d->why, now);
}

static void on_down(void *user, app_uplink *u, const weft_closed *why, weft_time now) {
  app_dialer *d = user;
  if (u != d->up) {
    attempt_failed(d, u, why, now);
    return;
  }
  d->up = NULL;
  d->cb.down(d->user, d, true, why, now);
}

static const app_uplink_callbacks uplink_callbacks = {on_up, on_down};

/* ---- calls ------------------------------------------------------------------------------------------------------------------------- */

void app_dialer_close(app_dialer *d, weft_time now) {
  d->next = d->len;
  d->next_at = WEFT_NEVER;
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++) app_uplink_close(&d->ups[i], now);
}

bool app_dialer_input(app_dialer *d, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                      weft_time now) {
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++)
    if (app_uplink_input(&d->ups[i], local, remote, data, len, now)) return true;
  return false;
}

void app_dialer_tick(app_dialer *d, weft_time now) {
  if (now >= d->next_at) dial_next(d, now);
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++) app_uplink_tick(&d->ups[i], now);
}

weft_time app_dialer_deadline(const app_dialer *d) {
  weft_time at = d->next_at;
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++) {
    weft_time a = app_uplink_deadline(&d->ups[i]);
    if (a < at) at = a;
  }
  return at;
}

void app_dialer_end(app_dialer *d, weft_time now) {
  d->next = d->len;
  d->next_at = WEFT_NEVER;
  d->up = NULL;
  for (size_t i = 0; i < APP_DIALER_ADDRS; i++) app_uplink_end(&d->ups[i], now);
}
