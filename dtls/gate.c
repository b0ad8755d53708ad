/* The stateless gate (RFC 6347 section 4.2.1): answers a ClientHello without a good cookie by a HelloVerifyRequest and
 * forgets it. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "dtls/dtls.h"
#include "dtls/mbed.h"
#include "dtls/reassembly.h"

#define BUCKET WEFT_SEC(60) /* a cookie lives for the bucket of its making and the one after */

typedef struct slot {
  weft_addr local, remote;
  weft_time born;
  weft_dtls_reassembly hello;
} slot;

struct weft_dtls_gate {
  weft_dtls_gate_config cfg;
  weft_dtls_gate_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_time now;
  weft_dtls_hmac key;
  slot *slots;
  uint8_t *mem;
  size_t slot_mem;
  weft_dtls_gate_stats stats;
  bool inside, free_pending;
};

/* ---- life ---- */

void weft_dtls_gate_config_init(weft_dtls_gate_config *c, size_t size) {
  weft_dtls_gate_config d = {.size = size, .slots = 64, .hello_max = WEFT_DTLS_HELLO_MAX, .slot_life = WEFT_SEC(2)};
  memset(c, 0, size);
  memcpy(c, &d, size < sizeof d ? size : sizeof d);
}

static int make_key(weft_dtls_gate *g) {
  uint8_t key[32];
  if (g->cfg.rng.fill(g->cfg.rng.ctx, key, sizeof key) != 0) return WEFT_ERANDOM;
  int rc = weft_dtls_hmac_init(&g->key, key);
  weft_wipe(key, sizeof key);
  return rc;
}

static int make_slots(weft_dtls_gate *g) {
  g->slot_mem = weft_dtls_reassembly_size(g->cfg.hello_max);
  g->slots = weft_mem_new(&g->alloc, g->cfg.slots * sizeof *g->slots);
  g->mem = weft_mem_new(&g->alloc, g->cfg.slots * g->slot_mem);
  if (!g->slots || !g->mem) return WEFT_ENOMEM;
  for (size_t i = 0; i < g->cfg.slots; i++)
    weft_dtls_reassembly_init(&g->slots[i].hello, g->mem + i * g->slot_mem, g->cfg.hello_max);
  return WEFT_OK;
}

int weft_dtls_gate_new(weft_dtls_gate **out, const weft_dtls_gate_config *cfg, const weft_dtls_gate_callbacks *cb,
                       void *user) {
  weft_dtls_gate_config c;
  weft_dtls_gate_config_default(&c);
  weft_sized_copy(&c, sizeof c, cfg);
  *out = NULL;
  if (!c.rng.fill || c.slots == 0 || c.hello_max < 64 || c.hello_max > WEFT_DTLS_PLAIN_MAX - 12) return WEFT_EINVAL;
  const weft_alloc *alloc = weft_alloc_or_libc(c.alloc);
  weft_dtls_gate *g = weft_mem_new(alloc, sizeof *g);
  if (!g) return WEFT_ENOMEM;
  g->cfg = c;
  g->alloc = *alloc;
  g->user = user;
  weft_sized_copy(&g->cb, sizeof g->cb, cb);
  assert(g->cb.output && g->cb.hello);
  int rc = make_key(g);
  if (rc == WEFT_OK) rc = make_slots(g);
  if (rc != WEFT_OK) {
    weft_dtls_gate_free(g);
    return rc;
  }
  *out = g;
  return WEFT_OK;
}

void weft_dtls_gate_free(weft_dtls_gate *g) {
  if (!g) return;
  if (g->inside) {
    g->free_pending = true;
    return;
  }
  weft_alloc alloc = g->alloc;
  weft_mem_free(&alloc, g->mem, g->cfg.slots * g->slot_mem);
  weft_mem_free(&alloc, g->slots, g->cfg.slots * sizeof *g->slots);
  weft_dtls_hmac_free(&g->key);
  weft_wipe(g, sizeof *g);
  weft_mem_free(&alloc, g, sizeof *g);
}

static void trace(const weft_dtls_gate *g, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len) {
  if (!g->cfg.trace.fn) return;
  weft_trace t = {.kind = kind, .layer = "dtls", .text = text, .data = data, .len = len, .now = g->now};
  g->cfg.trace.fn(g->cfg.trace.user, &t);
}

#define DROP(g, name) (trace((g), WEFT_TRACE_DROP, #name, NULL, 0), (void)(g)->stats.name++)

/* ---- cookies ---- */

/* HMAC-SHA256 over the bucket of time, the source, and what of the hello may not change between the two (RFC 6347
 * section 4.2.1). */
