/* Yamux, again to the byte: a session of ours is given the peer's frames, and the application's calls, which our own frames tell, each at its
 * time. Frames of one stream (0: pings, go-away) keep their order. Those of different streams that are due at once need not: which comes first
 * depends on where within an input the application made its calls. */
#include <stdlib.h>
#include <string.h>

#include <weft/yamux/yamux.h>

#include "apps/replay_int.h"
#include "base/buf.h"

enum { HEADER = WEFT_YAMUX_HEADER_LEN, INPUT_MAX = 256 << 20 };

typedef struct made {
  uint32_t stream;
  bool used;
  uint8_t *frame;
  size_t len;
} made;

typedef struct window {
  uint32_t stream, size;
} window;

typedef struct run {
  const session *s;
  session_report *r;
  weft_yamux *y;
  weft_yamux_config cfg;
  made *made; /* what the session said and was not asked for yet */
  size_t made_len, made_from;
  window *windows;
  size_t windows_len;
} run;

/* ---- what the session says ---- */

static void on_trace(void *user, const weft_trace *t) {
  run *x = user;
  weft_yamux_header h;
  if (t->kind != WEFT_TRACE_OUT || weft_yamux_header_decode(&h, t->data) != WEFT_OK) return;
  made *more = realloc(x->made, (x->made_len + 1) * sizeof *more);
  if (!more) return;
  x->made = more;
  more[x->made_len] = (made){.stream = h.stream, .frame = malloc(t->len), .len = t->len};
  if (more[x->made_len].frame) memcpy(more[x->made_len++].frame, t->data, t->len);
}

static ptrdiff_t on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user;
  (void)data;
  (void)now;
  return (ptrdiff_t)len;
}

static void on_event(void *user, const weft_yamux_event *ev, weft_time now) {
  (void)user;
  (void)ev;
  (void)now;
}

static made *next_of(run *x, uint32_t stream) {
  while (x->made_from < x->made_len && x->made[x->made_from].used) x->made_from++;
  for (size_t i = x->made_from; i < x->made_len; i++)
    if (!x->made[i].used && x->made[i].stream == stream) return &x->made[i];
  return NULL;
}

/* ---- the application's calls ---- */

static window *window_of(run *x, uint32_t stream) {
  for (size_t i = 0; i < x->windows_len; i++)
    if (x->windows[i].stream == stream) return &x->windows[i];
  window *more = realloc(x->windows, (x->windows_len + 1) * sizeof *more);
  if (!more) return NULL;
  x->windows = more;
  more[x->windows_len] = (window){stream, WEFT_YAMUX_WINDOW_INITIAL};
  return &x->windows[x->windows_len++];
}

/* Credit is what was consumed since the last one; more than the window means that it grew, as in yamux/window.c. */
static void consume(run *x, const weft_yamux_header *h, weft_time now) {
  window *w = window_of(x, h->stream);
  uint32_t more = 0;
  if (!w) return;
  if (h->length > w->size) more = w->size < x->cfg.window_max - w->size ? w->size : x->cfg.window_max - w->size;
  if (more > h->length) return;
  w->size += more;
  (void)weft_yamux_consumed(x->y, h->stream, h->length - more, now);
}

static void on_stream(run *x, const weft_yamux_header *h, weft_time now) {
  uint32_t id;
  if (h->flags & WEFT_YAMUX_SYN)
    (void)weft_yamux_open(x->y, &id, now);
  else if (h->flags & WEFT_YAMUX_RST)
    (void)weft_yamux_reset(x->y, h->stream, now);
  else if (h->flags & WEFT_YAMUX_FIN)
    (void)weft_yamux_shutdown(x->y, h->stream, now);
  else if (h->length > 0)
    consume(x, h, now);
}

static void on_ping(run *x, weft_time now) {
  (void)weft_yamux_tick(x->y, now); /* one by the clock */
  if (!next_of(x, 0)) (void)weft_yamux_ping(x->y, now);
}

