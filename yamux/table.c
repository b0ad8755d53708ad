#include "base/mem.h"
#include "yamux/yamux_int.h"

enum { FIRST_BUCKETS = 8 };

/* Ids of one side are every second number. */
static uint32_t bucket_of(const weft_yamux *y, uint32_t id) { return (id ^ id >> 1) & (y->buckets_len - 1); }

weft_yamux_stream *weft_yamux_find(const weft_yamux *y, uint32_t id) {
  if (y->buckets_len == 0) return NULL;
  weft_yamux_stream *s = y->buckets[bucket_of(y, id)];
  while (s && s->id != id) s = s->next;
  return s;
}

static void link_in(weft_yamux *y, weft_yamux_stream *s) {
  weft_yamux_stream **b = &y->buckets[bucket_of(y, s->id)];
  s->next = *b;
  *b = s;
}

static bool grow(weft_yamux *y) {
  uint32_t n = y->buckets_len ? 2 * y->buckets_len : FIRST_BUCKETS;
  weft_yamux_stream **more = weft_mem_new(&y->alloc, n * sizeof(weft_yamux_stream *));
  if (!more) return y->buckets_len > 0; /* longer chains are slower and still right */
  weft_mem_free(&y->alloc, (void *)y->buckets, y->buckets_len * sizeof(weft_yamux_stream *));
  y->buckets = more;
  y->buckets_len = n;
  for (weft_list *i = y->streams.next; i != &y->streams; i = i->next)
    link_in(y, WEFT_LIST_ITEM(i, weft_yamux_stream, all));
  return true;
}

static void init(const weft_yamux *y, weft_yamux_stream *s, uint32_t id, bool ours) {
  s->id = id;
  s->ours = ours;
  s->send_credit = s->recv_credit = s->recv_window = WEFT_YAMUX_WINDOW_INITIAL;
  s->epoch = y->now;
  weft_buf_init(&s->out, &y->alloc, y->cfg.send_limit);
  s->out.keep = SIZE_MAX; /* kept while the stream is busy; ping.c gives it back */
  weft_list_init(&s->tell);
  weft_list_init(&s->control);
  weft_list_init(&s->data);
}

weft_yamux_stream *weft_yamux_add(weft_yamux *y, uint32_t id, bool ours) {
  if (y->streams_len >= y->buckets_len && !grow(y)) return NULL;
  weft_yamux_stream *s = weft_mem_new(&y->alloc, sizeof *s);
  if (!s) return NULL;
  init(y, s, id, ours);
  link_in(y, s);
  weft_list_push_back(&y->streams, &s->all);
  y->streams_len++;
  if (ours)
    y->streams_out++;
  else
    y->streams_in++;
  return s;
}

static void unlink_from(weft_yamux *y, weft_yamux_stream *s) {
  weft_yamux_stream **at = &y->buckets[bucket_of(y, s->id)];
  while (*at != s) at = &(*at)->next;
  *at = s->next;
}

void weft_yamux_remove(weft_yamux *y, weft_yamux_stream *s) {
  unlink_from(y, s);
  weft_list_remove(&s->all);
  weft_list_remove(&s->control);
  weft_list_remove(&s->data);
  y->streams_len--;
  if (s->ours)
    y->streams_out--;
  else
    y->streams_in--;
  if (s->unacknowledged) y->unacknowledged--;
  weft_yamux_window_return(y, s);
  y->unconsumed -= s->unconsumed;
  y->buffered -= weft_buf_len(&s->out);
  weft_buf_free(&s->out);
  if (y->body_stream == s) y->body_stream = NULL;
}

void weft_yamux_stream_free(weft_yamux *y, weft_yamux_stream *s) { weft_mem_free(&y->alloc, s, sizeof *s); }

void weft_yamux_table_free(weft_yamux *y) {
  while (!weft_list_empty(&y->streams)) {
    weft_yamux_stream *s = WEFT_LIST_ITEM(y->streams.next, weft_yamux_stream, all);
    weft_list_remove(&s->tell);
    weft_yamux_remove(y, s);
    weft_yamux_stream_free(y, s);
  }
  while (!weft_list_empty(&y->telling)) {
    weft_yamux_stream *s = WEFT_LIST_ITEM(y->telling.next, weft_yamux_stream, tell);
    weft_list_remove(&s->tell);
    weft_yamux_stream_free(y, s);
  }
  weft_mem_free(&y->alloc, (void *)y->buckets, y->buckets_len * sizeof(weft_yamux_stream *));
}
