#include "apps/path.h"

#include <stdlib.h>
#include <string.h>

#include "apps/frames.h"

/* The two of a hand-over, one more lost on the way, one more asked for. */
enum { STREAMS_MAX = 4, QUEUE_MAX = 256 * 1024 };

#define REDIAL_FIRST WEFT_SEC(1)
#define REDIAL_MAX WEFT_SEC(30)

typedef struct chat_stream {
  void *handle; /* NULL: gone; what it said is still to be delivered */
  uint32_t serial;
  app_carrier on;
  bool opened, finished, eof;
  app_frames held; /* came before its turn; not consumed yet */
} chat_stream;

struct app_path {
  app_path_config cfg;
  app_path_callbacks cb;
  void *user;
  weft_time now;
  int depth;
  bool free_pending, ended;

  chat_stream streams[STREAMS_MAX]; /* oldest first */
  size_t streams_len;
  uint32_t serial;
  app_carry carry;
  app_frames queue; /* tag: the stream whose bytes go back, 0 for lines */
  uint32_t partial; /* the stream that has a part of the first frame, 0: none */
  bool full, finishing, peer_left, was_open;
  bool left_first; /* we ended the chat, and the peer after us */

  bool up[2], unusable[2]; /* unusable: no chat stream can be had there */
  bool gap[2];             /* a stream there broke off */
  bool dialing, trying, decided, closing_circuit, on_told;
  app_carrier told;
  unsigned signaling;
  weft_closed busy; /* code not WEFT_OK: why no circuit could be had the last time, with a place in sight */
  weft_time set_up_at, wait_at, direct_at, retry, redial_at, redial, heard_at, idle_at;
};

void app_path_config_default(app_path_config *c) {
  *c = (app_path_config){.set_up = WEFT_SEC(90),
                         .wait = WEFT_SEC(60),
                         .retry = WEFT_SEC(5),
                         .retry_max = WEFT_SEC(300),
                         .stall = WEFT_SEC(10),
                         .grace = WEFT_SEC(5)};
}

app_path *app_path_new(const app_path_config *cfg, const app_path_callbacks *cb, void *user) {
  app_path *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->cfg = *cfg;
  p->cb = *cb;
  p->user = user;
  p->retry = cfg->retry;
  p->redial = REDIAL_FIRST;
  p->set_up_at = p->wait_at = p->redial_at = p->idle_at = WEFT_NEVER;
  p->decided = cfg->relay_only;
  return p;
}

/* ---- streams ------------------------------------------------------------------------------------------------------------- */

static chat_stream *at(const app_path *p, size_t i) { return (chat_stream *)(uintptr_t)&p->streams[i]; }

static chat_stream *find(const app_path *p, const void *handle) {
  for (size_t i = 0; i < p->streams_len; i++)
    if (p->streams[i].handle == handle) return at(p, i);
  return NULL;
}

static chat_stream *find_serial(const app_path *p, uint32_t serial) {
  for (size_t i = 0; i < p->streams_len; i++)
    if (p->streams[i].serial == serial && p->streams[i].handle) return at(p, i);
  return NULL;
}

static chat_stream *add(app_path *p, void *handle, app_carrier on, bool opened) {
  if (p->streams_len == STREAMS_MAX) return NULL;
  chat_stream *s = &p->streams[p->streams_len++];
  *s = (chat_stream){.handle = handle, .serial = ++p->serial, .on = on, .opened = opened};
  return s;
}

static void drop(app_path *p, size_t i) {
  app_frames_clear(&p->streams[i].held);
  p->streams_len--;
  memmove(&p->streams[i], &p->streams[i + 1], (p->streams_len - i) * sizeof p->streams[0]);
}

/* The one lines go out on: the newest that is open. */
static chat_stream *out(const app_path *p) {
  for (size_t i = p->streams_len; i-- > 0;)
    if (p->streams[i].handle && p->streams[i].opened) return at(p, i);
  return NULL;
}

static chat_stream *newest(const app_path *p) {
  for (size_t i = p->streams_len; i-- > 0;)
    if (p->streams[i].handle) return at(p, i);
  return NULL;
}

