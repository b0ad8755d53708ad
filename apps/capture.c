#include "apps/capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum {
  SECTION = 0x0a0d0d0a,
  BYTE_ORDER = 0x1a2b3c4d,
  INTERFACE = 1,
  PACKET = 2, /* obsolete */
  SIMPLE_PACKET = 3,
  ENHANCED_PACKET = 6,
  SECRETS = 10,
  SECRETS_TLS = 0x544c534b,
  OPTION_TSRESOL = 9,
  INTERFACES = 64,
  BLOCK_MIN = 12
};

typedef struct interface {
  uint32_t link, snap;
  uint64_t per_second; /* units of its timestamps */
} interface;

typedef struct reader {
  const uint8_t *data;
  size_t len, at;
  bool big;
  const capture_callbacks *cb;
  void *user;
  char *why;
  size_t cap;
  interface interfaces[INTERFACES];
  size_t interfaces_len;
} reader;

static int fail(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(reader *r, const char *format, ...) {
  va_list args;
  int n = snprintf(r->why, r->cap, "byte %zu: ", r->at);
  va_start(args, format);
  if (n > 0 && (size_t)n < r->cap) vsnprintf(r->why + n, r->cap - (size_t)n, format, args);
  va_end(args);
  return WEFT_EMALFORMED;
}

static uint32_t u32(const reader *r, weft_rd *rd) { return r->big ? weft_rd_u32(rd) : weft_rd_u32le(rd); }
static uint16_t u16(const reader *r, weft_rd *rd) { return r->big ? weft_rd_u16(rd) : weft_rd_u16le(rd); }

/* v units of a 1/per_second second, without overflow on the way. */
static uint64_t to_us(uint64_t v, uint64_t per_second) {
  return v / per_second * 1000000 + (uint64_t)((double)(v % per_second) * 1e6 / (double)per_second);
}

/* ---- classic pcap ---- */

static bool pcap_magic(const uint8_t *data, bool *big, bool *nano) {
  static const struct {
    uint8_t bytes[4];
    bool big, nano;
  } magics[] = {{{0xd4, 0xc3, 0xb2, 0xa1}, false, false},
                {{0xa1, 0xb2, 0xc3, 0xd4}, true, false},
                {{0x4d, 0x3c, 0xb2, 0xa1}, false, true},
                {{0xa1, 0xb2, 0x3c, 0x4d}, true, true}};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(magics); i++)
    if (memcmp(data, magics[i].bytes, 4) == 0) {
      *big = magics[i].big;
      *nano = magics[i].nano;
      return true;
    }
  return false;
}

static int pcap_record(reader *r, uint32_t link, bool nano) {
  weft_rd rd;
  weft_rd_init(&rd, r->data + r->at, r->len - r->at);
  uint64_t seconds = u32(r, &rd), part = u32(r, &rd);
  capture_packet p = {.unix_us = seconds * 1000000 + part / (nano ? 1000 : 1), .link = link};
  p.len = u32(r, &rd);
  p.wire_len = u32(r, &rd);
  if (!weft_rd_ok(&rd)) return fail(r, "the file ends within the header of a packet: it was cut off");
  p.data = weft_rd_bytes(&rd, p.len);
  if (!weft_rd_ok(&rd))
    return fail(r, "the packet says %zu bytes, the file ends after %zu: it was cut off", p.len, r->len - r->at - 16);
  r->cb->packet(r->user, &p);
  r->at = r->len - weft_rd_left(&rd);
  return WEFT_OK;
}

static int read_pcap(reader *r, bool nano) {
  weft_rd rd;
  weft_rd_init(&rd, r->data, r->len);
  weft_rd_skip(&rd, 20);                    /* magic, version, two unused, snap length */
  uint32_t link = u32(r, &rd) & 0x0fffffff; /* the upper bits say whether there is a frame check sequence */
  if (!weft_rd_ok(&rd)) return fail(r, "the file ends within its header");
  r->at = 24;
  int rc = WEFT_OK;
  while (rc == WEFT_OK && r->at < r->len) rc = pcap_record(r, link, nano);
  return rc;
}

/* ---- pcapng ---- */

static void read_options(const reader *r, weft_rd *body, interface *i) {
  while (weft_rd_left(body) >= 4) {
    uint16_t code = u16(r, body), n = u16(r, body);
    weft_rd value;
    weft_rd_sub(body, n, &value);
    weft_rd_skip(body, (4 - n % 4u) % 4u);
    if (code != OPTION_TSRESOL || n != 1) continue;
    uint8_t v = weft_rd_u8(&value);
    i->per_second = 1;
    for (unsigned k = 0; k < (v & 0x7fu) && i->per_second < UINT64_C(1) << 40; k++) i->per_second *= v & 0x80 ? 2 : 10;
  }
}