static bool make_cookie(const weft_dtls_gate *g, uint8_t out[WEFT_DTLS_COOKIE_LEN], const weft_addr *remote,
                        const weft_dtls_hello *h, uint64_t bucket) {
  uint8_t buf[128];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u64(&w, bucket);
  weft_wr_u8(&w, remote->family);
  weft_wr_bytes(&w, remote->ip, sizeof remote->ip);
  weft_wr_u16(&w, remote->port);
  weft_wr_u32(&w, remote->scope);
  weft_wr_u16(&w, h->version);
  weft_wr_bytes(&w, h->random, 32);
  weft_wr_u8(&w, (uint8_t)h->session_id_len);
  weft_wr_bytes(&w, h->session_id, h->session_id_len);
  return weft_wr_ok(&w) && weft_dtls_hmac_run(&g->key, out, buf, weft_wr_len(&w)) == WEFT_OK;
}

static bool cookie_of(const weft_dtls_gate *g, const weft_addr *remote, const weft_dtls_hello *h, uint64_t bucket) {
  uint8_t want[WEFT_DTLS_COOKIE_LEN];
  return make_cookie(g, want, remote, h, bucket) && weft_ct_equal(want, h->cookie, sizeof want);
}

static bool cookie_good(const weft_dtls_gate *g, const weft_addr *remote, const weft_dtls_hello *h) {
  uint64_t bucket = g->now / BUCKET;
  if (h->cookie_len != WEFT_DTLS_COOKIE_LEN) return false;
  return cookie_of(g, remote, h, bucket) || (bucket > 0 && cookie_of(g, remote, h, bucket - 1));
}

/* 60 bytes: the least that can ask for it has 61. */
static void send_cookie(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const weft_dtls_record *rec,
                        const weft_dtls_fragment *f, const weft_dtls_hello *h) {
  uint8_t buf[WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN + 3 + WEFT_DTLS_COOKIE_LEN];
  uint8_t cookie[WEFT_DTLS_COOKIE_LEN];
  const uint32_t len = 3 + WEFT_DTLS_COOKIE_LEN;
  if (!make_cookie(g, cookie, remote, h, g->now / BUCKET)) return;
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_dtls_record_header(&w, WEFT_DTLS_HANDSHAKE, WEFT_DTLS_VERSION_10, 0, rec->seq,
                          WEFT_DTLS_FRAGMENT_HEADER_LEN + len);
  /* A client whose cookie got stale has had message 0 from us; it takes the answer only under its own number. */
  weft_dtls_fragment hvr = {WEFT_DTLS_HELLO_VERIFY_REQUEST, len, f->seq, 0, NULL, len};
  weft_dtls_fragment_header(&w, &hvr);
  weft_wr_u16(&w, WEFT_DTLS_VERSION_10); /* section 4.2.1: whatever version will be negotiated */
  weft_wr_u8(&w, WEFT_DTLS_COOKIE_LEN);
  weft_wr_bytes(&w, cookie, sizeof cookie);
  assert(weft_wr_ok(&w));
  g->stats.cookies_sent++;
  g->stats.bytes_out += weft_wr_len(&w);
  trace(g, WEFT_TRACE_OUT, NULL, buf, weft_wr_len(&w));
  (void)g->cb.output(g->user, local, remote, buf, weft_wr_len(&w), g->now);
}

/* ---- reassembly ---- */

static slot *find(weft_dtls_gate *g, const weft_addr *remote) {
  for (size_t i = 0; i < g->cfg.slots; i++)
    if (g->slots[i].hello.open && weft_addr_equal(&g->slots[i].remote, remote)) return &g->slots[i];
  return NULL;
}

static slot *take_free(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote) {
  for (size_t i = 0; i < g->cfg.slots; i++) {
    slot *s = &g->slots[i];
    if (s->hello.open) continue;
    s->local = *local;
    s->remote = *remote;
    s->born = g->now;
    return s;
  }
  return NULL;
}

static void expire(weft_dtls_gate *g) {
  for (size_t i = 0; i < g->cfg.slots; i++) {
    slot *s = &g->slots[i];
    if (s->hello.open && weft_time_due(weft_time_add(s->born, g->cfg.slot_life), g->now))
      weft_dtls_reassembly_reset(&s->hello);
  }
}

static void deliver(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                    size_t len) {
  weft_dtls_hello h;
  size_t front = WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN;
  if (weft_dtls_hello_parse(&h, data + front, len - front) != WEFT_OK) {
    DROP(g, drop_malformed);
    return;
  }
  g->stats.hellos++;
  trace(g, WEFT_TRACE_IN, NULL, data, len);
  g->cb.hello(g->user, local, remote, data, len, g->now);
}

