/* Two sessions over two byte pipes that a third party holds: it passes bytes in pieces, holds the output back, lets time
 * pass, makes the applications act, and puts frames of its own between. Each application checks that a stream's
 * events come in their order and end; as long as nobody meddled, that data is what was sent and nothing fails. */
#include <stdlib.h>
#include <string.h>

#include "yamux/yamux_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

enum { PIPE = 1 << 20, STEPS = 400, STREAMS = 64, SEND_LIMIT = 5000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct stream {
  uint32_t id; /* 0: free */
  bool remote_closed, shut, short_send;
  uint64_t sent, got; /* the bytes of a stream are their own position */
  size_t unconsumed;
} stream;

typedef struct end {
  weft_yamux *y;
  uint8_t *pipe; /* what it sent and nobody passed on yet */
  size_t len, take;
  stream streams[STREAMS];
  bool closed;
  unsigned reactions; /* how often it still acts inside events: two that do could go on for ever */
} end;

static struct {
  end side[2];
  const uint8_t *p, *stop;
  weft_time now;
  bool meddled, slow_consumer;
} w;

static uint8_t byte(void) { return w.p < w.stop ? *w.p++ : 0; }

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = user;
  (void)now;
  size_t n = len < e->take ? len : e->take;
  if (n > PIPE - e->len) n = PIPE - e->len;
  memcpy(e->pipe + e->len, data, n);
  e->len += n;
  e->take -= n;
  return (ptrdiff_t)n;
}

static stream *find(end *e, uint32_t id) {
  for (unsigned i = 0; i < STREAMS; i++)
    if (e->streams[i].id == id) return &e->streams[i];
  return NULL;
}

static uint8_t pattern(uint32_t id, uint64_t at) { return (uint8_t)(at * 7 + id); }

static void send_some(end *e, stream *s, size_t n) {
  uint8_t buf[8 * 256];
  for (size_t i = 0; i < n; i++) buf[i] = pattern(s->id, s->sent + i);
  size_t room = weft_yamux_room(e->y, s->id);
  uint32_t id = s->id;
  ptrdiff_t took = weft_yamux_send(e->y, id, buf, n, w.now);
  if (s->id != id) return;
  REQUIRE(took <= (ptrdiff_t)n && took != WEFT_EAGAIN);
  if (took < 0) {
    REQUIRE(took == WEFT_ECLOSED && (s->shut || e->y->state >= WEFT_YAMUX_STATE_CLOSING));
    return;
  }
  REQUIRE(!s->shut && took >= (ptrdiff_t)(n < room ? n : room));
  s->sent += (uint64_t)took;
}

static void on_data(end *e, stream *s, const weft_stream_event *ev) {
  REQUIRE(s && !s->remote_closed && ev->len > 0);
  for (size_t i = 0; i < ev->len && !w.meddled; i++) REQUIRE(ev->data[i] == pattern(s->id, s->got + i));
  s->got += ev->len;
  stream *theirs = find(&w.side[e == &w.side[0]], s->id);
  if (!w.meddled && theirs) REQUIRE(s->got <= theirs->sent);
  if (!w.slow_consumer) return;
  s->unconsumed += ev->len;
  REQUIRE(s->unconsumed <= WEFT_YAMUX_WINDOW_MAX);
}

static void shut(end *e, stream *s) {
  bool over = s->shut && s->remote_closed; /* and CLOSED is the next event */
  s->shut = true;                          /* CLOSED may come before the call returns */
  int rc = weft_yamux_shutdown(e->y, s->id, w.now);
  REQUIRE(rc == WEFT_OK || rc == WEFT_ECLOSED || (over && rc == WEFT_ENOTFOUND));
}

static void react(end *e, stream *s, const weft_stream_event *ev) {
  if (e->reactions == 0 || !s) return;
  e->reactions--;
  uint32_t id = s->id;
  if (ev->type == WEFT_STREAM_DATA && ev->len % 5 == 0) send_some(e, s, ev->len % 200);
  if (ev->type == WEFT_STREAM_DATA && ev->len % 17 == 1 && s->id == id) weft_yamux_reset(e->y, id, w.now);
  if (ev->type == WEFT_STREAM_REMOTE_CLOSED && s->id == id) shut(e, s);
}

