/* apps (private to record.c): the folder of one session. */
#ifndef APPS_RECORD_SESSION_H
#define APPS_RECORD_SESSION_H

#include <stdio.h>

#include "apps/pcapng.h"
#include "apps/record.h"

typedef enum record_cut {
  RECORD_UDP,
  RECORD_STUN,
  RECORD_DTLS,
  RECORD_SCTP,
  RECORD_DCEP,
  RECORD_MESSAGES,
  RECORD_STREAMS,
  RECORD_CUTS
} record_cut;

extern const char *const record_cut_names[RECORD_CUTS];

enum { RECORD_PATH_MAX = 1024, RECORD_STATES = 16 };

typedef struct record_session {
  struct record_session *next;
  const void *conn;
  const app_record_config *cfg;
  int direct_version; /* 0: not webrtc-direct; -1: it never connected */
  const char *mux;
  uint8_t noise_keys[2][32]; /* static, ephemeral */
  unsigned noise_keys_len;
  char dir[RECORD_PATH_MAX];
  FILE *cuts[RECORD_CUTS], *keylog, *capture;
  app_pcapng pcapng;
  weft_addr local, remote; /* of the last datagram before READY */
  weft_time first;
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
record_session *record_session_new(const app_record_config *cfg, const char *dir, const void *conn);
/* A unit of a cut; flag NULL: none. from_us: sent by this program. */
void record_session_unit(record_session *s, record_cut cut, bool from_us, const weft_trace *t);
void record_session_datagram(record_session *s, bool from_us, const weft_addr *local, const weft_addr *remote,
                             const uint8_t *data, size_t len, weft_time now);
void record_session_state(record_session *s, const char *state);
void record_session_keylog(record_session *s, const char *line);
/* Writes session.json anew. */
void record_session_describe(record_session *s);
/* Closes the files; false: something could not be written. Frees s. */
bool record_session_end(record_session *s);

#endif