static void collect(weft_dtls_gate *g, slot *s, const weft_dtls_record *rec, const weft_dtls_fragment *f) {
  int rc = weft_dtls_reassembly_add(&s->hello, f);
  if (rc == WEFT_EPROTO) DROP(g, drop_conflict);
  if (rc != 1) return;
  size_t len;
  weft_addr local = s->local, remote = s->remote;
  const uint8_t *whole = weft_dtls_reassembly_take(&s->hello, rec->seq, &len);
  deliver(g, &local, &remote, whole, len);
}

/* ---- input ---- */

static void proven(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const weft_dtls_record *rec,
                   const weft_dtls_fragment *f) {
  slot *s = find(g, remote);
  if (f->len == f->length) {
    if (s) weft_dtls_reassembly_reset(&s->hello);
    deliver(g, local, remote, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len);
    return;
  }
  /* The client has started anew: its word counts, its address is proven. */
  if (s && (s->hello.seq != f->seq || s->hello.length != f->length)) weft_dtls_reassembly_reset(&s->hello);
  if (!s) s = take_free(g, local, remote);
  if (!s) {
    DROP(g, drop_slots);
    return;
  }
  collect(g, s, rec, f);
}

static void first_fragment(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote,
                           const weft_dtls_record *rec, const weft_dtls_fragment *f) {
  weft_dtls_hello h;
  weft_rd r;
  weft_rd_init(&r, f->data, f->len);
  if (!weft_dtls_hello_read_start(&r, &h) || h.version >> 8 != 0xfe) {
    DROP(g, drop_malformed);
    return;
  }
  if (cookie_good(g, remote, &h)) {
    proven(g, local, remote, rec, f);
    return;
  }
  if (h.cookie_len > 0) DROP(g, drop_cookie);
  send_cookie(g, local, remote, rec, f, &h);
}

static void later_fragment(weft_dtls_gate *g, const weft_addr *remote, const weft_dtls_record *rec,
                           const weft_dtls_fragment *f) {
  slot *s = find(g, remote);
  if (s)
    collect(g, s, rec, f);
  else
    DROP(g, drop_cookie);
}

static void take_record(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote,
                        const weft_dtls_record *rec) {
  weft_dtls_fragment f;
  weft_rd r;
  if (rec->type != WEFT_DTLS_HANDSHAKE || rec->epoch != 0) {
    DROP(g, drop_not_hello);
    return;
  }
  weft_rd_init(&r, rec->body, rec->len);
  if (!weft_dtls_fragment_read(&r, &f) || !weft_rd_done(&r)) {
    DROP(g, drop_malformed);
    return;
  }
  if (f.type != WEFT_DTLS_CLIENT_HELLO)
    DROP(g, drop_not_hello);
  else if (f.length > g->cfg.hello_max)
    DROP(g, drop_toobig);
  else if (f.offset == 0)
    first_fragment(g, local, remote, rec, &f);
  else
    later_fragment(g, remote, rec, &f);
}

int weft_dtls_gate_input(weft_dtls_gate *g, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len, weft_time now) {
  assert(!g->inside);
  g->now = weft_time_max(g->now, now);
  g->inside = true;
  g->stats.bytes_in += len;
  expire(g);
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  while (!g->free_pending && weft_dtls_record_read(&r, &rec)) take_record(g, local, remote, &rec);
  if (!weft_rd_ok(&r) || len == 0) DROP(g, drop_malformed);
  g->inside = false;
  if (g->free_pending) weft_dtls_gate_free(g);
  return WEFT_OK;
}

int weft_dtls_gate_tick(weft_dtls_gate *g, weft_time now) {
  g->now = weft_time_max(g->now, now);
  expire(g);
  return WEFT_OK;
}

weft_time weft_dtls_gate_deadline(const weft_dtls_gate *g) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < g->cfg.slots; i++)
    if (g->slots[i].hello.open) at = weft_time_min(at, weft_time_add(g->slots[i].born, g->cfg.slot_life));
  return at;
}

void weft_dtls_gate_get_stats(const weft_dtls_gate *g, weft_dtls_gate_stats *s) {
  weft_dtls_gate_stats copy = g->stats;
  for (size_t i = 0; i < g->cfg.slots; i++) copy.slots_used += g->slots[i].hello.open;
  copy.size = sizeof copy;
  size_t size = s->size < sizeof copy ? s->size : sizeof copy;
  memcpy((uint8_t *)s + sizeof s->size, (const uint8_t *)&copy + sizeof s->size, size - sizeof s->size);
}