/* The one whose turn it is to be delivered: the oldest that has not said everything. */
static chat_stream *reading(const app_path *p) {
  for (size_t i = 0; i < p->streams_len; i++)
    if (p->streams[i].held.first || (p->streams[i].handle && !p->streams[i].eof)) return at(p, i);
  return NULL;
}

/* What the dead stream had of the first frame went with it: the frame goes again, whole. */
static void forget(app_path *p, chat_stream *s) {
  s->handle = NULL;
  if (s->serial != p->partial) return;
  p->partial = 0;
  p->queue.first->sent = 0;
}

/* ---- telling --------------------------------------------------------------------------------------------------------------- */

static void tell_why(app_path *p, app_path_event_type type, const weft_closed *why, weft_time again) {
  app_path_event ev = {.type = type, .carrier = p->told, .again = again};
  if (why) ev.why = *why;
  if (!p->free_pending) p->cb.event(p->user, &ev, p->now);
}

static void tell(app_path *p, app_path_event_type type) { tell_why(p, type, NULL, WEFT_NEVER); }

static void end(app_path *p, const weft_closed *why) {
  if (p->ended) return;
  p->ended = true;
  tell_why(p, APP_PATH_EVENT_ENDED, why, WEFT_NEVER);
}

static void end_here(app_path *p, weft_who who, const char *step, int code, const char *text) {
  weft_closed why = {who, "chat", step, code, 0, text};
  end(p, &why);
}

/* ---- delivering -------------------------------------------------------------------------------------------------------------- */

static void show(app_path *p, const uint8_t *data, size_t len) {
  if (len > 0 && !p->free_pending) p->cb.message(p->user, data, len, p->now);
}

static void show_carry(app_path *p) {
  app_carry c = p->carry;
  p->carry.len = 0;
  show(p, c.bytes, c.len);
}

/* Bytes whose turn it is. What goes back is consumed when it has left. */
static void deliver(app_path *p, uint32_t serial, const uint8_t *data, size_t len) {
  uint8_t joined[APP_CARRY_MAX + APP_CARRY_PIECE_MAX];
  const uint8_t *from = data;
  p->heard_at = p->now;
  for (size_t left = len, n; left > 0; from += n, left -= n) {
    n = left < APP_CARRY_PIECE_MAX ? left : APP_CARRY_PIECE_MAX;
    size_t shown = n;
    const uint8_t *text = app_carry_join(&p->carry, from, &shown, joined);
    show(p, text, shown);
  }
  if (p->free_pending || (p->cfg.echo && app_frames_push(&p->queue, data, len, serial) == WEFT_OK)) return;
  const chat_stream *s = find_serial(p, serial);
  if (s) p->cb.consumed(p->user, s->handle, len, p->now);
}

/* ---- steps: each does one thing that is due, and says whether it did -------------------------------------------------------- */

static bool deliver_held(app_path *p) {
  chat_stream *s = reading(p);
  if (!s || !s->held.first) return false;
  uint32_t serial = s->serial;
  app_frames one = {0};
  app_frames_move(&one, &s->held); /* it outlives what the callbacks do to the stream */
  deliver(p, serial, one.first->data, one.first->len);
  app_frames_clear(&one);
  return true;
}

static bool drop_gone(app_path *p) {
  for (size_t i = 0; i < p->streams_len; i++) {
    if (p->streams[i].handle || p->streams[i].held.first) continue;
    drop(p, i);
    return true;
  }
  return false;
}

static bool tell_path(app_path *p) {
  const chat_stream *s = out(p);
  if (!s || (p->on_told && p->told == s->on)) return false;
  bool first = !p->was_open;
  p->was_open = p->on_told = true;
  p->told = s->on;
  p->set_up_at = p->wait_at = WEFT_NEVER;
  p->redial = REDIAL_FIRST;
  tell(p, APP_PATH_EVENT_PATH);
  if (first) tell(p, APP_PATH_EVENT_OPEN);
  return true;
}