/* The call that makes a session say this by itself: an answer has none. */
static void call(run *x, const session_unit *u, const weft_yamux_header *h) {
  static const int codes[] = {WEFT_OK, WEFT_EPROTO, WEFT_EINTERNAL};
  weft_time now = u->t_us;
  if (h->type == WEFT_YAMUX_DATA)
    (void)weft_yamux_send(x->y, h->stream, u->wire + HEADER, u->len - HEADER, now);
  else if (h->type == WEFT_YAMUX_WINDOW_UPDATE)
    on_stream(x, h, now);
  else if (h->type == WEFT_YAMUX_PING && (h->flags & WEFT_YAMUX_SYN))
    on_ping(x, now);
  else if (h->type == WEFT_YAMUX_GO_AWAY)
    (void)weft_yamux_close(x->y, codes[h->length % WEFT_ARRAY_LEN(codes)], now);
}

static void ours(run *x, const session_unit *u) {
  weft_yamux_header h;
  bool ok = u->len >= HEADER && weft_yamux_header_decode(&h, u->wire) == WEFT_OK;
  if (ok && !next_of(x, h.stream)) call(x, u, &h);
  made *m = ok ? next_of(x, h.stream) : NULL;
  ok = m && m->len == u->len && memcmp(m->frame, u->wire, u->len) == 0;
  if (m) m->used = true;
  session_check(x->r, x->s, SESSION_YAMUX, u, SESSION_EXACT, ok,
                m ? "our side says another frame now" : "our side does not say this any more");
}

/* ---- the session ---- */

/* Frames of the peer that came at once, with nothing of ours between them, are one input. The index behind them. */
static size_t theirs(run *x, size_t i) {
  const session_cut *c = &x->s->cuts[SESSION_YAMUX];
  weft_time now = c->units[i].t_us;
  weft_buf b;
  weft_buf_init(&b, NULL, INPUT_MAX);
  while (i < c->len && c->units[i].dialer != x->s->us_dialer && c->units[i].t_us == now) {
    (void)weft_buf_append(&b, c->units[i].wire, c->units[i].len);
    i++;
  }
  (void)weft_yamux_input(x->y, weft_buf_data(&b), weft_buf_len(&b), now);
  weft_buf_free(&b);
  return i;
}

/* It begins with our first ping, which may stand behind frames that waited for it. */
static weft_time begins_at(const session *s) {
  const session_cut *c = &s->cuts[SESSION_YAMUX];
  for (size_t i = 0; i < c->len; i++)
    if (c->units[i].dialer == s->us_dialer) return c->units[i].t_us;
  return 0;
}

static void play(run *x) {
  const session_cut *c = &x->s->cuts[SESSION_YAMUX];
  weft_yamux_start(x->y, begins_at(x->s));
  for (size_t i = 0; i < c->len;) {
    if (c->units[i].dialer != x->s->us_dialer) {
      i = theirs(x, i);
      continue;
    }
    ours(x, &c->units[i]);
    i++;
  }
}

static bool all_used(run *x) {
  for (size_t i = x->made_from; i < x->made_len; i++)
    if (!x->made[i].used) return false;
  return true;
}

static void configure(const session *s, weft_yamux_config *cfg) {
  uint64_t v;
  weft_yamux_config_default(cfg);
  cfg->client = s->us_dialer;
  cfg->auto_consume = false;
  if (json_u64(json_find(s->about, "yamux.window_max"), &v)) cfg->window_max = (uint32_t)v;
  if (json_u64(json_find(s->about, "yamux.max_streams"), &v)) cfg->max_streams_in = (uint32_t)v;
}

void session_replay_yamux(const session *s, session_report *r) {
  run x = {.s = s, .r = r};
  weft_yamux_callbacks cb = {sizeof cb, on_output, on_event};
  if (s->cuts[SESSION_YAMUX].len == 0) return;
  configure(s, &x.cfg);
  x.cfg.trace = (weft_tracer){on_trace, &x};
  if (weft_yamux_new(&x.y, &x.cfg, &cb, &x) == WEFT_OK) {
    play(&x);
    /* A program that was killed may not have written its last lines. */
    bool ended = !json_is_null(json_get(s->about, "end"));
    session_check(r, s, SESSION_YAMUX, NULL, SESSION_EXACT, !ended || all_used(&x), "our side says more now");
    weft_yamux_free(x.y);
  }
  for (size_t i = 0; i < x.made_len; i++) free(x.made[i].frame);
  free(x.made);
  free(x.windows);
}
