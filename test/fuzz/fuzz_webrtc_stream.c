/* Streams of a whole connection in virtual time, driven by bytes: {operation, argument, ...}. Both sides open, send, end, reset and stop; a
 * hostile dialer puts any bytes on its channels and resets them; datagrams get lost. Checked: the order of every stream's events, that honest
 * bytes arrive as they were sent, that time moves, and that nothing is left when all streams have been reset. The connection
 * is made once and used for many inputs. */
#include <stdlib.h>
#include <string.h>

#include "test/support/webrtc_world.h"
#include "webrtc/webrtc_int.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IDS = 64, OPS = 200 };

typedef struct stream {
  bool live, told, closed, hostile; /* hostile: raw bytes went into it */
  size_t sent, received, held;
} stream;

static world w;
static bool up;
static stream streams[2][IDS]; /* by side and id */
static unsigned drop_next;

static bool filter(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                   weft_time now) {
  (void)user, (void)from, (void)to, (void)data, (void)len, (void)now;
  if (drop_next == 0) return true;
  drop_next--;
  return false;
}

static uint8_t pattern(uint32_t id, int side, size_t i) {
  return (uint8_t)(id * 7 + (uint32_t)side * 13 + i * 31 + (i >> 8));
}

static void on_data(world_side *s, stream *st, const weft_stream_event *ev) {
  const stream *from = &streams[!s->server][ev->stream];
  for (size_t i = 0; i < ev->len && !from->hostile; i++)
    REQUIRE(ev->data[i] == pattern(ev->stream, !s->server, st->received + i));
  st->received += ev->len;
  st->held += ev->len;
}

static void on_event(world_side *s, const weft_webrtc_event *ev, weft_time now) {
  (void)now;
  if (ev->type != WEFT_WEBRTC_EVENT_STREAM) return;
  const weft_stream_event *sev = ev->stream;
  REQUIRE(sev->stream < IDS);
  stream *st = &streams[s->server][sev->stream];
  if (sev->type == WEFT_STREAM_OPENED) {
    REQUIRE(!st->live && sev->inbound);
    *st = (stream){.live = true};
    return;
  }
  REQUIRE(st->live);
  if (sev->type == WEFT_STREAM_DATA) {
    REQUIRE(!st->closed && sev->len > 0);
    on_data(s, st, sev);
  }
  if (sev->type == WEFT_STREAM_REMOTE_CLOSED) {
    REQUIRE(!st->closed);
    st->closed = true;
  }
  if (sev->type == WEFT_STREAM_RESET || sev->type == WEFT_STREAM_CLOSED) st->live = false;
}

static void make(void) {
  memset(streams, 0, sizeof streams);
  if (w.listener) world_end(&w);
  world_prepare(&w, 1, NULL);
  w.client_cfg.auto_consume = w.server_cfg.auto_consume = false;
  w.client_cfg.recv_window = w.server_cfg.recv_window = 128 * 1024;
  w.client_cfg.max_streams = w.server_cfg.max_streams = 16;
  w.on_event = on_event;
  world_listen(&w);
  net_link_of(&w.net, &w.server_addr)->delay = WEFT_MS(5);
  net_link_of(&w.net, &w.dialers[0].addr)->delay = WEFT_MS(5);
  world_dial(&w, 0);
  up = world_run(&w, w.now + WEFT_SEC(20), world_all_ready);
  REQUIRE(up);
  w.net.filter = filter;
}

static weft_webrtc *conn(int side) { return side ? w.accepted[0].c : w.dialers[0].c; }

static void open_stream(int side) {
  uint32_t id;
  int rc = weft_webrtc_stream_open(conn(side), &id, w.now);
  if (rc != WEFT_OK) return;
  REQUIRE(id < IDS && !streams[side][id].live);
  streams[side][id] = (stream){.live = true};
}

static void send_some(int side, uint32_t id, size_t n) {
  static uint8_t buf[256 * 130];
  stream *st = &streams[side][id];
  for (size_t i = 0; i < n; i++) buf[i] = pattern(id, side, st->sent + i);
  ptrdiff_t took = weft_webrtc_stream_send(conn(side), id, buf, n, w.now);
  REQUIRE(took <= (ptrdiff_t)n);
  if (!st->live) REQUIRE(took < 0);
  if (took > 0) st->sent += (size_t)took;
}

static void consume(int side, uint32_t id, size_t n) {
  stream *st = &streams[side][id];
  if (!st->live || n > st->held) return;
  st->held -= n;
  REQUIRE(weft_webrtc_stream_consumed(conn(side), id, n, w.now) == WEFT_OK);
}

/* What an honest stack never does. */
static void raw(int side, uint32_t id, const uint8_t *data, size_t n) {
  streams[side][id].hostile = true;
  (void)weft_datachannel_send(conn(side)->dc, (uint16_t)id, true, data, n, w.now);
}

static void operate(const uint8_t **p, const uint8_t *end) {
  uint8_t op = *(*p)++, arg = *p < end ? *(*p)++ : 0;
  int side = op & 1;
  uint32_t id = 1u + arg % 12u;
  switch ((op >> 1) % 12) {
  case 0: open_stream(side); break;
  case 1: send_some(side, id, (size_t)(op + 1) * (arg + 1) % 33000); break;
  case 2: (void)weft_webrtc_stream_shutdown(conn(side), id, w.now); break;
  case 3: (void)weft_webrtc_stream_reset(conn(side), id, w.now); break;
  case 4: (void)weft_webrtc_stream_stop(conn(side), id, w.now); break;
  case 5: consume(side, id, streams[side][id].held / (1u + arg % 3u)); break;
  case 6: world_run(&w, w.now + WEFT_MS(arg), NULL); break;
  case 7: {
    size_t n = (size_t)(end - *p) < op % 40u ? (size_t)(end - *p) : op % 40u;
    raw(side, id, *p, n);
    *p += n;
    break;
  }
  case 8: {
    const uint8_t flag[] = {2, 8, (uint8_t)(arg % 5)};
    raw(side, id, flag, sizeof flag);
    break;
  }
  case 9: (void)weft_datachannel_close_channel(conn(side)->dc, (uint16_t)id, w.now); break;
  case 10: weft_webrtc_set_quirks(conn(side), (weft_webrtc_quirks){.no_fin_ack = arg & 1}); break;
  default: drop_next = arg % 4u; break;
  }
}

/* Everything is reset; after that both sides must be as they were. */
static void clean_up(void) {
  drop_next = 0;
  for (int side = 0; side < 2; side++)
    for (uint32_t id = 1; id < IDS; id++)
      if (conn(side) && streams[side][id].live) (void)weft_webrtc_stream_reset(conn(side), id, w.now);
  world_run(&w, w.now + WEFT_SEC(60), NULL);
  for (int side = 0; side < 2 && up; side++) {
    weft_sctp_stats s = {.size = sizeof s};
    if (!conn(side)) {
      up = false;
      break;
    }
    weft_sctp_get_stats(conn(side)->sctp, &s);
    REQUIRE(conn(side)->table_len == 0 && conn(side)->stats.streams == 0 && conn(side)->partial == 0);
    REQUIRE(s.unconsumed == 0 && s.buffered == 0);
    weft_webrtc_set_quirks(conn(side), (weft_webrtc_quirks){0});
  }
  REQUIRE(!w.livelock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *p = data, *end = data + size;
  if (!up) make();
  for (int i = 0; i < OPS && p < end && conn(0) && conn(1); i++) operate(&p, end);
  clean_up();
  memset(streams, 0, sizeof streams);
  return 0;
}