/* Streams that a newer one replaces; a frame that is out in part stays whole. */
static bool finish_old(app_path *p) {
  const chat_stream *now = out(p);
  for (size_t i = 0; now && at(p, i) < now; i++) {
    chat_stream *s = at(p, i);
    if (!s->handle || s->finished || s->serial == p->partial) continue;
    s->finished = true;
    if (s->opened)
      p->cb.finish(p->user, s->handle, p->now);
    else
      p->cb.reset(p->user, s->handle, p->now);
    return true;
  }
  return false;
}

static void sent_whole(app_path *p) {
  const chat_stream *from = p->queue.first->tag != 0 ? find_serial(p, p->queue.first->tag) : NULL;
  size_t len = p->queue.first->len;
  app_frames_pop(&p->queue);
  p->partial = 0;
  if (from) p->cb.consumed(p->user, from->handle, len, p->now);
}

static bool flush(app_path *p) {
  app_frame *f = p->queue.first;
  const chat_stream *s = p->partial != 0 ? find_serial(p, p->partial) : out(p);
  if (!f || !s || s->finished) return false;
  uint32_t serial = s->serial;
  ptrdiff_t n = p->cb.send(p->user, s->handle, f->data + f->sent, f->len - f->sent, p->now);
  if (n <= 0 || !find_serial(p, serial)) return false;
  f->sent += (size_t)n;
  p->partial = serial;
  if (f->sent < f->len) return false;
  sent_whole(p);
  return true;
}

static bool tell_room(app_path *p) {
  if (!p->full || p->queue.bytes > QUEUE_MAX / 2) return false;
  p->full = false;
  tell(p, APP_PATH_EVENT_ROOM);
  return true;
}

static bool see_peer_leave(app_path *p) {
  const chat_stream *s = newest(p);
  if (p->peer_left || !s || !s->opened || !s->eof || reading(p)) return false;
  p->peer_left = p->finishing = true;
  show_carry(p);
  tell(p, APP_PATH_EVENT_PEER_LEFT);
  return true;
}

static bool finish_chat(app_path *p) {
  chat_stream *s = newest(p);
  if (!p->finishing || p->queue.first || !s || s->finished) return false;
  s->finished = true;
  if (s->opened)
    p->cb.finish(p->user, s->handle, p->now);
  else
    p->cb.reset(p->user, s->handle, p->now);
  return true;
}

static bool finish_all(app_path *p) {
  if (!p->finishing || p->queue.first || p->streams_len > 0) return false;
  bool by_peer = p->peer_left && !p->left_first;
  end_here(p, by_peer ? WEFT_WHO_PEER : WEFT_WHO_SELF, "end", WEFT_OK,
           by_peer ? "the peer ended the chat" : "the chat is over");
  return true;
}

static weft_time stall_at(const app_path *p) {
  const chat_stream *now = out(p), *s = reading(p);
  return s && now && s < now && s->handle && !s->held.first ? p->heard_at + p->cfg.stall : WEFT_NEVER;
}

/* An old stream whose end never comes must not hold the new one up for ever. */
static bool end_stalled(app_path *p) {
  if (stall_at(p) > p->now) return false;
  chat_stream *s = reading(p);
  void *handle = s->handle;
  forget(p, s);
  tell(p, APP_PATH_EVENT_GAP);
  if (!p->free_pending) p->cb.reset(p->user, handle, p->now);
  return true;
}

static bool give_up(app_path *p) {
  if (p->now >= p->set_up_at && p->busy.code != WEFT_OK)
    end(p, &p->busy);
  else if (p->now >= p->set_up_at)
    end_here(p, WEFT_WHO_TIMEOUT, "set-up", WEFT_ETIMEDOUT, "the chat was not open within the time for the set-up");
  else if (p->now >= p->wait_at)
    end_here(p, WEFT_WHO_TIMEOUT, "wait", WEFT_ETIMEDOUT, "the peer did not come back");
  return p->ended;
}

/* ---- what a dialer does about its carriers ----------------------------------------------------------------------------------- */

static bool wanted(const app_path *p) { return !p->finishing || p->queue.first; }

static bool may_dial(const app_path *p) {
  return p->cfg.dialer && wanted(p) && !p->up[APP_RELAYED] && !p->up[APP_DIRECT] && !p->dialing;
}

