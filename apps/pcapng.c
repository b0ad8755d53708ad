#include "apps/pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { /* draft-ietf-opsawg-pcapng section 4; the tools write little endian */
       SECTION = 0x0a0d0d0a,
       INTERFACE = 1,
       PACKET = 6,
       SECRETS = 10,
       LINK_RAW = 101,           /* tcpdump.org/linktypes: the packet begins with an IP header */
       SECRETS_TLS = 0x544c534b, /* "TLSK": NSS key log, DTLS too */
       BLOCK_OVERHEAD = 12,
       PACKET_FIELDS = 20,
       IP4_HEADER = 20,
       IP6_HEADER = 40,
       UDP_HEADER = 8,
       TCP_HEADER = 20,
       TCP_OPTIONS = 4,
       UDP = 17,
       TCP = 6,
       DATA_MAX = 65000
};

/* ---- blocks ---- */

static size_t padded(size_t n) { return (n + 3) & ~(size_t)3; }

static void put_block(weft_wr *w, uint32_t type, const uint8_t *body, size_t len) {
  uint32_t total = (uint32_t)(BLOCK_OVERHEAD + padded(len));
  weft_wr_u32le(w, type);
  weft_wr_u32le(w, total);
  weft_wr_bytes(w, body, len);
  weft_wr_zero(w, padded(len) - len);
  weft_wr_u32le(w, total);
}

static void write_block(FILE *f, uint32_t type, const uint8_t *body, size_t len) {
  uint8_t block[512];
  weft_wr w;
  weft_wr_init(&w, block, sizeof block);
  put_block(&w, type, body, len);
  fwrite(block, 1, weft_wr_len(&w), f);
}