static void on_stream(end *e, const weft_stream_event *ev) {
  stream *s = find(e, ev->stream);
  switch (ev->type) {
  case WEFT_STREAM_OPENED:
    if (!ev->inbound) break;
    REQUIRE(!s && ev->stream != 0 && (ev->stream & 1) == (e == &w.side[1]));
    s = find(e, 0);
    REQUIRE(s); /* max_streams_in and _out are below STREAMS / 2 */
    *s = (stream){.id = ev->stream};
    break;
  case WEFT_STREAM_DATA: on_data(e, s, ev); break;
  case WEFT_STREAM_REMOTE_CLOSED:
    REQUIRE(s && !s->remote_closed);
    s->remote_closed = true;
    break;
  case WEFT_STREAM_WRITABLE: REQUIRE(s && !s->shut); break;
  case WEFT_STREAM_CLOSED: REQUIRE(s && s->remote_closed && s->shut);
  /* fall through */
  case WEFT_STREAM_RESET:
    if (s) *s = (stream){0};
    break;
  }
  react(e, s, ev);
}

static void event(void *user, const weft_yamux_event *ev, weft_time now) {
  end *e = user;
  REQUIRE(!e->closed && now == w.now);
  switch (ev->type) {
  case WEFT_YAMUX_EVENT_STREAM: on_stream(e, ev->stream); break;
  case WEFT_YAMUX_EVENT_RTT:
  case WEFT_YAMUX_EVENT_GO_AWAY: break;
  case WEFT_YAMUX_EVENT_CLOSED:
    e->closed = true;
    for (unsigned i = 0; i < STREAMS; i++) REQUIRE(e->streams[i].id == 0); /* all were told RESET */
    REQUIRE(strcmp(ev->closed.layer, "yamux") == 0 && strlen(ev->closed.text) > 0);
    if (!w.meddled && ev->closed.who == WEFT_WHO_PEER) REQUIRE(strcmp(ev->closed.step, "end") == 0);
    break;
  }
}

static void make(unsigned s, uint8_t mode) {
  weft_yamux_config cfg;
  weft_yamux_callbacks cb = {sizeof cb, output, event};
  end *e = &w.side[s];
  uint8_t *pipe = e->pipe ? e->pipe : malloc(PIPE);
  if (!pipe) abort();
  *e = (end){.pipe = pipe, .take = SIZE_MAX / 2, .reactions = mode & 2 ? 100 : 0};
  weft_yamux_config_default(&cfg);
  cfg.client = s == 0;
  cfg.max_streams_in = cfg.max_streams_out = STREAMS / 2 - 1;
  cfg.accept_backlog = 10;
  cfg.send_limit = SEND_LIMIT;
  cfg.frame_max = mode & 4 ? 100 : 16384;
  cfg.control_limit = 50;
  cfg.auto_consume = !w.slow_consumer;
  cfg.window_total = 1000000;
  REQUIRE(weft_yamux_new(&e->y, &cfg, &cb, e) == WEFT_OK);
  REQUIRE(weft_yamux_start(e->y, w.now) == WEFT_OK);
}

static void give(unsigned to, const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  weft_yamux_input(w.side[to].y, copy, len, w.now);
  free(copy);
}

static void pass(unsigned from, size_t n) {
  end *e = &w.side[from];
  if (n > e->len) n = e->len;
  give(1 - from, e->pipe, n);
  memmove(e->pipe, e->pipe + n, e->len - n);
  e->len -= n;
}

static void open_one(end *e) {
  uint32_t id = 0;
  stream *s = find(e, 0);
  REQUIRE(s);
  int rc = weft_yamux_open(e->y, &id, w.now);
  if (rc == WEFT_OK && !e->closed) *s = (stream){.id = id};
}

/* A stream that the session does not know any more was told so already. */
static void act(end *e, unsigned op, stream *s, size_t n) {
  if (s->id == 0) return;
  uint32_t id = s->id;
  if (op == 0) send_some(e, s, 8 * n);
  if (op == 1) shut(e, s);
  if (op == 2) {
    int rc = weft_yamux_reset(e->y, id, w.now);
    REQUIRE(rc == WEFT_OK ? s->id == 0 : rc == WEFT_ECLOSED);
  }
  if (op == 3) {
    size_t m = n * n < s->unconsumed ? n * n : s->unconsumed;
    int rc = weft_yamux_consumed(e->y, id, m, w.now);
    REQUIRE(rc == WEFT_OK || rc == WEFT_ECLOSED);
    if (rc == WEFT_OK && s->id == id) s->unconsumed -= m;
  }
}