static bool dial(app_path *p) {
  if (!may_dial(p) || p->now < p->redial_at) return false;
  p->dialing = true;
  p->redial_at = WEFT_NEVER;
  p->cb.dial_circuit(p->user, p->now);
  return true;
}

static bool may_try(const app_path *p) {
  bool apart = p->up[APP_RELAYED] && !p->up[APP_DIRECT] && !p->closing_circuit;
  return p->cfg.dialer && wanted(p) && apart && !p->cfg.relay_only && !p->trying;
}

static bool try_direct(app_path *p) {
  if (!may_try(p) || p->now < p->direct_at) return false;
  p->trying = true;
  p->cb.try_direct(p->user, p->now);
  return true;
}

static bool usable(const app_path *p, app_carrier c) { return p->up[c] && !p->unusable[c]; }

/* Where the chat ought to run now. */
static bool choose(const app_path *p, app_carrier *c) {
  *c = usable(p, APP_DIRECT) ? APP_DIRECT : APP_RELAYED;
  if (*c == APP_DIRECT) return true;
  return usable(p, APP_RELAYED) && !p->cfg.no_fallback && p->decided && !p->closing_circuit;
}

static bool open_chat(app_path *p) {
  app_carrier on;
  const chat_stream *s = newest(p);
  if (!p->cfg.dialer || !wanted(p) || !choose(p, &on) || p->streams_len == STREAMS_MAX) return false;
  if (s && (s->on == on || on == APP_RELAYED)) return false;
  void *handle = p->cb.open(p->user, on, p->now);
  if (handle)
    add(p, handle, on, false);
  else
    p->unusable[on] = true;
  return true;
}

/* ---- what both do about theirs ------------------------------------------------------------------------------------------------ */

static bool circuit_idle(const app_path *p) {
  const chat_stream *s = out(p);
  for (size_t i = 0; i < p->streams_len; i++)
    if (p->streams[i].handle && p->streams[i].on == APP_RELAYED) return false;
  return p->up[APP_RELAYED] && p->up[APP_DIRECT] && !p->closing_circuit && p->signaling == 0 && s;
}

/* The circuit has nothing to carry any more: the dialer closes it, the listener only when the dialer does not. */
static bool close_circuit(app_path *p) {
  if (!circuit_idle(p)) {
    p->idle_at = WEFT_NEVER;
    return false;
  }
  if (p->idle_at == WEFT_NEVER) p->idle_at = p->cfg.dialer ? p->now : p->now + p->cfg.grace;
  if (p->now < p->idle_at) return false;
  p->closing_circuit = true;
  p->cb.close_circuit(p->user, p->now);
  return true;
}

static bool step(app_path *p) {
  if (deliver_held(p) || tell_path(p) || flush(p) || finish_old(p) || see_peer_leave(p)) return true;
  if (drop_gone(p) || tell_room(p) || finish_chat(p) || finish_all(p) || end_stalled(p) || give_up(p)) return true;
  return dial(p) || try_direct(p) || open_chat(p) || close_circuit(p);
}

/* ---- entry and exit ------------------------------------------------------------------------------------------------------------ */

static void destroy(app_path *p) {
  while (p->streams_len > 0) drop(p, 0);
  app_frames_clear(&p->queue);
  free(p);
}

static void enter(app_path *p, weft_time now) {
  if (now > p->now) p->now = now;
  p->depth++;
}

static void leave(app_path *p) {
  while (p->depth == 1 && !p->ended && !p->free_pending && step(p)) {}
  if (--p->depth == 0 && p->free_pending) destroy(p);
}

void app_path_free(app_path *p) {
  if (!p) return;
  p->free_pending = true;
  if (p->depth == 0) destroy(p);
}

void app_path_start(app_path *p, weft_time now) {
  enter(p, now);
  p->redial_at = p->now;
  if (p->cfg.dialer) p->set_up_at = p->now + p->cfg.set_up;
  leave(p);
}

/* ---- carriers ------------------------------------------------------------------------------------------------------------------ */