void app_pcapng_begin(app_pcapng *p, FILE *file) {
  static const uint8_t section[] = {0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
  static const uint8_t interface[] = {LINK_RAW, 0, 0, 0, 0, 0, 0, 0}; /* no snap length; microseconds are the default */
  memset(p, 0, sizeof *p);
  p->file = file;
  write_block(file, SECTION, section, sizeof section);
  write_block(file, INTERFACE, interface, sizeof interface);
  p->held = malloc(APP_PCAPNG_HELD);
  p->keyed = !p->held;
}

static void write_held(app_pcapng *p) {
  if (p->held_len > 0) fwrite(p->held, 1, p->held_len, p->file);
  fflush(p->file);
  free(p->held);
  p->held = NULL;
  p->held_len = 0;
  p->keyed = true;
}

void app_pcapng_keylog(app_pcapng *p, const char *line) {
  uint8_t body[400];
  weft_wr w;
  size_t n = strlen(line);
  weft_wr_init(&w, body, sizeof body);
  weft_wr_u32le(&w, SECRETS_TLS);
  weft_wr_u32le(&w, (uint32_t)n + 1);
  weft_wr_bytes(&w, line, n);
  weft_wr_u8(&w, '\n');
  if (weft_wr_ok(&w)) write_block(p->file, SECRETS, body, weft_wr_len(&w));
  write_held(p);
}

bool app_pcapng_end(app_pcapng *p) {
  write_held(p);
  return fflush(p->file) == 0 && !ferror(p->file);
}

/* ---- packets ---- */

/* RFC 1071: the sum of 16-bit words, carries folded in later. */
static uint32_t add_words(uint32_t sum, const uint8_t *data, size_t len) {
  for (size_t i = 0; i + 1 < len; i += 2) sum += (uint32_t)data[i] << 8 | data[i + 1];
  if (len & 1) sum += (uint32_t)data[len - 1] << 8;
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static void put_ip(app_pcapng *p, weft_wr *w, const weft_addr *from, const weft_addr *to, uint8_t protocol,
                   size_t payload) {
  if (from->family == WEFT_AF_IP6) {
    weft_wr_u32(w, 6u << 28);
    weft_wr_u16(w, (uint16_t)payload);
    weft_wr_u8(w, protocol);
    weft_wr_u8(w, 64);
    weft_wr_bytes(w, from->ip, 16);
    weft_wr_bytes(w, to->ip, 16);
    return;
  }
  uint8_t *header = w->p;
  weft_wr_u16(w, 0x4500);
  weft_wr_u16(w, (uint16_t)(IP4_HEADER + payload));
  weft_wr_u16(w, p->ip_id++);
  weft_wr_u16(w, 0);
  weft_wr_u8(w, 64);
  weft_wr_u8(w, protocol);
  size_t at = weft_wr_reserve16(w);
  weft_wr_bytes(w, from->ip, 4);
  weft_wr_bytes(w, to->ip, 4);
  weft_wr_patch16(w, at, fold(add_words(0, header, IP4_HEADER)));
}

/* RFC 768 and RFC 9293 section 3.1: over addresses, protocol and length too. */
static uint32_t pseudo_header(const weft_addr *from, const weft_addr *to, uint8_t protocol, size_t total) {
  size_t ip = from->family == WEFT_AF_IP6 ? 16 : 4;
  return add_words(add_words(protocol, from->ip, ip), to->ip, ip) + (uint32_t)total;
}

static void put_udp(weft_wr *w, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len) {
  size_t total = UDP_HEADER + len;
  uint8_t *header = w->p;
  uint32_t sum = pseudo_header(from, to, UDP, total);
  weft_wr_u16(w, from->port);
  weft_wr_u16(w, to->port);
  weft_wr_u16(w, (uint16_t)total);
  size_t at = weft_wr_reserve16(w);
  weft_wr_bytes(w, data, len);
  uint16_t check = fold(add_words(sum, header, total));
  weft_wr_patch16(w, at, check ? check : 0xffff); /* RFC 768: 0 means "none" */
}

static void keep(app_pcapng *p, const uint8_t *block, size_t len) {
  if (!p->keyed && p->held_len + len > APP_PCAPNG_HELD) write_held(p);
  if (p->keyed) {
    fwrite(block, 1, len, p->file);
    fflush(p->file); /* what is there counts, however the program ends */
    return;
  }
  memcpy(p->held + p->held_len, block, len);
  p->held_len += len;
}

/* ---- a packet --------------------------------------------------------------------------------------------------------------------- */

typedef struct segment {
  uint32_t seq, ack;
  uint8_t flags;
} segment;

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 }; /* RFC 9293 section 3.1 */

/* The window is as large as it can be said: nobody waits in a conversation that has taken place. */
static void put_tcp(weft_wr *w, const weft_addr *from, const weft_addr *to, const segment *s, const uint8_t *data,
                    size_t len) {
  static const uint8_t scale[TCP_OPTIONS] = {1, 3, 3, 14}; /* RFC 7323 section 2.2: NOP, shift count 14 */
  bool syn = s->flags & SYN;
  size_t header_len = TCP_HEADER + (syn ? TCP_OPTIONS : 0u);
  uint8_t *header = w->p;
  weft_wr_u16(w, from->port);
  weft_wr_u16(w, to->port);
  weft_wr_u32(w, s->seq);
  weft_wr_u32(w, s->flags & ACK ? s->ack : 0);
  weft_wr_u8(w, (uint8_t)(header_len / 4 << 4));
  weft_wr_u8(w, s->flags);
  weft_wr_u16(w, 0xffff);
  size_t at = weft_wr_reserve16(w);
  weft_wr_u16(w, 0);
  if (syn) weft_wr_bytes(w, scale, sizeof scale);
  weft_wr_bytes(w, data, len);
  weft_wr_patch16(w, at, fold(add_words(pseudo_header(from, to, TCP, header_len + len), header, header_len + len)));
}

/* s NULL: UDP. */
static void put_packet(app_pcapng *p, const weft_addr *from, const weft_addr *to, const segment *s, const uint8_t *data,
                       size_t len, uint64_t unix_us) {
  static uint8_t body[PACKET_FIELDS + IP6_HEADER + TCP_HEADER + TCP_OPTIONS + DATA_MAX];
  static uint8_t block[BLOCK_OVERHEAD + sizeof body + 4];
  size_t ip = from->family == WEFT_AF_IP6 ? IP6_HEADER : IP4_HEADER;
  size_t total = len + (!s ? UDP_HEADER : s->flags & SYN ? TCP_HEADER + TCP_OPTIONS : TCP_HEADER);
  weft_wr w;
  weft_wr_init(&w, body, sizeof body);
  weft_wr_u32le(&w, 0); /* the interface */
  weft_wr_u32le(&w, (uint32_t)(unix_us >> 32));
  weft_wr_u32le(&w, (uint32_t)unix_us);
  weft_wr_u32le(&w, (uint32_t)(ip + total));
  weft_wr_u32le(&w, (uint32_t)(ip + total));
  put_ip(p, &w, from, to, s ? TCP : UDP, total);
  if (s)
    put_tcp(&w, from, to, s, data, len);
  else
    put_udp(&w, from, to, data, len);
  weft_wr out;
  weft_wr_init(&out, block, sizeof block);
  put_block(&out, PACKET, body, weft_wr_len(&w));
  keep(p, block, weft_wr_len(&out));
}

void app_pcapng_datagram(app_pcapng *p, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                         uint64_t unix_us) {
  if (len <= DATA_MAX) put_packet(p, from, to, NULL, data, len, unix_us);
}

/* ---- a TCP conversation -------------------------------------------------------------------------------------------------------------- */

static void put_segment(app_pcapng *p, app_pcapng_flow *f, bool dialer, uint8_t flags, const uint8_t *data, size_t len,
                        uint64_t unix_us) {
  segment s = {f->next[dialer], f->next[!dialer], flags};
  put_packet(p, &f->ends[dialer], &f->ends[!dialer], &s, data, len, unix_us);
  f->next[dialer] += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0); /* RFC 9293 section 3.4: both count as an octet */
}

void app_pcapng_flow_open(app_pcapng *p, app_pcapng_flow *f, const weft_addr *dialer, const weft_addr *listener,
                          uint64_t unix_us) {
  *f = (app_pcapng_flow){{*listener, *dialer}, {1u << 31, 1u << 30}, {false, false}};
  write_held(p);
  put_segment(p, f, true, SYN, NULL, 0, unix_us);
  put_segment(p, f, false, SYN | ACK, NULL, 0, unix_us);
  put_segment(p, f, true, ACK, NULL, 0, unix_us);
}

void app_pcapng_flow_data(app_pcapng *p, app_pcapng_flow *f, bool dialer, const uint8_t *data, size_t len,
                          uint64_t unix_us) {
  for (size_t at = 0; at < len; at += DATA_MAX)
    put_segment(p, f, dialer, PSH | ACK, data + at, len - at < DATA_MAX ? len - at : DATA_MAX, unix_us);
}

void app_pcapng_flow_end(app_pcapng *p, app_pcapng_flow *f, bool dialer, bool reset, uint64_t unix_us) {
  if (f->ended[dialer]) return;
  f->ended[dialer] = true;
  put_segment(p, f, dialer, (uint8_t)((reset ? RST : FIN) | ACK), NULL, 0, unix_us);
  if (!reset) put_segment(p, f, !dialer, ACK, NULL, 0, unix_us);
}
