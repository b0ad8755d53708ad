#include "apps/mdns.h"

#include <string.h>

#include "base/bytes.h"
#include "base/timer.h"

enum {
  HEADER = 12,
  TYPE_A = 1,     /* RFC 1035 section 3.2.2 */
  TYPE_AAAA = 28, /* RFC 3596 section 2.1 */
  CLASS_IN = 1,
  CACHE_FLUSH = 0x8000,  /* RFC 6762 section 10.2 */
  RESPONSE = 0x8000,     /* QR */
  OPCODE_RCODE = 0x780f, /* both zero: RFC 6762 sections 18.3 and 18.11 */
  POINTER = 0xc0,        /* RFC 1035 section 4.1.4 */
  LABEL_MAX = 63,        /* RFC 1035 section 2.3.4 */
  DOTTED_MAX = 255       /* the same */
};

#define EVERY WEFT_SEC(1)

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* ---- names ---- */

static bool label_ok(const char *p, size_t len) {
  if (len == 0 || len > LABEL_MAX) return false;
  for (size_t i = 0; i < len; i++) {
    char c = lower(p[i]);
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

/* One label and "local": what RFC 6762 section 3 gives to hosts. */
static bool name_ok(const char *name) {
  const char *dot = strchr(name, '.');
  if (!dot || strlen(name) > APP_MDNS_NAME_MAX || !label_ok(name, (size_t)(dot - name))) return false;
  static const char local[] = "local";
  for (size_t i = 0; i < sizeof local; i++)
    if (lower(dot[1 + i]) != local[i]) return false;
  return true;
}

static bool same_name(const char *a, const char *b) {
  while (*a && lower(*a) == lower(*b)) a++, b++;
  return lower(*a) == lower(*b);
}

/* Reads a name, compressed or not, into dotted text; the reader stands behind it. Pointers lead strictly backwards, so
 * that there is an end. */
static bool read_name(weft_rd *r, const uint8_t *start, char text[DOTTED_MAX + 1]) {
  size_t at = 0;
  weft_rd jumped, *from = r;
  const uint8_t *before = r->p;
  for (;;) {
    uint8_t n = weft_rd_u8(from);
    if (!weft_rd_ok(from)) return false;
    if (n == 0) break;
    if ((n & POINTER) == POINTER) {
      size_t to = (size_t)(n & ~POINTER) << 8 | weft_rd_u8(from);
      if (!weft_rd_ok(from) || to >= (size_t)(before - start)) return false;
      before = start + to;
      weft_rd_init(&jumped, before, (size_t)(r->end - before));
      from = &jumped;
      continue;
    }
    if (n > LABEL_MAX || at + n + 2 > DOTTED_MAX) return false;
    const uint8_t *label = weft_rd_bytes(from, n);
    if (!label) return false;
    if (at > 0) text[at++] = '.';
    memcpy(text + at, label, n);
    at += n;
  }
  text[at] = 0;
  return strlen(text) == at; /* a zero inside a label is in no name of ours */
}

/* ---- asking ---- */

void app_mdns_init(app_mdns *m, const weft_rng *rng, const app_mdns_callbacks *cb, void *user) {
  memset(m, 0, sizeof *m);
  m->rng = *rng;
  m->cb = *cb;
  m->user = user;
}

static app_mdns_name *find(app_mdns *m, const char *name) {
  for (size_t i = 0; i < APP_MDNS_NAMES; i++)
    if (same_name(m->names[i].text, name)) return &m->names[i];
  return NULL;
}

static void put_name(weft_wr *w, const char *name) {
  for (const char *p = name; *p;) {
    const char *dot = strchr(p, '.');
    size_t n = dot ? (size_t)(dot - p) : strlen(p);
    weft_wr_u8(w, (uint8_t)n);
    weft_wr_bytes(w, p, n);
    p += n + (dot ? 1 : 0);
  }
  weft_wr_u8(w, 0);
}

/* A question a message: browsers answer no message with two. */
static void send_question(app_mdns *m, const app_mdns_name *n, uint16_t type, weft_time now) {
  uint8_t buf[HEADER + APP_MDNS_NAME_MAX + 2 + 4];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_u16(&w, n->id);
  weft_wr_u16(&w, 0);
  weft_wr_u16(&w, 1);
  weft_wr_zero(&w, 6);
  put_name(&w, n->text);
  weft_wr_u16(&w, type);
  weft_wr_u16(&w, CLASS_IN);
  m->queries++;
  m->cb.output(m->user, buf, weft_wr_len(&w), now);
}

static void query(app_mdns *m, app_mdns_name *n, weft_time now) {
  n->tries++;
  n->next_at = weft_time_add(now, EVERY);
  send_question(m, n, TYPE_A, now);
  send_question(m, n, TYPE_AAAA, now);
}

int app_mdns_ask(app_mdns *m, const char *name, weft_time now) {
  uint8_t id[2];
  if (!name_ok(name)) return WEFT_EINVAL;
  if (find(m, name)) return WEFT_OK;
  app_mdns_name *n = find(m, "");
  if (!n) return WEFT_ELIMIT;
  if (m->rng.fill(m->rng.ctx, id, sizeof id) != 0) return WEFT_ERANDOM;
  memset(n, 0, sizeof *n);
  memcpy(n->text, name, strlen(name) + 1);
  n->id = (uint16_t)(id[0] << 8 | id[1]);
  query(m, n, now);
  return WEFT_OK;
}

static void end(app_mdns *m, app_mdns_name *n, weft_time now) {
  app_mdns_name was = *n;
  n->text[0] = 0; /* the callback may ask again */
  m->cb.ended(m->user, was.text, was.addrs_len, now);
}

void app_mdns_tick(app_mdns *m, weft_time now) {
  for (size_t i = 0; i < APP_MDNS_NAMES; i++) {
    app_mdns_name *n = &m->names[i];
    if (n->text[0] == 0 || !weft_time_due(n->next_at, now)) continue;
    if (n->addrs_len > 0 || n->tries == APP_MDNS_TRIES)
      end(m, n, now);
    else
      query(m, n, now);
  }
}

weft_time app_mdns_deadline(const app_mdns *m) {
  weft_time at = WEFT_NEVER;
  for (size_t i = 0; i < APP_MDNS_NAMES; i++)
    if (m->names[i].text[0] != 0) at = weft_time_min(at, m->names[i].next_at);
  return at;
}

/* ---- answers ---- */

static void take(app_mdns *m, app_mdns_name *n, const weft_addr *ip, weft_time now) {
  for (size_t i = 0; i < n->addrs_len; i++)
    if (weft_addr_equal(&n->addrs[i], ip)) return;
  if (n->addrs_len == APP_MDNS_ADDRS) return;
  if (n->addrs_len == 0) n->next_at = weft_time_add(now, EVERY); /* others may follow */
  n->addrs[n->addrs_len++] = *ip;
  m->answers++;
  char name[APP_MDNS_NAME_MAX + 1];
  memcpy(name, n->text, sizeof name);
  m->cb.found(m->user, name, ip, now);
}

/* A link-local address is in the zone the answer came from. */
static bool address_of(uint16_t type, weft_rd *data, const weft_addr *from, weft_addr *ip) {
  size_t size = type == TYPE_A ? 4 : 16;
  const uint8_t *bytes = weft_rd_bytes(data, size);
  if (!bytes || !weft_rd_done(data)) return false;
  *ip = type == TYPE_A ? weft_addr_ip4(bytes, 0) : weft_addr_ip6(bytes, 0);
  if (type == TYPE_AAAA && weft_addr_is_link_local(ip)) ip->scope = from->scope;
  return true;
}

/* False: the message is broken from here on. */
static bool record(app_mdns *m, weft_rd *r, const uint8_t *start, uint16_t id, const weft_addr *from, weft_time now) {
  char text[DOTTED_MAX + 1];
  weft_rd data;
  weft_addr ip;
  if (!read_name(r, start, text)) return false;
  uint16_t type = weft_rd_u16(r), class = weft_rd_u16(r);
  uint32_t ttl = weft_rd_u32(r);
  weft_rd_sub(r, weft_rd_u16(r), &data);
  if (!weft_rd_ok(r)) return false;
  if ((type != TYPE_A && type != TYPE_AAAA) || (class & ~CACHE_FLUSH) != CLASS_IN || ttl == 0) return true;
  app_mdns_name *n = text[0] != 0 ? find(m, text) : NULL;
  /* A multicast answer has no id (RFC 6762 section 18.1), one to a query of another port has ours (section 6.7). */
  if (n && (id == 0 || id == n->id) && address_of(type, &data, from, &ip)) take(m, n, &ip, now);
  return true;
}

static bool skip_questions(weft_rd *r, const uint8_t *start, unsigned n) {
  char text[DOTTED_MAX + 1];
  for (unsigned i = 0; i < n; i++) {
    if (i == APP_MDNS_RECORDS || !read_name(r, start, text)) return false;
    weft_rd_skip(r, 4);
  }
  return weft_rd_ok(r);
}

static bool answer(app_mdns *m, const weft_addr *from, const uint8_t *data, size_t len, weft_time now) {
  weft_rd r;
  if (len > APP_MDNS_DATAGRAM || from->port != APP_MDNS_PORT) return false; /* RFC 6762 section 6 */
  weft_rd_init(&r, data, len);
  uint16_t id = weft_rd_u16(&r), flags = weft_rd_u16(&r), questions = weft_rd_u16(&r);
  unsigned records = weft_rd_u16(&r);
  records += weft_rd_u16(&r);
  records += weft_rd_u16(&r);
  if (!weft_rd_ok(&r) || !(flags & RESPONSE) || (flags & OPCODE_RCODE) || !skip_questions(&r, data, questions))
    return false;
  for (unsigned i = 0; i < records && i < APP_MDNS_RECORDS; i++)
    if (!record(m, &r, data, id, from, now)) return false;
  return true;
}

void app_mdns_input(app_mdns *m, const weft_addr *from, const uint8_t *data, size_t len, weft_time now) {
  uint64_t before = m->answers;
  if (!answer(m, from, data, len, now) || m->answers == before) m->dropped++;
}
