/* apps (private to record.c): the folder of one session. */
#ifndef APPS_RECORD_SESSION_H
#define APPS_RECORD_SESSION_H

#include <stdio.h>

#include "apps/pcapng.h"
#include "apps/record.h"
#include "base/buf.h"

typedef enum record_cut {
  RECORD_UDP,
  RECORD_STUN,
  RECORD_DTLS,
  RECORD_SCTP,
  RECORD_DCEP,
  RECORD_MESSAGES,
  RECORD_STREAMS,
  RECORD_TCP,
  RECORD_NOISE,
  RECORD_YAMUX,
  RECORD_YAMUX_STREAMS,
  RECORD_CIRCUIT,
  RECORD_CUTS
} record_cut;

extern const char *const record_cut_names[RECORD_CUTS];

enum { RECORD_PATH_MAX = 1024, RECORD_STATES = 16 };

/* A frame of the peer comes in pieces; what we say meanwhile is written behind it, where a replay can say it again. */
typedef struct record_yamux {
  weft_buf frame, waiting; /* waiting: time, length, frame; time, length, frame */
  size_t want;             /* 0: no frame is coming in */
  weft_time at;
} record_yamux;

typedef enum record_transport { RECORD_ON_WEBRTC, RECORD_ON_TCP, RECORD_ON_CIRCUIT } record_transport;

typedef struct record_session {
  struct record_session *next;
  const void *conn, *inside; /* inside: the weft_upgrade in its channel 0 */
  const app_record_config *cfg;
  record_transport transport;
  bool listener;
  int direct_version; /* 0: not webrtc-direct; -1: it never connected */
  const char *mux;
  uint8_t noise_keys[2][32]; /* static, ephemeral */
  unsigned noise_keys_len;
  char dir[RECORD_PATH_MAX];
  FILE *cuts[RECORD_CUTS], *keylog, *capture; /* NULL: not one of this session's */
  char *held; /* noise.jsonl, in memory until it is known that Yamux runs in channel 0 */
  size_t held_len;
  record_yamux yamux;
  app_record_muxer muxer;
  app_pcapng pcapng;
  app_pcapng_flow flow;    /* TCP */
  weft_addr local, remote; /* of the last datagram before READY */
  weft_time first, last;
  int64_t unix_us; /* of the first datagram */
  unsigned units[RECORD_CUTS];
  const char *states[RECORD_STATES];
  size_t states_len;
  char peer_id[128], agent[128];
  bool up, ended, has_closed, failed;
  weft_closed closed;
  char closed_text[256];
} record_session;

/* The folder is there and empty. NULL: a file could not be made. */
record_session *record_session_new(const app_record_config *cfg, const char *dir, const void *conn,
                                   record_transport transport, bool listener);
/* Yamux runs in channel 0. */
void record_session_inside(record_session *s, const void *upgrade);
/* A unit of a cut; flag NULL: none. from_us: sent by this program. */
void record_session_unit(record_session *s, record_cut cut, bool from_us, const weft_trace *t);
void record_session_datagram(record_session *s, bool from_us, const weft_addr *local, const weft_addr *remote,
                             const uint8_t *data, size_t len, weft_time now);
/* What the socket gave or took; end: that side sends no more, or (reset) broke it. */
void record_session_octets(record_session *s, bool from_us, const uint8_t *data, size_t len, weft_time now);
void record_session_end_of_octets(record_session *s, bool from_us, bool reset, weft_time now);
void record_session_hang_up(record_session *s, const weft_closed *why);
void record_session_state(record_session *s, const char *state);
void record_session_keylog(record_session *s, const char *line);
/* Writes session.json anew. */
void record_session_describe(record_session *s);
/* Closes the files; false: something could not be written. Frees s. */
bool record_session_end(record_session *s);

/* ---- record_yamux.c ---- */

void record_yamux_init(record_session *s);
void record_yamux_trace(record_session *s, const weft_trace *t);
/* A frame whose end did not come is written as far as it came. */
void record_yamux_end(record_session *s);

#endif