static void read_interface(reader *r, weft_rd *body) {
  interface i = {.per_second = 1000000};
  i.link = u16(r, body);
  weft_rd_skip(body, 2);
  i.snap = u32(r, body);
  read_options(r, body, &i);
  if (r->interfaces_len < INTERFACES) r->interfaces[r->interfaces_len++] = i;
}

static int hand_out(reader *r, weft_rd *body, uint32_t number, uint64_t stamp, uint32_t len, uint32_t wire_len) {
  if (number >= r->interfaces_len) return fail(r, "a packet of interface %u, of which nothing was said", number);
  capture_packet p = {.unix_us = to_us(stamp, r->interfaces[number].per_second), .link = r->interfaces[number].link};
  p.len = len;
  p.wire_len = wire_len;
  p.data = weft_rd_bytes(body, len);
  if (!weft_rd_ok(body)) return fail(r, "a packet of %u bytes does not fit into its block", len);
  r->cb->packet(r->user, &p);
  return WEFT_OK;
}

static int read_packet(reader *r, weft_rd *body, uint32_t type) {
  uint32_t number = type == ENHANCED_PACKET ? u32(r, body) : u16(r, body);
  if (type == PACKET) weft_rd_skip(body, 2); /* drops */
  uint64_t high = u32(r, body), low = u32(r, body);
  uint32_t len = u32(r, body), wire_len = u32(r, body);
  return hand_out(r, body, number, high << 32 | low, len, wire_len);
}

static int read_simple(reader *r, weft_rd *body) {
  uint32_t wire_len = u32(r, body), len = wire_len;
  if (r->interfaces_len > 0 && r->interfaces[0].snap && len > r->interfaces[0].snap) len = r->interfaces[0].snap;
  return hand_out(r, body, 0, 0, len, wire_len);
}

static void read_secrets(reader *r, weft_rd *body) {
  uint32_t type = u32(r, body), n = u32(r, body);
  const uint8_t *text = weft_rd_bytes(body, n);
  if (weft_rd_ok(body) && type == SECRETS_TLS) r->cb->keylog(r->user, text, n);
}

static int read_block(reader *r, uint32_t type, weft_rd *body) {
  switch (type) {
  case SECTION: r->interfaces_len = 0; return WEFT_OK;
  case INTERFACE: read_interface(r, body); return WEFT_OK;
  case PACKET:
  case ENHANCED_PACKET: return read_packet(r, body, type);
  case SIMPLE_PACKET: return read_simple(r, body);
  case SECRETS: read_secrets(r, body); return WEFT_OK;
  default: return WEFT_OK; /* statistics, names, what is private */
  }
}

/* The byte order stands behind the length of a section's first block. */
static bool look_at_order(reader *r) {
  weft_rd rd;
  weft_rd_init(&rd, r->data + r->at, r->len - r->at);
  if (weft_rd_u32(&rd) != SECTION) return true;
  weft_rd_skip(&rd, 4);
  uint32_t order = weft_rd_u32(&rd);
  r->big = order == BYTE_ORDER;
  return r->big || order == 0x4d3c2b1a;
}

static int next_block(reader *r) {
  weft_rd rd, body;
  if (!look_at_order(r)) return fail(r, "a section without its byte order");
  weft_rd_init(&rd, r->data + r->at, r->len - r->at);
  uint32_t type = u32(r, &rd), total = u32(r, &rd);
  if (!weft_rd_ok(&rd)) return fail(r, "the file ends within the header of a block: it was cut off");
  if (total < BLOCK_MIN || total % 4) return fail(r, "a block of %u bytes: at least 12, and a multiple of 4", total);
  weft_rd_sub(&rd, total - BLOCK_MIN, &body);
  uint32_t again = u32(r, &rd);
  if (!weft_rd_ok(&rd))
    return fail(r, "the block says %u bytes, the file ends after %zu: it was cut off", total, r->len - r->at);
  if (again != total) return fail(r, "a block of %u bytes says %u at its end", total, again);
  int rc = read_block(r, type, &body);
  r->at += total;
  return rc;
}

/* ---- */

static bool is_pcapng(const uint8_t *data, size_t len) {
  return len >= 4 && data[0] == 0x0a && data[1] == 0x0d && data[2] == 0x0d && data[3] == 0x0a;
}

bool capture_is(const uint8_t *data, size_t len) {
  bool big, nano;
  return is_pcapng(data, len) || (len >= 4 && pcap_magic(data, &big, &nano));
}

int capture_read(const uint8_t *data, size_t len, const capture_callbacks *cb, void *user, char *why, size_t cap) {
  reader r = {.data = data, .len = len, .cb = cb, .user = user, .why = why, .cap = cap};
  bool nano = false;
  why[0] = 0;
  if (!is_pcapng(data, len)) {
    if (len < 4 || !pcap_magic(data, &r.big, &nano)) return fail(&r, "neither pcap nor pcapng");
    return read_pcap(&r, nano);
  }
  int rc = WEFT_OK;
  while (rc == WEFT_OK && r.at < r.len) rc = next_block(&r);
  return rc;
}
