#include "sctp/reassembly.h"

#include <assert.h>
#include <string.h>

#include "sctp/serial.h"

struct weft_sctp_fragment {
  weft_sctp_block block;
  uint32_t tsn;
  weft_sctp_node node;
  weft_sctp_fragment *right;          /* the next fragment of the run */
  weft_sctp_fragment *end;            /* first: the last; last: the first */
  weft_list link;                     /* first: in `partial` */
  weft_sctp_fragment *after, *before; /* first of a waiting message: in its stream's list */
  uint32_t run_len;                   /* first: bytes of the run */
  uint32_t ppid;
  uint16_t stream, ssn, len;
  uint8_t flags;
  uint8_t data[];
};

#define FRAGMENT_OF(n) ((weft_sctp_fragment *)(void *)((char *)(n)-offsetof(weft_sctp_fragment, node)))

enum { ENDS = WEFT_SCTP_FLAG_B | WEFT_SCTP_FLAG_E };

int weft_sctp_reassembly_init(weft_sctp_reassembly *r, weft_sctp_pool *pool, uint32_t random, uint16_t first_ssn,
                              uint32_t max_message) {
  *r = (weft_sctp_reassembly){.alloc = pool->alloc, .pool = pool, .first_ssn = first_ssn, .max_message = max_message};
  weft_list_init(&r->partial);
  if (weft_sctp_map_init(&r->by_tsn, r->alloc, random) != WEFT_OK) return WEFT_ENOMEM;
  return weft_sctp_map_init(&r->by_ssn, r->alloc, random);
}

static uint32_t turn_key(uint16_t stream, uint16_t ssn) { return (uint32_t)stream << 16 | ssn; }

static void drop_run(weft_sctp_reassembly *r, weft_sctp_fragment *f) {
  while (f) {
    weft_sctp_fragment *right = f->right;
    r->bytes -= f->len;
    r->charge -= weft_sctp_reassembly_cost(r, f->len);
    weft_sctp_pool_put(r->pool, f);
    f = right;
  }
}

/* A run that is no message yet, out of the map and the list. */
static void unlist(weft_sctp_reassembly *r, weft_sctp_fragment *first) {
  weft_sctp_map_remove(&r->by_tsn, &first->node);
  if (first->end != first) weft_sctp_map_remove(&r->by_tsn, &first->end->node);
  weft_list_remove(&first->link);
}

static weft_sctp_stream_in *find_stream(const weft_sctp_reassembly *r, uint16_t id) {
  weft_sctp_stream_in **pages = r->page[id / (WEFT_SCTP_FAN * WEFT_SCTP_PAGE)];
  weft_sctp_stream_in *page = pages ? pages[id / WEFT_SCTP_PAGE % WEFT_SCTP_FAN] : NULL;
  return page ? &page[id % WEFT_SCTP_PAGE] : NULL;
}

static weft_sctp_stream_in *make_stream(weft_sctp_reassembly *r, uint16_t id) {
  weft_sctp_stream_in ***pages = &r->page[id / (WEFT_SCTP_FAN * WEFT_SCTP_PAGE)];
  if (!*pages) *pages = weft_mem_new(r->alloc, WEFT_SCTP_FAN * sizeof **pages);
  if (!*pages) return NULL;
  weft_sctp_stream_in **page = &(*pages)[id / WEFT_SCTP_PAGE % WEFT_SCTP_FAN];
  if (!*page) {
    *page = weft_mem_new(r->alloc, WEFT_SCTP_PAGE * sizeof **page);
    if (!*page) return NULL;
    for (unsigned i = 0; i < WEFT_SCTP_PAGE; i++) (*page)[i].next_ssn = r->first_ssn;
  }
  return &(*page)[id % WEFT_SCTP_PAGE];
}

int weft_sctp_reassembly_reserve(weft_sctp_reassembly *r, uint16_t stream) {
  return make_stream(r, stream) ? WEFT_OK : WEFT_ENOMEM;
}

