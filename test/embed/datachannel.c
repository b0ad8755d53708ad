/* Two data channel layers over a message transport that is a list in memory: a channel opens, carries a line,
 * closes. */
#include <stdio.h>
#include <string.h>
#include <weft/datachannel/datachannel.h>

struct message {
  int to, reset, done;
  uint16_t stream;
  uint32_t ppid;
  uint8_t data[64];
  size_t len;
};

static struct message on_the_way[32];
static size_t first, last;
static weft_datachannel *sides[2];
static int me[2] = {0, 1};
static char heard[64];
static int closed;

static struct message *put(int to, uint16_t stream) {
  struct message *m = &on_the_way[last++ % 32];
  memset(m, 0, sizeof *m);
  m->to = to;
  m->stream = stream;
  return m;
}

static int output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now) {
  (void)now;
  if (last - first == 32 || len > sizeof on_the_way[0].data) return WEFT_EAGAIN;
  struct message *m = put(1 - *(int *)user, o->stream);
  m->ppid = o->ppid;
  m->len = len;
  memcpy(m->data, data, len);
  return WEFT_OK;
}

static int reset(void *user, const uint16_t *streams, size_t n, weft_time now) {
  (void)now;
  for (size_t i = 0; i < n; i++) put(1 - *(int *)user, streams[i])->reset = 1;
  return WEFT_OK;
}

static void event(void *user, const weft_datachannel_event *ev, weft_time now) {
  weft_datachannel *dc = sides[*(int *)user];
  if (ev->type == WEFT_DATACHANNEL_EVENT_MESSAGE) {
    strncat(heard, (const char *)ev->data, ev->len);
    weft_datachannel_close_channel(dc, ev->id, now);
  }
  if (ev->type == WEFT_DATACHANNEL_EVENT_CLOSED) closed++;
}

/* The transport: a message arrives; a reset arrives and is confirmed to its sender. */
static void deliver(const struct message *m) {
  weft_datachannel *dc = sides[m->to];
  if (m->done) {
    weft_datachannel_reset_done(dc, &m->stream, 1, WEFT_OK, 0);
  } else if (m->reset) {
    weft_datachannel_reset_in(dc, &m->stream, 1, 0);
    put(1 - m->to, m->stream)->done = 1;
  } else {
    weft_datachannel_input(dc, m->stream, m->ppid, m->data, m->len, 0);
  }
}

int main(void) {
  weft_datachannel_callbacks cb = {sizeof cb, output, reset, event};
  for (int i = 0; i < 2; i++) {
    weft_datachannel_config cfg;
    weft_datachannel_config_default(&cfg);
    cfg.even = i == 0;
    if (weft_datachannel_new(&sides[i], &cfg, &cb, &me[i]) || weft_datachannel_up(sides[i], 1024, 1024, 0)) return 1;
  }
  weft_datachannel_params chat;
  memset(&chat, 0, sizeof chat);
  chat.label = "chat";
  chat.label_len = 4;
  uint16_t id = 0;
  if (weft_datachannel_open(sides[0], &chat, &id, 0)) return 1;
  if (weft_datachannel_send(sides[0], id, false, (const uint8_t *)"hello", 5, 0)) return 1;
  while (first < last) {
    struct message m = on_the_way[first++ % 32];
    deliver(&m);
  }
  weft_datachannel_free(sides[0]);
  weft_datachannel_free(sides[1]);
  printf("datachannel: channel %u carried \"%s\" and closed on %d sides\n", (unsigned)id, heard, closed);
  return strcmp(heard, "hello") == 0 && closed == 2 ? 0 : 1;
}
