/* weft sctp (private): views of packets, chunks and parameters (RFC 9260 section 3). Nothing here allocates; every view
 * points into the packet. There is one walker for chunks and one for parameters and causes; nobody else steps over lengths.
 *
 *   weft_sctp_packet p;
 *   if (weft_sctp_packet_read(&p, data, len) != WEFT_OK || weft_sctp_packet_check(data, len) != WEFT_OK) drop;
 *   weft_sctp_chunk c;
 *   while (weft_sctp_chunk_next(&p.chunks, &c) == 1) ...
 */
#ifndef WEFT_SCTP_WIRE_H
#define WEFT_SCTP_WIRE_H

#include "base/bytes.h"
#include "sctp/sctp.h"

enum { /* RFC 9260 section 3.2; 64 and 194: RFC 8260; 130: RFC 6525; 192: RFC 3758 */
       WEFT_SCTP_DATA = 0,
       WEFT_SCTP_INIT = 1,
       WEFT_SCTP_INIT_ACK = 2,
       WEFT_SCTP_SACK = 3,
       WEFT_SCTP_HEARTBEAT = 4,
       WEFT_SCTP_HEARTBEAT_ACK = 5,
       WEFT_SCTP_ABORT = 6,
       WEFT_SCTP_SHUTDOWN = 7,
       WEFT_SCTP_SHUTDOWN_ACK = 8,
       WEFT_SCTP_ERROR = 9,
       WEFT_SCTP_COOKIE_ECHO = 10,
       WEFT_SCTP_COOKIE_ACK = 11,
       WEFT_SCTP_SHUTDOWN_COMPLETE = 14,
       WEFT_SCTP_I_DATA = 64,
       WEFT_SCTP_RE_CONFIG = 130,
       WEFT_SCTP_FORWARD_TSN = 192,
       WEFT_SCTP_I_FORWARD_TSN = 194
};

enum { /* DATA chunk flags: RFC 9260 section 3.3.1 */
       WEFT_SCTP_FLAG_E = 1,
       WEFT_SCTP_FLAG_B = 2,
       WEFT_SCTP_FLAG_U = 4,
       WEFT_SCTP_FLAG_I = 8,
       WEFT_SCTP_FLAG_T = 1 /* of ABORT and SHUTDOWN-COMPLETE: the tag is reflected */
};

enum { /* parameters: RFC 9260 section 3.3.2; 13..18: RFC 6525 section 4; 0x8001: RFC 9653; 0x8008: RFC 5061; 0xC000: RFC 3758 */
       WEFT_SCTP_PARAM_HEARTBEAT_INFO = 1,
       WEFT_SCTP_PARAM_COOKIE = 7,
       WEFT_SCTP_PARAM_UNRECOGNIZED = 8,
       WEFT_SCTP_PARAM_RESET_OUT = 13,
       WEFT_SCTP_PARAM_RESET_IN = 14,
       WEFT_SCTP_PARAM_RESET_TSN = 15,
       WEFT_SCTP_PARAM_RESPONSE = 16,
       WEFT_SCTP_PARAM_ADD_OUT = 17,
       WEFT_SCTP_PARAM_ADD_IN = 18,
       WEFT_SCTP_PARAM_ZERO_CHECKSUM = 0x8001,
       WEFT_SCTP_PARAM_EXTENSIONS = 0x8008,
       WEFT_SCTP_PARAM_FORWARD_TSN = 0xc000
};

enum { /* causes: RFC 9260 section 3.3.10 */
       WEFT_SCTP_CAUSE_INVALID_STREAM = 1,
       WEFT_SCTP_CAUSE_MISSING_PARAM = 2,
       WEFT_SCTP_CAUSE_STALE_COOKIE = 3,
       WEFT_SCTP_CAUSE_UNKNOWN_CHUNK = 6,
       WEFT_SCTP_CAUSE_INVALID_PARAM = 7,
       WEFT_SCTP_CAUSE_UNKNOWN_PARAM = 8,
       WEFT_SCTP_CAUSE_NO_DATA = 9,
       WEFT_SCTP_CAUSE_COOKIE_IN_SHUTDOWN = 10,
       WEFT_SCTP_CAUSE_USER_ABORT = 12,
       WEFT_SCTP_CAUSE_PROTOCOL = 13
};