static void drop_waiting(weft_sctp_reassembly *r, weft_sctp_stream_in *s) {
  while (s->waiting) {
    weft_sctp_fragment *f = s->waiting;
    s->waiting = f->after;
    weft_sctp_map_remove(&r->by_ssn, &f->node);
    drop_run(r, f);
  }
}

static void free_pages(weft_sctp_reassembly *r, weft_sctp_stream_in **pages) {
  for (unsigned i = 0; i < WEFT_SCTP_FAN; i++) {
    for (unsigned k = 0; pages[i] && k < WEFT_SCTP_PAGE; k++) drop_waiting(r, &pages[i][k]);
    weft_mem_free(r->alloc, pages[i], WEFT_SCTP_PAGE * sizeof *pages[i]);
  }
  weft_mem_free(r->alloc, pages, WEFT_SCTP_FAN * sizeof *pages);
}

void weft_sctp_reassembly_free(weft_sctp_reassembly *r) {
  if (!r->pool) return;
  while (!weft_list_empty(&r->partial)) {
    weft_sctp_fragment *f = WEFT_LIST_ITEM(r->partial.next, weft_sctp_fragment, link);
    unlist(r, f);
    drop_run(r, f);
  }
  for (unsigned i = 0; i < WEFT_SCTP_FAN; i++) {
    if (r->page[i]) free_pages(r, r->page[i]);
    r->page[i] = NULL;
  }
  weft_sctp_map_free(&r->by_tsn);
  weft_sctp_map_free(&r->by_ssn);
  weft_sctp_reassembly_trim(r);
}

void weft_sctp_reassembly_trim(weft_sctp_reassembly *r) {
  weft_mem_free(r->alloc, r->joined, r->joined_cap);
  r->joined = NULL;
  r->joined_cap = 0;
}

size_t weft_sctp_reassembly_cost(const weft_sctp_reassembly *r, size_t len) {
  size_t half = weft_sctp_pool_size(r->pool, sizeof(weft_sctp_fragment) + len) / 2;
  return len > half ? len : half;
}

/* Room to join a message, found before its last fragment is accepted: what was acknowledged must be deliverable. */
static int reserve(weft_sctp_reassembly *r, size_t n) {
  size_t cap = r->joined_cap ? r->joined_cap : 2048;
  if (n <= r->joined_cap) return WEFT_OK;
  while (cap < n) cap *= 2;
  uint8_t *p = weft_mem_resize(r->alloc, NULL, 0, cap);
  if (!p) return WEFT_ENOMEM;
  weft_mem_free(r->alloc, r->joined, r->joined_cap);
  r->joined = p;
  r->joined_cap = cap;
  return WEFT_OK;
}

/* ---- neighbours ------------------------------------------------------------------------------------------------------ */

typedef struct place {
  weft_sctp_fragment *left,
      *right; /* the runs that end just before and begin just behind; NULL: none, or another message */
  size_t len; /* of the run once the new one is in */
} place;

static weft_sctp_fragment *at_tsn(const weft_sctp_reassembly *r, uint32_t tsn) {
  weft_sctp_node *n = weft_sctp_map_get(&r->by_tsn, tsn);
  return n ? FRAGMENT_OF(n) : NULL;
}

static bool same_message(const weft_sctp_data *d, const weft_sctp_fragment *f) {
  bool unordered = d->flags & WEFT_SCTP_FLAG_U;
  return d->stream == f->stream && unordered == !!(f->flags & WEFT_SCTP_FLAG_U) && (unordered || d->ssn == f->ssn);
}

static void give_up(weft_sctp_reassembly *r, weft_sctp_fragment *first) {
  unlist(r, first);
  drop_run(r, first);
}

static int find_left(weft_sctp_reassembly *r, const weft_sctp_data *d, place *p) {
  weft_sctp_fragment *left = at_tsn(r, d->tsn - 1);
  if (!left) return WEFT_OK;
  bool begins = d->flags & WEFT_SCTP_FLAG_B, ended = left->flags & WEFT_SCTP_FLAG_E;
  if (begins && !ended) give_up(r, left->end);
  if (begins) return WEFT_OK;
  if (ended || !same_message(d, left)) return WEFT_EPROTO;
  p->left = left->end;
  p->len += p->left->run_len;
  return WEFT_OK;
}