void app_path_carrier_up(app_path *p, app_carrier c, weft_time now) {
  enter(p, now);
  p->busy.code = WEFT_OK;
  p->up[c] = true;
  p->unusable[c] = false;
  if (c == APP_RELAYED) {
    p->dialing = p->closing_circuit = false;
  } else {
    p->trying = false;
    p->decided = true;
    p->retry = p->cfg.retry;
    p->direct_at = 0;
  }
  leave(p);
}

/* Forgets the streams of that carrier but for what is still to be delivered; true when something may be missing. */
static bool forget_streams(app_path *p, app_carrier c) {
  bool gap = false;
  for (size_t i = 0; i < p->streams_len; i++) {
    chat_stream *s = &p->streams[i];
    if (s->on != c || !s->handle) continue;
    if (s->opened && !(s->eof && s->finished)) gap = true;
    forget(p, s);
  }
  return gap;
}

static void lost(app_path *p, const weft_closed *why) {
  if (!p->was_open && !p->cfg.dialer) {
    end(p, why);
    return;
  }
  p->on_told = false;
  p->redial_at = p->now;
  if (!p->cfg.dialer)
    p->wait_at = p->now + p->cfg.wait;
  else if (p->set_up_at == WEFT_NEVER)
    p->set_up_at = p->now + p->cfg.set_up;
  tell_why(p, APP_PATH_EVENT_LOST, why, WEFT_NEVER);
}

static void went(app_path *p, app_carrier c, const weft_closed *why, bool goodbye, bool gap) {
  bool stays = c == APP_RELAYED ? p->up[APP_DIRECT] : newest(p) != NULL;
  if (!wanted(p)) {
    /* It was over but for the goodbyes. */
  } else if (goodbye && !stays) {
    end(p, why);
  } else {
    if (gap) tell(p, APP_PATH_EVENT_GAP);
    if (!p->up[APP_RELAYED] && !p->up[APP_DIRECT]) lost(p, why);
  }
}

void app_path_carrier_gone(app_path *p, app_carrier c, const weft_closed *why, bool goodbye, weft_time now) {
  enter(p, now);
  bool was_up = p->up[c];
  p->up[c] = false;
  if (c == APP_RELAYED) p->closing_circuit = false;
  bool gap = forget_streams(p, c);
  if (was_up && !p->ended) went(p, c, why, goodbye, gap || p->gap[c]);
  p->gap[c] = false;
  leave(p);
}

static void redial_later(app_path *p, const weft_closed *busy) {
  p->dialing = false;
  p->busy = *busy;
  p->redial_at = p->now + p->redial;
  p->redial = p->redial * 2 < REDIAL_MAX ? p->redial * 2 : REDIAL_MAX;
}

void app_path_circuit_failed(app_path *p, const weft_closed *why, bool final, weft_time now) {
  static const weft_closed not_busy = {.code = WEFT_OK};
  enter(p, now);
  redial_later(p, &not_busy);
  if (final || !p->was_open) end(p, why);
  leave(p);
}

weft_time app_path_circuit_busy(app_path *p, const weft_closed *why, weft_time now) {
  enter(p, now);
  redial_later(p, why);
  weft_time pause = p->redial_at < p->set_up_at ? p->redial_at - p->now : 0;
  if (pause == 0) end(p, why);
  leave(p);
  return pause;
}

void app_path_direct_failed(app_path *p, const weft_closed *why, bool again, weft_time now) {
  enter(p, now);
  weft_time pause = again ? p->retry : WEFT_NEVER;
  p->trying = false;
  p->decided = true;
  p->direct_at = again ? p->now + p->retry : WEFT_NEVER;
  if (why->code == WEFT_EAUTH || (p->cfg.no_fallback && !p->up[APP_DIRECT])) {
    end(p, why);
  } else if (p->up[APP_RELAYED] && !p->ended) {
    p->retry = p->retry * 2 < p->cfg.retry_max ? p->retry * 2 : p->cfg.retry_max;
    tell_why(p, APP_PATH_EVENT_FALLBACK, why, pause);
  }
  leave(p);
}

void app_path_signaling(app_path *p, bool open, weft_time now) {
  enter(p, now);
  if (open)
    p->signaling++;
  else if (p->signaling > 0)
    p->signaling--;
  leave(p);
}

/* ---- streams ------------------------------------------------------------------------------------------------------------------- */

