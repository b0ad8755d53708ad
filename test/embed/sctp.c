/* Two SCTP associations in one process, their packets carried by two arrays. */
#include <stdio.h>
#include <string.h>

#include <weft/sctp/sctp.h>

enum { SLOTS = 64, PACKET = 1160 };

typedef struct end {
  weft_sctp *sctp;
  unsigned char packet[SLOTS][PACKET];
  size_t len[SLOTS], head, tail; /* what this end has sent and the other has not read yet */
  char got[32];
} end;

static int fill(void *ctx, uint8_t *dst, size_t n) { /* an example: real programs draw real entropy */
  unsigned *state = (unsigned *)ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)((*state = *state * 1664525u + 1013904223u) >> 24);
  return 0;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  end *e = (end *)user;
  (void)now;
  if (e->tail - e->head == SLOTS) return WEFT_EAGAIN;
  memcpy(e->packet[e->tail % SLOTS], data, len);
  e->len[e->tail++ % SLOTS] = len;
  return WEFT_OK;
}

static void event(void *user, const weft_sctp_event *ev, weft_time now) {
  end *e = (end *)user;
  weft_sctp_message hello;
  memset(&hello, 0, sizeof hello);
  hello.ppid = 51;
  if (ev->type == WEFT_SCTP_EVENT_CONNECTED) (void)weft_sctp_send(e->sctp, &hello, (const uint8_t *)"hello", 5, now);
  if (ev->type == WEFT_SCTP_EVENT_MESSAGE && ev->len < sizeof e->got) memcpy(e->got, ev->data, ev->len);
}

int main(void) {
  static end a, b;
  unsigned seed = 1;
  weft_time now = 0;
  weft_sctp_config cfg;
  weft_sctp_callbacks cb = {sizeof cb, output, event};
  weft_sctp_config_default(&cfg);
  cfg.rng.fill = fill;
  cfg.rng.ctx = &seed;
  if (weft_sctp_new(&a.sctp, &cfg, &cb, &a) != WEFT_OK || weft_sctp_new(&b.sctp, &cfg, &cb, &b) != WEFT_OK) return 1;
  weft_sctp_connect(a.sctp, now);
  for (int i = 0; i < 1000 && !(a.got[0] && b.got[0]); i++, now += WEFT_MS(1)) {
    for (; a.head != a.tail; a.head++) weft_sctp_input(b.sctp, a.packet[a.head % SLOTS], a.len[a.head % SLOTS], now);
    for (; b.head != b.tail; b.head++) weft_sctp_input(a.sctp, b.packet[b.head % SLOTS], b.len[b.head % SLOTS], now);
    if (weft_sctp_deadline(a.sctp) <= now) weft_sctp_tick(a.sctp, now);
    if (weft_sctp_deadline(b.sctp) <= now) weft_sctp_tick(b.sctp, now);
  }
  printf("sctp: a got \"%s\", b got \"%s\"\n", a.got, b.got);
  weft_sctp_free(a.sctp);
  weft_sctp_free(b.sctp);
  return strcmp(a.got, "hello") || strcmp(b.got, "hello");
}