enum {
  WEFT_SCTP_HEADER = 12,      /* common header */
  WEFT_SCTP_DATA_HEADER = 16, /* chunk header of DATA */
  WEFT_SCTP_DTLS_METHOD = 1   /* error detection method "DTLS", RFC 9653 section 7.1 */
};

typedef struct weft_sctp_packet {
  uint16_t source, destination;
  uint32_t tag, crc; /* crc as it stands on the wire, least significant byte first */
  weft_rd chunks;
} weft_sctp_packet;

typedef struct weft_sctp_chunk {
  uint8_t type, flags;
  uint16_t length; /* header included, padding not */
  const uint8_t *start, *value;
  size_t value_len;
} weft_sctp_chunk;

/* A parameter or an error cause. */
typedef struct weft_sctp_tlv {
  uint16_t type, length; /* header included */
  const uint8_t *start, *value;
  size_t value_len;
} weft_sctp_tlv;

int weft_sctp_packet_read(weft_sctp_packet *p, const uint8_t *data, size_t len); /* header only */
/* 1: a chunk; 0: the end; WEFT_EMALFORMED: its length lies. */
int weft_sctp_chunk_next(weft_rd *r, weft_sctp_chunk *c);
int weft_sctp_tlv_next(weft_rd *r, weft_sctp_tlv *t);
/* Whether every chunk of the packet is well formed, and for the types above also inside. */
int weft_sctp_packet_check(const uint8_t *data, size_t len);
int weft_sctp_chunk_check(const weft_sctp_chunk *c);

typedef struct weft_sctp_data {
  uint32_t tsn, ppid;
  uint16_t stream, ssn;
  uint8_t flags;
  const uint8_t *payload;
  size_t len; /* 0 is malformed by RFC 9260 section 3.3.1, but decodes: it has an answer of its own */
} weft_sctp_data;

typedef struct weft_sctp_init {
  uint32_t tag, a_rwnd, tsn;
  uint16_t streams_out, streams_in;
  weft_rd params;
} weft_sctp_init;

typedef struct weft_sctp_sack {
  uint32_t cumulative, a_rwnd;
  uint16_t gaps_n, dups_n;
  const uint8_t *gaps; /* gaps_n times start, end */
  const uint8_t *dups;
} weft_sctp_sack;

typedef struct weft_sctp_forward {
  uint32_t cumulative;
  weft_rd streams; /* stream, ssn pairs */
} weft_sctp_forward;

typedef struct weft_sctp_reset_out {
  uint32_t request, response, last_tsn;
  const uint8_t *streams;
  size_t streams_n;
} weft_sctp_reset_out;

int weft_sctp_data_read(weft_sctp_data *d, const weft_sctp_chunk *c);
int weft_sctp_init_read(weft_sctp_init *i, const weft_sctp_chunk *c);
int weft_sctp_sack_read(weft_sctp_sack *s, const weft_sctp_chunk *c);
void weft_sctp_sack_gap(const weft_sctp_sack *s, size_t i, uint16_t *start, uint16_t *end);
int weft_sctp_forward_read(weft_sctp_forward *f, const weft_sctp_chunk *c);
int weft_sctp_reset_out_read(weft_sctp_reset_out *o, const weft_sctp_tlv *t);

uint16_t weft_sctp_be16(const uint8_t *p);
uint32_t weft_sctp_be32(const uint8_t *p);
void weft_sctp_put16(uint8_t *p, uint16_t v);
void weft_sctp_put32(uint8_t *p, uint32_t v);
static inline size_t weft_sctp_pad4(size_t n) { return (n + 3) & ~(size_t)3; }

/* Writing: open a chunk or parameter, write its value, close it; closing sets the length. A chunk is padded when it is closed, a
 * parameter when another follows: RFC 9260 section 3.2, the chunk's length counts the padding of all but its last parameter. */
size_t weft_sctp_open_chunk(weft_wr *w, uint8_t type, uint8_t flags);
size_t weft_sctp_open_tlv(weft_wr *w, uint16_t type);
void weft_sctp_close_tlv(weft_wr *w, size_t at);
void weft_sctp_close_chunk(weft_wr *w, size_t at);
/* Header with a zero checksum. */
void weft_sctp_put_header(weft_wr *w, uint16_t source, uint16_t destination, uint32_t tag);

#endif
