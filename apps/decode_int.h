/* apps (private to decode*.c): conversations and what is kept of them. */
#ifndef APPS_DECODE_INT_H
#define APPS_DECODE_INT_H

#include "apps/decode.h"
#include "base/bytes.h"
#include "dtls/dtls.h"
#include "dtls/keys.h"
#include "webrtc/deframe.h"

enum {
  DECODE_KEYS = 4096,
  DECODE_FLOWS = 4096,
  DECODE_STREAMS = 1024,      /* per conversation */
  DECODE_PIECES = 1024,       /* fragments without their other half, and messages before their turn; per direction */
  DECODE_KEPT = 64 * 1024,    /* bytes of a stream that are no whole line or message yet */
  DECODE_TSNS = 4096,         /* how far back a repeated TSN is recognised */
  DECODE_MESSAGE = 256 * 1024 /* largest message put together */
};

typedef struct decode_key {
  uint8_t client_random[32], master[48];
} decode_key;

/* A DATA chunk that waits for the rest of its message, or (whole) a message that waits for its turn. */
typedef struct decode_piece {
  struct decode_piece *next;
  uint32_t tsn, ppid;
  uint16_t stream, ssn;
  uint8_t flags;
  bool whole;
  size_t len;
  uint8_t data[];
} decode_piece;

/* Bytes of one direction of a stream. */
typedef struct decode_bytes {
  weft_webrtc_deframer frames;
  bool started, negotiated; /* negotiated: what comes now is no line of multistream-select */
  bool ssn_known;
  uint16_t next_ssn;
  unsigned noise_messages, sealed_from; /* the first of them that only its receiver can open */
  size_t len;
  uint8_t *kept; /* DECODE_KEPT, made when needed */
} decode_bytes;

typedef struct decode_stream {
  struct decode_stream *next;
  uint16_t id;
  bool opened;       /* by DCEP: then channel 0 is one like any other, without Noise */
  char protocol[64]; /* as the last line said */
  decode_bytes way[2];
} decode_stream;

typedef struct decode_sctp_way {
  bool any;
  uint32_t highest;
  uint64_t seen[DECODE_TSNS / 64];
  decode_piece *pieces;
  size_t pieces_len;
} decode_sctp_way;

/* A handshake message that came in pieces; those that follow one another. */
typedef struct decode_parts {
  uint16_t seq;
  size_t have, len;
  uint8_t body[WEFT_DTLS_CERT_MAX];
} decode_parts;

typedef struct decode_tcp_way {
  bool known;
  uint32_t next;
} decode_tcp_way;

/* Way 0: from the address that was seen first. */
typedef struct decode_flow {
  struct decode_flow *next;
  uint8_t protocol;
  weft_addr a, b;
  bool has_client_random, has_server_random, keyed, no_keys_told;
  unsigned client; /* which way the DTLS client speaks */
  uint8_t client_random[32], server_random[32];
  uint16_t suite;
  weft_dtls_half half[2];       /* by way; while keyed */
  decode_parts *certificate[2]; /* made when needed */
  decode_sctp_way sctp[2];
  decode_tcp_way tcp[2];
  decode_stream *streams;
  size_t streams_len;
} decode_flow;

/* What replays look at beside the outline; each may be NULL. */
typedef struct decode_taps {
  void *user;
  void (*sctp)(void *user, unsigned way, const uint8_t *data, size_t len); /* a record's content; it is not decoded */
  void (*message)(void *user, unsigned way, uint16_t stream, uint32_t ppid, const uint8_t *data, size_t len);
  void (*certificate)(void *user, unsigned way, const uint8_t sha256[32]);
} decode_taps;

struct decode {
  outline *o;
  decode_taps taps;
  decode_key *keys;
  size_t keys_len;
  decode_flow *flows;
  size_t flows_len;
  uint64_t first_us;
  unsigned long packets;
  decode_flow alone; /* for units without a conversation */
};

/* decode_flow.c */
decode_flow *decode_flow_of(decode *d, const packet *p, unsigned *way);
void decode_flow_clear(decode_flow *f);
decode_stream *decode_stream_of(decode_flow *f, uint16_t id);
const decode_key *decode_key_of(const decode *d, const uint8_t client_random[32]);

/* Each writes one or more nodes. */
void decode_datagram(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len);
void decode_stun(decode *d, const uint8_t *data, size_t len);
void decode_dtls(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len);
/* A handshake message, or a piece of one, in clear. */
void decode_handshake(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len);
void decode_sctp(decode *d, decode_flow *f, unsigned way, const uint8_t *data, size_t len);
void decode_sctp_clear(decode_sctp_way *w);
/* A whole message of a data channel, in its turn. */
void decode_message(decode *d, decode_flow *f, unsigned way, uint16_t stream, uint32_t ppid, const uint8_t *data,
                    size_t len);
void decode_dcep(decode *d, const uint8_t *data, size_t len);
void decode_frames(decode *d, decode_flow *f, unsigned way, decode_stream *s, const uint8_t *data, size_t len);
/* Bytes of a stream above the frames. */
void decode_stream_bytes(decode *d, decode_stream *s, unsigned way, const uint8_t *data, size_t len);
/* The same of a stream's beginning, which must be lines of multistream-select, as far as a protocol. */
void decode_multistream(decode *d, decode_stream *s, const uint8_t *data, size_t len);
void decode_noise_bytes(decode *d, decode_bytes *b, const uint8_t *data, size_t len);
void decode_yamux(decode *d, const uint8_t *data, size_t len);
void decode_tcp(decode *d, decode_flow *f, unsigned way, const packet *p);

#endif
