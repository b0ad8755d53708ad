/* Two data channel layers joined by a perfect message transport with stream resets: what one outputs waits in a
 * queue until it is delivered, a reset request is answered when it arrives. Side 0 has even ids, side 1 odd ones. */
#ifndef TEST_UNIT_DATACHANNEL_RIG_H
#define TEST_UNIT_DATACHANNEL_RIG_H

#include <stdlib.h>
#include <string.h>

#include "datachannel/datachannel_int.h"
#include "test/support/alloc.h"
#include "test/support/unit.h"

typedef enum rig_kind { RIG_MESSAGE, RIG_RESET, RIG_DONE } rig_kind;

typedef struct rig_item {
  rig_kind kind;
  unsigned to;
  uint16_t ids[128];
  size_t n;
  int code;
  weft_datachannel_out out;
  uint8_t *data;
  size_t len;
  struct rig_item *next;
} rig_item;

typedef struct rig_event {
  unsigned side;
  weft_datachannel_event_type type;
  uint16_t id;
  int code;
  bool inbound, binary;
  size_t len;
  char text[32]; /* of a message, or the label */
} rig_event;

typedef struct rig rig;
typedef struct rig_end {
  rig *r;
  unsigned side;
} rig_end;

struct rig {
  weft_datachannel *dc[2];
  rig_end ends[2];
  rig_item *first, *last;
  rig_event log[4096];
  size_t logged;
  bool full[2];     /* output and reset answer WEFT_EAGAIN */
  unsigned room[2]; /* when not 0: that many outputs are taken, then it is full */
  bool hold_resets; /* reset requests stay on the way */
  int reset_code;   /* what a reset request is answered with */
  unsigned reset_calls, resets, outputs;
  weft_datachannel_out last_out;
  weft_time now;
  void (*hook)(rig *r, unsigned side, const weft_datachannel_event *ev);
};

static inline void rig_queue(rig *r, rig_item item) {
  rig_item *copy = malloc(sizeof *copy);
  if (!copy) abort();
  *copy = item;
  copy->next = NULL;
  if (r->last)
    r->last->next = copy;
  else
    r->first = copy;
  r->last = copy;
}

static inline bool rig_takes(rig *r, unsigned side) {
  if (r->full[side]) return false;
  if (r->room[side] > 0 && --r->room[side] == 0) r->full[side] = true;
  return true;
}

static inline int rig_output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len,
                             weft_time now) {
  rig_end *e = user;
  (void)now;
  if (!rig_takes(e->r, e->side)) return WEFT_EAGAIN;
  e->r->outputs++;
  e->r->last_out = *o;
  rig_item item = {.kind = RIG_MESSAGE, .to = 1 - e->side, .out = *o, .len = len, .data = malloc(len + 1)};
  if (!item.data) abort();
  memcpy(item.data, data, len);
  rig_queue(e->r, item);
  return WEFT_OK;
}

static inline int rig_reset(void *user, const uint16_t *ids, size_t n, weft_time now) {
  rig_end *e = user;
  (void)now;
  if (e->r->full[e->side]) return WEFT_EAGAIN;
  e->r->reset_calls++;
  e->r->resets += (unsigned)n;
  rig_item item = {.kind = RIG_RESET, .to = 1 - e->side, .n = n};
  ck_assert_uint_le(n, WEFT_ARRAY_LEN(item.ids));
  memcpy(item.ids, ids, n * sizeof *ids);
  rig_queue(e->r, item);
  return WEFT_OK;
}

static inline void rig_event_in(void *user, const weft_datachannel_event *ev, weft_time now) {
  rig_end *e = user;
  rig *r = e->r;
  (void)now;
  rig_event *at = &r->log[r->logged++ % WEFT_ARRAY_LEN(r->log)];
  *at = (rig_event){.side = e->side,
                    .type = ev->type,
                    .id = ev->id,
                    .code = ev->code,
                    .inbound = ev->inbound,
                    .binary = ev->binary,
                    .len = ev->len};
  const void *text = ev->params ? (const void *)ev->params->label : (const void *)ev->data;
  size_t len = ev->params ? ev->params->label_len : ev->len;
  if (text && len > 0) memcpy(at->text, text, len < 31 ? len : 31);
  if (r->hook) r->hook(r, e->side, ev);
}

static inline weft_datachannel_config rig_config(unsigned side) {
  weft_datachannel_config cfg;
  weft_datachannel_config_default(&cfg);
  cfg.alloc = test_alloc();
  cfg.even = side == 0;
  return cfg;
}

static inline int rig_make(rig *r, unsigned side, const weft_datachannel_config *cfg) {
  weft_datachannel_callbacks cb = {sizeof cb, rig_output, rig_reset, rig_event_in};
  r->ends[side] = (rig_end){r, side};
  return weft_datachannel_new(&r->dc[side], cfg, &cb, &r->ends[side]);
}

