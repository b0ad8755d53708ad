#include "test/sim/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/timer.h"
#include "test/support/alloc.h"
#include "test/support/webrtc_world.h"

/* Streams are told apart by their first byte: the index, with SERVER set for those that the listener opened. */
enum { SERVER = 0x80, ENDS = 2, SLOW = 64 * 1024 };

typedef struct half {
  bool used, opened_here, has_tag, ended, got_fin, got_reset, got_closed, fin_sent;
  uint32_t id;
  uint8_t tag;
  size_t total, sent, received;
  size_t held; /* delivered, not consumed yet */
} half;

typedef struct session {
  const session_plan *plan;
  session_result *r;
  world w;
  half halves[ENDS][2 * SESSION_STREAMS];
  bool started, failed, over;
  weft_time ready_at, consume_at;
} session;

static void fail(session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(session *s, const char *format, ...) {
  va_list args;
  if (s->failed) return;
  s->failed = true;
  va_start(args, format);
  vsnprintf(s->r->why, sizeof s->r->why, format, args);
  va_end(args);
}

/* ---- the bytes ---- */

static uint8_t byte_at(const session *s, uint8_t tag, bool from_server, size_t i) {
  if (i == 0) return tag;
  uint64_t x = (s->plan->seed * 31 + tag) * 2 + from_server + (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
  return (uint8_t)(x >> 32 ^ x >> 17);
}

static void push(session *s, world_side *side, half *h, weft_time now) {
  uint8_t chunk[40000];
  while (h->sent < h->total && !h->got_reset) {
    size_t n = h->total - h->sent < sizeof chunk ? h->total - h->sent : sizeof chunk;
    for (size_t i = 0; i < n; i++) chunk[i] = byte_at(s, h->tag, side->server, h->sent + i);
    ptrdiff_t took = weft_webrtc_stream_send(side->c, h->id, chunk, n, now);
    if (took < 0) fail(s, "send: %s", weft_errname((int)took));
    if (took <= 0) return;
    h->sent += (size_t)took;
  }
  if (h->fin_sent || h->got_reset) return;
  h->fin_sent = true;
  int rc = weft_webrtc_stream_shutdown(side->c, h->id, now);
  if (rc != WEFT_OK) fail(s, "shutdown: %s", weft_errname(rc));
}

static bool resets(const session *s, uint8_t tag) {
  return s->plan->reset_one && tag == 0 && s->plan->dialer_streams > 1;
}

static void take(session *s, world_side *side, half *h, const uint8_t *data, size_t len, weft_time now) {
  if (!h->has_tag) { /* an inbound stream says which it is; as many bytes go back */
    h->has_tag = true;
    h->tag = data[0];
    h->total = s->plan->bytes[h->tag & ~SERVER];
    push(s, side, h, now);
  }
  for (size_t i = 0; i < len; i++)
    if (data[i] != byte_at(s, h->tag, !side->server, h->received + i)) {
      fail(s, "stream %u: byte %zu is wrong", h->id, h->received + i);
      return;
    }
  h->received += len;
  if (h->received > h->total) fail(s, "stream %u: more bytes than were sent", h->id);
  if (resets(s, h->tag) && side->server && h->received > h->total / 2)
    weft_webrtc_stream_reset(side->c, h->id, now);
  else if (s->plan->manual_consume)
    h->held += len;
}

/* ---- events ---- */

static half *half_of(session *s, const world_side *side, uint32_t id) {
  for (size_t i = 0; i < 2 * SESSION_STREAMS; i++) {
    half *h = &s->halves[side->server][i];
    if (h->used && !h->ended && h->id == id) return h;
  }
  return NULL;
}

static half *add_half(session *s, const world_side *side, uint32_t id) {
  for (size_t i = 0; i < 2 * SESSION_STREAMS; i++) {
    half *h = &s->halves[side->server][i];
    if (h->used) continue;
    *h = (half){.used = true, .id = id};
    return h;
  }
  fail(s, "more streams than were opened");
  return NULL;
}

static void open_streams(session *s, world_side *side, unsigned n, weft_time now) {
  for (unsigned i = 0; i < n; i++) {
    uint32_t id;
    int rc = weft_webrtc_stream_open(side->c, &id, now);
    half *h = rc == WEFT_OK ? add_half(s, side, id) : NULL;
    if (!h) {
      fail(s, "open: %s", weft_errname(rc));
      return;
    }
    h->opened_here = h->has_tag = true;
    h->tag = (uint8_t)(i | (side->server ? SERVER : 0));
    h->total = s->plan->bytes[i];
    push(s, side, h, now);
  }
}

static void check_end(session *s, const half *h, int code) {
  bool reset_meant = resets(s, h->tag) || !h->has_tag;
  if (code != WEFT_OK && !reset_meant) fail(s, "stream %u: reset, %s", h->id, weft_errname(code));
  if (code == WEFT_OK && h->received != h->total)
    fail(s, "stream %u: closed after %zu of %zu bytes", h->id, h->received, h->total);
}

static void on_stream(session *s, world_side *side, const weft_stream_event *ev, weft_time now) {
  half *h = half_of(s, side, ev->stream);
  if (ev->type == WEFT_STREAM_OPENED) {
    if (h) fail(s, "stream %u opened twice", ev->stream);
    add_half(s, side, ev->stream);
    return;
  }
  if (!h) {
    fail(s, "an event of stream %u, which is not there", ev->stream);
    return;
  }
  if (ev->type == WEFT_STREAM_DATA) take(s, side, h, ev->data, ev->len, now);
  if (ev->type == WEFT_STREAM_WRITABLE) push(s, side, h, now);
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED) {
    if (h->got_fin) fail(s, "stream %u: a second FIN", h->id);
    h->got_fin = true;
  }
  if (ev->type == WEFT_STREAM_RESET || ev->type == WEFT_STREAM_CLOSED) {
    h->ended = true;
    h->got_reset = ev->type == WEFT_STREAM_RESET;
    if (!s->over) check_end(s, h, h->got_reset ? ev->code : WEFT_OK);
  }
}

static void on_event(world_side *side, const weft_webrtc_event *ev, weft_time now) {
  session *s = side->w->user;
  if (ev->type == WEFT_WEBRTC_EVENT_READY) {
    if (!side->server) s->ready_at = now;
    /* Before that a flipped bit is as good as an attacker on the path: DTLS can only refuse. UDP's checksum finds each of them. */
    net_link_of(&s->w.net, side->server ? &s->w.server_addr : &side->addr)->corrupt_ppm =
        side->server ? s->plan->down.corrupt_ppm : s->plan->up.corrupt_ppm;
    open_streams(s, side, side->server ? s->plan->listener_streams : s->plan->dialer_streams, now);
  } else if (ev->type == WEFT_WEBRTC_EVENT_STREAM) {
    if (!side->ready) fail(s, "a stream event before READY");
    on_stream(s, side, ev->stream, now);
  } else if (ev->type == WEFT_WEBRTC_EVENT_CLOSED && !s->over) {
    fail(s, "%s closed: %s: %s: %s", side->server ? "listener" : "dialer", ev->closed.layer, ev->closed.step,
         side->text);
  }
}

/* ---- running ---- */

static bool ended(const session *s, bool server, unsigned streams) {
  unsigned n = 0;
  for (size_t i = 0; i < 2 * SESSION_STREAMS; i++) n += s->halves[server][i].used && s->halves[server][i].ended;
  return n == streams;
}

static bool all_ended(world *w) {
  session *s = w->user;
  unsigned streams = s->plan->dialer_streams + s->plan->listener_streams;
  return s->failed || (ended(s, false, streams) && ended(s, true, streams));
}

static bool all_closed(world *w) { return !w->dialers[0].c && (w->accepted_len == 0 || !w->accepted[0].c); }

/* A slow reader: now and then some of what it holds is given back. */
static void consume(session *s) {
  for (int server = 0; server < ENDS; server++) {
    world_side *side = server ? &s->w.accepted[0] : &s->w.dialers[0];
    for (size_t i = 0; side->c && i < 2 * SESSION_STREAMS; i++) {
      half *h = &s->halves[server][i];
      size_t n = h->held < SLOW ? h->held : SLOW;
      if (!h->used || h->ended || n == 0) continue;
      h->held -= n;
      int rc = weft_webrtc_stream_consumed(side->c, h->id, n, s->w.now);
      if (rc != WEFT_OK && !h->ended) fail(s, "consumed: %s", weft_errname(rc));
    }
  }
}

static bool transfer(session *s) {
  weft_time until = s->w.now + s->plan->limit;
  while (!all_ended(&s->w)) {
    if (s->w.now >= until || s->w.livelock) {
      fail(s, s->w.livelock ? "a deadline does not move" : "no end in virtual time");
      break;
    }
    weft_time pause = s->plan->manual_consume ? weft_time_min(until, s->w.now + WEFT_MS(200)) : until;
    world_run(&s->w, pause, all_ended);
    if (s->plan->manual_consume) consume(s);
  }
  return !s->failed;
}

static void apply(net_link *l, const session_link *p) {
  l->delay = p->delay, l->jitter = p->jitter, l->reorder_by = p->reorder_by;
  l->loss_ppm = p->loss_ppm, l->duplicate_ppm = p->duplicate_ppm;
  l->reorder_ppm = p->reorder_ppm, l->refuse_ppm = p->refuse_ppm, l->loss_mask = p->loss_mask;
  l->rate = p->rate, l->queue = p->queue, l->mtu = p->mtu;
}

static void configure(const session_plan *p, weft_webrtc_config *cfg) {
  cfg->mtu = p->mtu;
  cfg->direct_version = p->version;
  cfg->auto_consume = !p->manual_consume;
  cfg->setup_limit = p->setup_limit;
  if (p->setup_limit) cfg->ice_limit = p->setup_limit;
  cfg->use_initial_tsn = p->near_wrap;
  cfg->initial_tsn = UINT32_C(0xfffffff0);
  cfg->initial_ssn = p->near_wrap ? 0xfffe : 0;
}

static void check_gauges(session *s) {
  weft_webrtc_listener_stats st = {.size = sizeof st};
  weft_webrtc_listener_get_stats(s->w.listener, &st);
  if (st.connections != 0 || st.in_flight != 0)
    fail(s, "gauges: %u connections, %u in flight", st.connections, st.in_flight);
  if (st.unproven_bytes_out > st.unproven_bytes_in) fail(s, "more bytes to an unproven address than from it");
}

static void live(session *s) {
  world *w = &s->w;
  world_listen(w);
  apply(net_link_of(&w->net, &w->server_addr), &s->plan->down);
  apply(net_link_of(&w->net, &w->dialers[0].addr), &s->plan->up);
  weft_time began = w->now;
  world_side *d = world_dial(w, 0);
  bool good = transfer(s);
  s->r->ready_after = s->ready_at - began;
  s->over = true;
  if (!good) return;
  weft_webrtc_close(d->c, WEFT_OK, w->now);
  world_run(w, w->now + WEFT_SEC(120), all_closed); /* the goodbye may be lost: then the listener's patience ends */
  if (!all_closed(w)) fail(s, "the other side never noticed the end");
  s->r->took = w->now - began;
  check_gauges(s);
}

bool session_run(const session_plan *p, session_result *r) {
  static session s;
  leak_alloc alloc;
  memset(r, 0, sizeof *r);
  memset(&s, 0, sizeof s);
  leak_alloc_init(&alloc);
  s.plan = p;
  s.r = r;
  world_prepare(&s.w, p->seed, &alloc.alloc);
  s.w.user = &s;
  s.w.on_event = on_event;
  configure(p, &s.w.server_cfg);
  configure(p, &s.w.client_cfg);
  live(&s);
  r->hash = s.w.net.hash;
  r->datagrams = s.w.net.order;
  r->steps = s.w.steps;
  world_end(&s.w);
  const char *complaint = leak_alloc_complaint(&alloc);
  if (complaint) fail(&s, "memory: %s", complaint);
  return !s.failed;
}
