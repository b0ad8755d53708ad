#define _GNU_SOURCE
#include "apps/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/record_session.h"

/* What came before there is a connection: the STUN messages and hellos of a dialer. The oldest are forgotten. */
enum {
  EARLY = 128,
  EARLY_DATAGRAM = 1500,
  SESSIONS_MAX = 1000,
  OPEN_MAX = 64, /* at once, ten files each; further ones are not recorded */
  PARENT_MAX = RECORD_PATH_MAX - 16
};

typedef struct early_datagram {
  bool used, from_us;
  weft_addr local, remote;
  weft_time now;
  size_t len;
  uint8_t data[EARLY_DATAGRAM];
} early_datagram;

struct app_record {
  app_record_config cfg;
  record_session *sessions;
  unsigned made;
  const void *last;   /* whose unit was traced last: the key log has no connection of its own */
  const void *dialed; /* by us, and not begun yet */
  const void *noise;  /* whose handshake begins: what is drawn now are its static and ephemeral key */
  early_datagram early[EARLY];
  size_t early_at;
  bool failed;
};

/* ---- folders ---- */

static bool holds_session(const char *dir) {
  char path[RECORD_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/session.json", dir);
  return access(path, F_OK) == 0;
}

static bool make_folder(const char *dir) { return mkdir(dir, 0777) == 0 || errno == EEXIST; }

int app_record_open(app_record **out, const app_record_config *cfg, char *why, size_t cap) {
  *out = NULL;
  if (!cfg->dir[0] || strlen(cfg->dir) > PARENT_MAX) {
    snprintf(why, cap, "the name of the folder is empty or too long");
    return WEFT_EINTERNAL;
  }
  if (!make_folder(cfg->dir) || access(cfg->dir, W_OK) != 0) {
    snprintf(why, cap, "cannot write to %s: %s", cfg->dir, strerror(errno));
    return WEFT_EINTERNAL;
  }
  if (holds_session(cfg->dir)) {
    snprintf(why, cap, "%s holds a recorded session already", cfg->dir);
    return WEFT_EINTERNAL;
  }
  app_record *r = calloc(1, sizeof *r);
  if (!r) {
    snprintf(why, cap, "no memory");
    return WEFT_EINTERNAL;
  }
  r->cfg = *cfg;
  *out = r;
  return WEFT_OK;
}

/* DIR, then DIR-2 and so on, whichever does not exist yet. */
static bool next_folder(app_record *r, char dir[RECORD_PATH_MAX]) {
  if (r->made++ == 0) {
    snprintf(dir, RECORD_PATH_MAX, "%s", r->cfg.dir);
    return true;
  }
  while (r->made <= SESSIONS_MAX) {
    snprintf(dir, RECORD_PATH_MAX, "%s-%u", r->cfg.dir, r->made);
    if (mkdir(dir, 0777) == 0) return true;
    if (errno != EEXIST) return false;
    r->made++;
  }
  return false;
}

/* ---- sessions ---- */

static record_session *find(const app_record *r, const void *conn) {
  for (record_session *s = r->sessions; s; s = s->next)
    if (s->conn == conn || s->inside == conn) return s;
  return NULL;
}

static void finish(app_record *r, record_session *s) {
  record_session **at = &r->sessions;
  while (*at != s) at = &(*at)->next;
  *at = s->next;
  if (!record_session_end(s)) r->failed = true;
}

static void take_early(app_record *r, record_session *s, const weft_addr *remote) {
  for (size_t i = 0; i < EARLY; i++) {
    early_datagram *e = &r->early[(r->early_at + i) % EARLY];
    if (!e->used || !weft_addr_equal(&e->remote, remote)) continue;
    record_session_datagram(s, e->from_us, &e->local, &e->remote, e->data, e->len, e->now);
    e->used = false;
  }
}

/* Those that ended before READY: nobody told the program which connection that was. */
static size_t finish_ended(app_record *r) {
  size_t open = 0;
  for (record_session *s = r->sessions, *next; s; s = next) {
    next = s->next;
    if (s->ended)
      finish(r, s);
    else
      open++;
  }
  return open;
}

static record_session *begin(app_record *r, const void *conn, record_transport transport, bool listener) {
  char dir[RECORD_PATH_MAX];
  bool room = finish_ended(r) < OPEN_MAX && next_folder(r, dir);
  record_session *s = room ? record_session_new(&r->cfg, dir, conn, transport, listener) : NULL;
  if (!s) {
    r->failed = true;
    return NULL;
  }
  s->next = r->sessions;
  r->sessions = s;
  return s;
}

/* ---- what is traced ---- */

static void keep_early(app_record *r, const weft_trace *t) {
  early_datagram *e = &r->early[r->early_at];
  if (t->len > sizeof e->data) return;
  r->early_at = (r->early_at + 1) % EARLY;
  *e = (early_datagram){.used = true, .from_us = t->kind == WEFT_TRACE_OUT, .now = t->now, .len = t->len};
  e->local = *t->local;
  e->remote = *t->remote;
  memcpy(e->data, t->data, t->len);
}

static void on_datagram(app_record *r, const weft_trace *t) {
  record_session *s = t->conn ? find(r, t->conn) : NULL;
  if (!t->conn) keep_early(r, t);
  if (!s) return;
  if (s->first == WEFT_NEVER) take_early(r, s, t->remote);
  record_session_datagram(s, t->kind == WEFT_TRACE_OUT, t->local, t->remote, t->data, t->len, t->now);
}

/* "ICE" is the first state of a connection, "ENDED" the last: its address may belong to another one afterwards. */
static void on_state(app_record *r, const weft_trace *t) {
  record_session *s = find(r, t->conn);
  if (strcmp(t->text, "ICE") == 0) {
    if (s) finish(r, s);
    s = begin(r, t->conn, RECORD_ON_WEBRTC, r->cfg.listener && r->dialed != t->conn);
    r->dialed = NULL;
  }
  if (!s) return;
  record_session_state(s, t->text);
  if (strcmp(t->text, "NOISE") == 0) r->noise = t->conn;
  if (strcmp(t->text, "READY") == 0) record_session_describe(s);
  s->ended = s->ended || strcmp(t->text, "ENDED") == 0;
}

static void on_unit(app_record *r, const weft_trace *t) {
  record_session *s = find(r, t->conn);
  bool from_us = t->kind == WEFT_TRACE_OUT;
  if (!s) return;
  if (strcmp(t->layer, "sctp") == 0)
    record_session_unit(s, RECORD_SCTP, from_us, t);
  else if (strcmp(t->layer, "datachannel") == 0)
    record_session_unit(s, t->ppid == 50 ? RECORD_DCEP : RECORD_MESSAGES, from_us, t); /* RFC 8831 section 8 */
  else if (strcmp(t->layer, "stream") == 0)
    record_session_unit(s, RECORD_STREAMS, from_us, t);
  else if (strcmp(t->layer, "noise") == 0)
    record_session_unit(s, RECORD_NOISE, from_us, t);
  else if (strcmp(t->layer, "yamux") == 0)
    record_yamux_trace(s, t);
  else if (strcmp(t->layer, "upgrade") == 0 && s->transport != RECORD_ON_WEBRTC && t->text)
    record_session_end_of_octets(s, from_us, false, t->now);
  else if (strcmp(t->layer, "upgrade") == 0 && s->transport != RECORD_ON_WEBRTC)
    record_session_octets(s, from_us, t->data, t->len, t->now);
}

/* Of what runs inside a webrtc-direct connection only the units count: it has states of its own. */
static void on_upgrade_state(app_record *r, const weft_trace *t) {
  record_session *s = find(r, t->conn);
  if (!s || s->transport == RECORD_ON_WEBRTC || strcmp(t->text, "CLOSING") == 0) return;
  record_session_state(s, t->text);
  if (strcmp(t->text, "NOISE") == 0) r->noise = t->conn;
  if (strcmp(t->text, "READY") == 0) record_session_describe(s);
}

static void on_trace(void *user, const weft_trace *t) {
  app_record *r = user;
  bool unit = t->kind == WEFT_TRACE_IN || t->kind == WEFT_TRACE_OUT;
  if (t->conn) r->last = t->conn;
  if (strcmp(t->layer, "webrtc") != 0) {
    if (unit && t->conn) on_unit(r, t);
    if (t->kind == WEFT_TRACE_STATE && strcmp(t->layer, "upgrade") == 0) on_upgrade_state(r, t);
  } else if (unit && t->remote) {
    on_datagram(r, t);
  } else if (t->kind == WEFT_TRACE_STATE && t->conn) {
    on_state(r, t);
  }
}

weft_tracer app_record_tracer(app_record *r) { return (weft_tracer){on_trace, r}; }

static int draw(void *ctx, uint8_t *dst, size_t n) {
  app_record *r = ctx;
  int rc = r->cfg.rng.fill(r->cfg.rng.ctx, dst, n);
  record_session *s = r->noise ? find(r, r->noise) : NULL;
  if (!s || n != 32 || s->noise_keys_len == 2)
    r->noise = NULL;
  else
    memcpy(s->noise_keys[s->noise_keys_len++], dst, n);
  return rc;
}

weft_rng app_record_rng(app_record *r) { return (weft_rng){draw, r}; }

/* ---- what the program knows ---- */

void app_record_dialed(app_record *r, const void *conn) {
  if (r) r->dialed = conn;
}

void app_record_begin_link(const app_record_link *l, const void *upgrade, const app_record_muxer *m) {
  app_record *r = l->record;
  if (!r) return;
  record_session *s = find(r, upgrade);
  if (s && s->conn == upgrade) finish(r, s); /* it ended without a word, and its address is another's now */
  if (s && s->conn != upgrade) s->inside = NULL;
  s = l->inside ? find(r, l->inside) : begin(r, upgrade, l->circuit ? RECORD_ON_CIRCUIT : RECORD_ON_TCP, !l->dialer);
  if (!s) return;
  s->muxer = *m;
  if (l->inside) {
    record_session_inside(s, upgrade);
    return;
  }
  s->mux = "yamux";
  s->local = l->local;
  s->remote = l->remote;
}

void app_record_keylog(app_record *r, const char *line) {
  record_session *s = r ? find(r, r->last) : NULL;
  if (s) record_session_keylog(s, line);
}

void app_record_connected(app_record *r, const void *conn, const char *peer_id, int direct_version, const char *mux) {
  record_session *s = r ? find(r, conn) : NULL;
  if (!s) return;
  snprintf(s->peer_id, sizeof s->peer_id, "%s", peer_id);
  s->direct_version = direct_version;
  s->mux = mux;
  record_session_describe(s);
}

void app_record_agent(app_record *r, const void *conn, const char *agent) {
  record_session *s = r ? find(r, conn) : NULL;
  if (!s) return;
  snprintf(s->agent, sizeof s->agent, "%s", agent);
  record_session_describe(s);
}

void app_record_closed(app_record *r, const void *conn, const weft_closed *why) {
  record_session *s = r ? find(r, conn) : NULL;
  if (!s) return;
  s->has_closed = true;
  s->closed = *why;
  snprintf(s->closed_text, sizeof s->closed_text, "%s", why->text ? why->text : "");
  if (s->transport != RECORD_ON_WEBRTC) record_session_hang_up(s, why);
  finish(r, s);
}

int app_record_end(app_record *r) {
  if (!r) return WEFT_OK;
  while (r->sessions) finish(r, r->sessions);
  bool failed = r->failed;
  free(r);
  return failed ? WEFT_EINTERNAL : WEFT_OK;
}