/* A frame between others: at the end of what `from` sent, where a frame ends unless output was held back. */
static void inject(unsigned from) {
  uint8_t frame[WEFT_YAMUX_HEADER_LEN + 255] = {0};
  uint8_t kind = byte();
  weft_yamux_header h = {.type = kind & 3, .flags = kind >> 4};
  h.version = (kind & 12) == 12 && byte() == 0;
  h.stream = byte();
  h.length = byte();
  if (kind & 4) h.length = h.length << 24 | (uint32_t)byte() << 16;
  size_t body = h.type == WEFT_YAMUX_DATA && h.length < 256 ? h.length : 0;
  weft_yamux_header_encode(&h, frame);
  w.meddled = true;
  end *e = &w.side[from];
  if (e->len + sizeof frame > PIPE) return;
  memcpy(e->pipe + e->len, frame, WEFT_YAMUX_HEADER_LEN + body);
  e->len += WEFT_YAMUX_HEADER_LEN + body;
}

/* Nobody can make us hold more than a stream's window: what may come, what is coming, and what was not consumed. */
static void check_windows(const weft_yamux *y) {
  for (weft_list *n = y->streams.next; n != &y->streams; n = n->next) {
    const weft_yamux_stream *s = WEFT_LIST_ITEM(n, weft_yamux_stream, all);
    uint32_t coming = y->body_stream == s ? y->body_left : 0;
    REQUIRE(s->remote_fin || (uint64_t)s->recv_credit + coming + s->unconsumed <= s->recv_window);
  }
}

static void check(const end *e) {
  check_windows(e->y);
  weft_yamux_stats st = {.size = sizeof st};
  weft_yamux_get_stats(e->y, &st);
  REQUIRE(st.streams < STREAMS);
  REQUIRE(st.buffered <= WEFT_YAMUX_BATCH + 100 + 50 * 12 + STREAMS * SEND_LIMIT);
  REQUIRE(e->y->extra_windows <= 1000000);
  REQUIRE(weft_yamux_deadline(e->y) > w.now || e->closed);
}

static void step(void) {
  uint8_t op = byte();
  unsigned s = op >> 7;
  end *e = &w.side[s];
  size_t n = byte();
  switch (op & 15) {
  case 0: pass(s, n); break;
  case 1: pass(s, PIPE); break;
  case 2: open_one(e); break;
  case 3: act(e, 0, &e->streams[n % STREAMS], byte()); break;
  case 4: act(e, 0, &e->streams[n % 4], 255); break;
  case 5: act(e, 1, &e->streams[n % STREAMS], 0); break;
  case 6: act(e, 2, &e->streams[n % STREAMS], 0); break;
  case 7: act(e, 3, &e->streams[n % STREAMS], byte()); break;
  case 8: e->take = n == 255 ? SIZE_MAX / 2 : n * n; break;
  case 9:
    w.now += WEFT_MS(100) * n;
    for (unsigned i = 0; i < 2; i++) weft_yamux_tick(w.side[i].y, w.now);
    break;
  case 10: inject(s); break;
  case 11: weft_yamux_ping(e->y, w.now); break;
  case 12:
    if (n == 7) weft_yamux_input_end(e->y, w.now), w.meddled = true;
    break;
  case 13:
    if (n < 4) weft_yamux_close(e->y, n & 1 ? WEFT_OK : -(int)n, w.now), w.meddled = true;
    break;
  case 14: /* the pipe is cut or altered somewhere */
    w.meddled = true;
    if (e->len > 0) e->pipe[n * 97 % e->len] ^= (uint8_t)(byte() | 1);
    break;
  default: weft_yamux_tick(e->y, w.now); break;
  }
  for (unsigned i = 0; i < 2; i++) check(&w.side[i]);
}

/* Nobody meddled: when everything is passed on, everything that had credit has arrived. */
static void settle(void) {
  for (unsigned i = 0; i < 2; i++) w.side[i].take = SIZE_MAX / 2;
  for (unsigned round = 0; round < 1000; round++) {
    for (unsigned i = 0; i < 2; i++) {
      weft_yamux_tick(w.side[i].y, w.now);
      pass(i, PIPE);
    }
    if (w.side[0].len + w.side[1].len == 0) break;
  }
  for (unsigned i = 0; i < 2 && !w.meddled && !w.slow_consumer; i++)
    for (unsigned k = 0; k < STREAMS; k++) {
      const stream *s = &w.side[i].streams[k], *theirs = s->id ? find(&w.side[1 - i], s->id) : NULL;
      if (theirs) REQUIRE(theirs->got == s->sent && theirs->remote_closed == s->shut);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  w.now = WEFT_SEC(1);
  w.p = data;
  w.stop = data + size;
  w.meddled = false;
  uint8_t mode = byte();
  w.slow_consumer = mode & 1;
  for (unsigned i = 0; i < 2; i++) make(i, mode);
  for (unsigned i = 0; i < STEPS && w.p < w.stop; i++) step();
  settle();
  for (unsigned i = 0; i < 2; i++) weft_yamux_free(w.side[i].y);
  return 0;
}