static int find_right(weft_sctp_reassembly *r, const weft_sctp_data *d, place *p) {
  weft_sctp_fragment *right = at_tsn(r, d->tsn + 1);
  if (!right) return WEFT_OK;
  bool ends = d->flags & WEFT_SCTP_FLAG_E, begun = right->flags & WEFT_SCTP_FLAG_B;
  if (begun && ends) return WEFT_OK;
  if (begun) {
    if (p->left) give_up(r, p->left);
    return WEFT_SCTP_STALE;
  }
  if (ends || !same_message(d, right)) return WEFT_EPROTO;
  p->right = right;
  p->len += right->run_len;
  return WEFT_OK;
}

/* RFC 9260 section 6.9: fragments of a message have consecutive TSNs. A first fragment behind one that is not a last is no
 * error: a sender may give up on a message half-way (RFC 3758), and then the half is dropped. */
static int find_place(weft_sctp_reassembly *r, const weft_sctp_data *d, place *p) {
  *p = (place){.len = d->len};
  int rc = find_left(r, d, p);
  if (rc == WEFT_OK) rc = find_right(r, d, p);
  if (rc != WEFT_OK) return rc;
  return p->len > r->max_message ? WEFT_ETOOBIG : WEFT_OK;
}

static weft_sctp_fragment *make_fragment(weft_sctp_reassembly *r, const weft_sctp_data *d) {
  weft_sctp_fragment *f = weft_sctp_pool_get(r->pool, sizeof *f + d->len);
  if (!f) return NULL;
  f->tsn = d->tsn;
  f->node = (weft_sctp_node){NULL, 0};
  f->right = NULL;
  f->end = f;
  f->after = f->before = NULL;
  f->run_len = (uint32_t)d->len;
  f->ppid = d->ppid;
  f->stream = d->stream;
  f->ssn = d->ssn;
  f->len = (uint16_t)d->len;
  f->flags = d->flags;
  memcpy(f->data, d->payload, d->len);
  r->bytes += d->len;
  r->charge += weft_sctp_reassembly_cost(r, d->len);
  return f;
}

/* f goes between two runs of its own message, either of which may be missing; returns the first of the joined run. */
static weft_sctp_fragment *join(weft_sctp_reassembly *r, weft_sctp_fragment *f, const place *p) {
  weft_sctp_fragment *first = p->left ? p->left : f, *last = p->right ? p->right->end : f;
  if (p->left) {
    weft_sctp_fragment *inner = p->left->end;
    inner->right = f;
    if (inner != p->left) weft_sctp_map_remove(&r->by_tsn, &inner->node);
  } else {
    weft_list_push_back(&r->partial, &f->link);
    weft_sctp_map_put(&r->by_tsn, &f->node, f->tsn);
  }
  if (p->right) {
    f->right = p->right;
    if (p->right != last) weft_sctp_map_remove(&r->by_tsn, &p->right->node);
    weft_list_remove(&p->right->link);
  } else if (p->left) {
    weft_sctp_map_put(&r->by_tsn, &f->node, f->tsn);
  }
  first->end = last;
  last->end = first;
  first->run_len = (uint32_t)p->len;
  return first;
}

/* ---- order ----------------------------------------------------------------------------------------------------------- */

static int wait_for_turn(weft_sctp_reassembly *r, weft_sctp_stream_in *s, weft_sctp_fragment *first) {
  if (weft_sctp_map_get(&r->by_ssn, turn_key(first->stream, first->ssn))) return WEFT_EPROTO;
  weft_sctp_map_put(&r->by_ssn, &first->node, turn_key(first->stream, first->ssn));
  first->before = NULL;
  first->after = s->waiting;
  if (s->waiting) s->waiting->before = first;
  s->waiting = first;
  return WEFT_SCTP_KEPT;
}