void app_path_inbound(app_path *p, void *stream, app_carrier on, weft_time now) {
  enter(p, now);
  p->heard_at = p->now;
  if (p->ended || !add(p, stream, on, true)) p->cb.reset(p->user, stream, p->now);
  leave(p);
}

void app_path_opened(app_path *p, void *stream, weft_time now) {
  enter(p, now);
  chat_stream *s = find(p, stream);
  p->heard_at = p->now;
  if (s) s->opened = true;
  leave(p);
}

void app_path_data(app_path *p, void *stream, const uint8_t *data, size_t len, weft_time now) {
  enter(p, now);
  chat_stream *s = find(p, stream);
  if (!s || p->ended)
    p->cb.consumed(p->user, stream, len, p->now);
  else if (p->depth == 1 && reading(p) == s && !s->held.first)
    deliver(p, s->serial, data, len);
  else if (app_frames_push(&s->held, data, len, 0) != WEFT_OK)
    p->cb.reset(p->user, stream, p->now);
  leave(p);
}

void app_path_remote_closed(app_path *p, void *stream, weft_time now) {
  enter(p, now);
  chat_stream *s = find(p, stream);
  if (s) s->eof = true;
  p->heard_at = p->now;
  leave(p);
}

void app_path_writable(app_path *p, weft_time now) {
  enter(p, now);
  leave(p);
}

/* The peer does not take our chat stream. Where another is, or may come, that one counts. */
static void refused(app_path *p, app_carrier on, int code) {
  p->unusable[on] = true;
  bool direct_may_come = on == APP_RELAYED && !p->cfg.relay_only && (p->trying || p->direct_at != WEFT_NEVER);
  if (out(p) || usable(p, APP_DIRECT) || direct_may_come) return;
  end_here(p, WEFT_WHO_PEER, "protocol", code, "the peer does not open the chat: it does not speak the protocol there");
}

static void broken(app_path *p, const chat_stream *s, bool last, int code) {
  if (code == WEFT_ECLOSED)
    p->gap[s->on] = p->gap[s->on] || s->opened; /* the carrier is going: carrier_gone judges */
  else if (!s->opened)
    refused(p, s->on, code);
  else if (last)
    end_here(p, WEFT_WHO_PEER, "stream", code, "the peer reset the chat stream");
  else
    tell(p, APP_PATH_EVENT_GAP);
}

void app_path_closed(app_path *p, void *stream, int code, weft_time now) {
  enter(p, now);
  chat_stream *s = find(p, stream);
  if (s) {
    chat_stream was = *s;
    bool last = s == newest(p), whole = code == WEFT_OK || (was.eof && was.finished);
    if (code == WEFT_OK) s->eof = true;
    forget(p, s);
    if (!p->ended && !whole && wanted(p)) broken(p, &was, last, code);
  }
  leave(p);
}

/* ---- the user ------------------------------------------------------------------------------------------------------------------ */

int app_path_send(app_path *p, const uint8_t *data, size_t len, weft_time now) {
  if (p->finishing || p->ended) return WEFT_ECLOSED;
  if (p->queue.bytes + len > QUEUE_MAX) {
    p->full = true;
    return WEFT_EAGAIN;
  }
  enter(p, now);
  int rc = app_frames_push(&p->queue, data, len, 0);
  leave(p);
  return rc;
}

void app_path_finish(app_path *p, weft_time now) {
  enter(p, now);
  if (!p->finishing) p->left_first = true;
  p->finishing = true;
  leave(p);
}

bool app_path_is_open(const app_path *p) { return !p->ended && out(p) != NULL; }

void app_path_tick(app_path *p, weft_time now) {
  enter(p, now);
  leave(p);
}

static weft_time sooner(weft_time a, weft_time b) { return a < b ? a : b; }

weft_time app_path_deadline(const app_path *p) {
  if (p->ended) return WEFT_NEVER;
  weft_time due = sooner(sooner(p->set_up_at, p->wait_at), sooner(p->idle_at, stall_at(p)));
  if (may_dial(p)) due = sooner(due, p->redial_at);
  if (may_try(p)) due = sooner(due, p->direct_at);
  return due;
}