/* Both sides up with that many streams. */
static inline rig *rig_new(uint16_t streams) {
  rig *r = calloc(1, sizeof *r);
  if (!r) abort();
  for (unsigned i = 0; i < 2; i++) {
    weft_datachannel_config cfg = rig_config(i);
    ck_assert_int_eq(rig_make(r, i, &cfg), WEFT_OK);
    ck_assert_int_eq(weft_datachannel_up(r->dc[i], streams, streams, 0), WEFT_OK);
  }
  return r;
}

static inline rig_item *rig_pop(rig *r) {
  rig_item **at = &r->first, *before = NULL;
  while (*at && r->hold_resets && (*at)->kind != RIG_MESSAGE) {
    before = *at;
    at = &(*at)->next;
  }
  rig_item *item = *at;
  if (!item) return NULL;
  *at = item->next;
  if (r->last == item) r->last = before;
  return item;
}

static inline void rig_deliver(rig *r, const rig_item *item) {
  weft_datachannel *dc = r->dc[item->to];
  if (item->kind == RIG_MESSAGE)
    weft_datachannel_input(dc, item->out.stream, item->out.ppid, item->data, item->len, r->now);
  if (item->kind == RIG_DONE) weft_datachannel_reset_done(dc, item->ids, item->n, item->code, r->now);
  if (item->kind != RIG_RESET) return;
  rig_item done = *item;
  done.kind = RIG_DONE;
  done.to = 1 - item->to;
  done.code = r->reset_code;
  if (r->reset_code == WEFT_OK) weft_datachannel_reset_in(dc, item->ids, item->n, r->now);
  rig_queue(r, done);
}

/* Delivers until nothing is on the way. */
static inline void rig_run(rig *r) {
  rig_item *item;
  while ((item = rig_pop(r))) {
    if (r->dc[item->to]) rig_deliver(r, item);
    free(item->data);
    free(item);
  }
}

static inline void rig_free(rig *r) {
  rig_item *item;
  r->hold_resets = false;
  while ((item = rig_pop(r))) {
    free(item->data);
    free(item);
  }
  weft_datachannel_free(r->dc[0]);
  weft_datachannel_free(r->dc[1]);
  free(r);
}

static inline uint16_t rig_open(rig *r, unsigned side, const char *label) {
  weft_datachannel_params p = {.label = label, .label_len = (uint16_t)strlen(label)};
  uint16_t id = WEFT_DATACHANNEL_ID_NONE;
  ck_assert_int_eq(weft_datachannel_open(r->dc[side], &p, &id, r->now), WEFT_OK);
  return id;
}

static inline int rig_send(rig *r, unsigned side, uint16_t id, const char *text) {
  return weft_datachannel_send(r->dc[side], id, false, (const uint8_t *)text, strlen(text), r->now);
}

/* As if the peer of `side` had sent it. */
static inline void rig_inject(rig *r, unsigned side, uint16_t id, uint32_t ppid, const void *data, size_t len) {
  ck_assert_int_eq(weft_datachannel_input(r->dc[side], id, ppid, data, len, r->now), WEFT_OK);
}

static inline void rig_inject_open(rig *r, unsigned side, uint16_t id) {
  static const uint8_t open[] = {3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 'x'};
  rig_inject(r, side, id, WEFT_DATACHANNEL_PPID_DCEP, open, sizeof open);
}

/* How many events of that type that side saw on that id. */
static inline unsigned rig_count(const rig *r, unsigned side, weft_datachannel_event_type type, uint16_t id) {
  unsigned n = 0;
  for (size_t i = 0; i < r->logged && i < WEFT_ARRAY_LEN(r->log); i++)
    n += r->log[i].side == side && r->log[i].type == type && r->log[i].id == id;
  return n;
}

/* The place in the log of the first such event; -1 when there is none. */
static inline int rig_find(const rig *r, unsigned side, weft_datachannel_event_type type, uint16_t id) {
  for (size_t i = 0; i < r->logged && i < WEFT_ARRAY_LEN(r->log); i++)
    if (r->log[i].side == side && r->log[i].type == type && r->log[i].id == id) return (int)i;
  return -1;
}

static inline weft_datachannel_stats rig_stats(const rig *r, unsigned side) {
  weft_datachannel_stats s = {.size = sizeof s};
  weft_datachannel_get_stats(r->dc[side], &s);
  return s;
}

#define OPENED WEFT_DATACHANNEL_EVENT_OPENED
#define ACKED WEFT_DATACHANNEL_EVENT_ACKED
#define MESSAGE WEFT_DATACHANNEL_EVENT_MESSAGE
#define CLOSING WEFT_DATACHANNEL_EVENT_CLOSING
#define CLOSED WEFT_DATACHANNEL_EVENT_CLOSED
#define WRITABLE WEFT_DATACHANNEL_EVENT_WRITABLE

#endif