static weft_sctp_fragment *end_waiting(weft_sctp_reassembly *r, weft_sctp_stream_in *s, weft_sctp_fragment *f) {
  weft_sctp_map_remove(&r->by_ssn, &f->node);
  if (f->before)
    f->before->after = f->after;
  else
    s->waiting = f->after;
  if (f->after) f->after->before = f->before;
  return f;
}

static int complete(weft_sctp_reassembly *r, weft_sctp_stream_in *s, weft_sctp_fragment *first,
                    weft_sctp_fragment **run) {
  *run = first;
  if (first->flags & WEFT_SCTP_FLAG_U) return WEFT_SCTP_TAKE_RUN;
  if (first->ssn == s->next_ssn) {
    s->next_ssn++;
    return WEFT_SCTP_TAKE_RUN;
  }
  int rc = wait_for_turn(r, s, first);
  if (rc != WEFT_SCTP_KEPT) drop_run(r, first);
  return rc;
}

weft_sctp_fragment *weft_sctp_reassembly_next(weft_sctp_reassembly *r, uint16_t stream) {
  weft_sctp_stream_in *s = find_stream(r, stream);
  if (!s || !s->waiting) return NULL;
  weft_sctp_node *n = weft_sctp_map_get(&r->by_ssn, turn_key(stream, s->next_ssn));
  if (!n) return NULL;
  s->next_ssn++;
  return end_waiting(r, s, FRAGMENT_OF(n));
}

static int check_middle(const weft_sctp_data *d, const place *p, bool whole, bool after_skip) {
  if (d->flags & WEFT_SCTP_FLAG_B || p->left || !whole) return WEFT_OK;
  return after_skip ? WEFT_SCTP_STALE : WEFT_EPROTO; /* what it continues will not come any more */
}

static int keep(weft_sctp_reassembly *r, const weft_sctp_data *d, const place *p, weft_sctp_stream_in *s,
                weft_sctp_fragment **run) {
  bool single = (d->flags & ENDS) == ENDS;
  if (!single && reserve(r, p->len) != WEFT_OK) return WEFT_ENOMEM;
  weft_sctp_fragment *f = make_fragment(r, d);
  if (!f) return WEFT_ENOMEM;
  if (single) return complete(r, s, f, run);
  weft_sctp_fragment *first = join(r, f, p);
  if (!(first->flags & WEFT_SCTP_FLAG_B && first->end->flags & WEFT_SCTP_FLAG_E)) return WEFT_SCTP_KEPT;
  unlist(r, first);
  return complete(r, s, first, run);
}

int weft_sctp_reassembly_add(weft_sctp_reassembly *r, const weft_sctp_data *d, bool whole, bool after_skip,
                             weft_sctp_fragment **run) {
  bool ordered = !(d->flags & WEFT_SCTP_FLAG_U);
  weft_sctp_stream_in *s = ordered ? make_stream(r, d->stream) : NULL;
  if (ordered && !s) return WEFT_ENOMEM;
  place p;
  int rc = find_place(r, d, &p);
  if (rc == WEFT_OK && ordered && weft_sctp_ssn_lt(d->ssn, s->next_ssn)) return WEFT_SCTP_STALE;
  if (rc == WEFT_OK) rc = check_middle(d, &p, whole, after_skip);
  if (rc != WEFT_OK) return rc;
  if ((d->flags & ENDS) == ENDS && (!ordered || d->ssn == s->next_ssn)) {
    if (ordered) s->next_ssn++;
    return WEFT_SCTP_TAKE_DATA;
  }
  return keep(r, d, &p, s, run);
}

void weft_sctp_reassembly_read(weft_sctp_reassembly *r, weft_sctp_fragment *run, weft_sctp_message_in *m) {
  *m = (weft_sctp_message_in){run->stream, run->ppid, run->flags & WEFT_SCTP_FLAG_U, run->data, run->len};
  if (!run->right) return;
  size_t at = 0;
  for (weft_sctp_fragment *f = run; f; f = f->right) {
    assert(at + f->len <= r->joined_cap);
    memcpy(r->joined + at, f->data, f->len);
    at += f->len;
  }
  m->data = r->joined;
  m->len = at;
}

void weft_sctp_reassembly_release(weft_sctp_reassembly *r, weft_sctp_fragment *run) { drop_run(r, run); }

/* ---- skipping -------------------------------------------------------------------------------------------------------- */

static weft_sctp_fragment *earliest_until(const weft_sctp_stream_in *s, uint16_t ssn) {
  weft_sctp_fragment *best = NULL;
  for (weft_sctp_fragment *f = s->waiting; f; f = f->after) {
    if (!weft_sctp_ssn_le(f->ssn, ssn)) continue;
    if (!best || weft_sctp_ssn_lt(f->ssn, best->ssn)) best = f;
  }
  return best;
}

/* Whether a search by number is shorter than a search of the list for each waiting message. */
static bool few_numbers(const weft_sctp_stream_in *s, uint16_t ssn) {
  uint32_t distance = (uint16_t)(ssn - s->next_ssn), n = 0;
  for (const weft_sctp_fragment *f = s->waiting; f && n * n < distance; f = f->after) n++;
  return n * n >= distance;
}

static weft_sctp_fragment *first_number(weft_sctp_reassembly *r, weft_sctp_stream_in *s, uint16_t stream,
                                        uint16_t ssn) {
  for (uint16_t i = s->next_ssn; weft_sctp_ssn_le(i, ssn); i++) {
    weft_sctp_node *n = weft_sctp_map_get(&r->by_ssn, turn_key(stream, i));
    if (n) return FRAGMENT_OF(n);
  }
  return NULL;
}

weft_sctp_fragment *weft_sctp_reassembly_skipped(weft_sctp_reassembly *r, uint16_t stream, uint16_t ssn) {
  weft_sctp_stream_in *s = make_stream(r, stream);
  if (!s || weft_sctp_ssn_lt(ssn, s->next_ssn)) return weft_sctp_reassembly_next(r, stream);
  weft_sctp_fragment *f = NULL;
  if (s->waiting) f = few_numbers(s, ssn) ? first_number(r, s, stream, ssn) : earliest_until(s, ssn);
  s->next_ssn = (uint16_t)((f ? f->ssn : ssn) + 1u);
  if (f) return end_waiting(r, s, f);
  return weft_sctp_reassembly_next(r, stream);
}

static bool hopeless(const weft_sctp_reassembly *r, const weft_sctp_fragment *f, uint32_t cumulative) {
  bool begun_before = weft_sctp_tsn_le(f->tsn, cumulative + 1) && !(f->flags & WEFT_SCTP_FLAG_B);
  if (begun_before) return true;
  if (f->flags & WEFT_SCTP_FLAG_U) return weft_sctp_tsn_lt(f->end->tsn, cumulative);
  const weft_sctp_stream_in *s = find_stream(r, f->stream);
  return s && weft_sctp_ssn_lt(f->ssn, s->next_ssn);
}

void weft_sctp_reassembly_dropped(weft_sctp_reassembly *r, uint32_t cumulative) {
  for (weft_list *n = r->partial.next, *next; n != &r->partial; n = next) {
    next = n->next;
    weft_sctp_fragment *f = WEFT_LIST_ITEM(n, weft_sctp_fragment, link);
    if (hopeless(r, f, cumulative)) give_up(r, f);
  }
}

void weft_sctp_reassembly_reset(weft_sctp_reassembly *r, uint16_t stream) {
  weft_sctp_stream_in *s = find_stream(r, stream);
  if (!s) return;
  drop_waiting(r, s);
  s->next_ssn = r->first_ssn;
}

void weft_sctp_reassembly_reset_all(weft_sctp_reassembly *r) {
  for (unsigned i = 0; i < WEFT_SCTP_FAN * WEFT_SCTP_FAN * WEFT_SCTP_PAGE; i += WEFT_SCTP_PAGE) {
    weft_sctp_stream_in *page = find_stream(r, (uint16_t)i);
    for (unsigned k = 0; page && k < WEFT_SCTP_PAGE; k++) weft_sctp_reassembly_reset(r, (uint16_t)(i + k));
  }
}
