/* apps: a recorded session (apps/record.h) in memory, and its replay.
 *
 *   session s;
 *   char why[256];
 *   if (session_load(&s, "vectors/recorded/weft-0.1.0/v1-dialed", why, sizeof why) == WEFT_OK) session_replay(&s, &report);
 *   session_free(&s);
 */
#ifndef APPS_REPLAY_H
#define APPS_REPLAY_H

#include <stdio.h>

#include <weft/base/addr.h>

#include "apps/json.h"

typedef enum session_cut_name {
  SESSION_UDP,
  SESSION_STUN,
  SESSION_DTLS,
  SESSION_SCTP,
  SESSION_DCEP,
  SESSION_MESSAGES,
  SESSION_STREAMS,
  SESSION_CUTS
} session_cut_name;

extern const char *const session_cut_names[SESSION_CUTS];

typedef struct session_unit {
  int line;
  uint64_t t_us;
  bool dialer; /* who sent it */
  uint32_t stream, ppid;
  char flag[16]; /* "": none */
  uint8_t *wire;
  size_t len;
} session_unit;

typedef struct session_cut {
  session_unit *units;
  size_t len;
} session_cut;

typedef struct session {
  const char *dir;
  json *about; /* session.json */
  session_cut cuts[SESSION_CUTS];
  uint8_t *keylog;
  size_t keylog_len;
  bool us_dialer; /* recorded by the dialer */
} session;

/* WEFT_EMALFORMED: the file and line in why. */
int session_load(session *s, const char *dir, char *why, size_t cap);
void session_free(session *s);

typedef struct session_report {
  FILE *out;
  const char *layer; /* the cut whose cases count; NULL: all */
  unsigned cases, passed, failed;
  unsigned by_mode[3]; /* exact, decode, reach: cases */
} session_report;

/* Each unit of each cut is a case, and some of what the session as a whole must show. Failures are named with file, line and mode. */
void session_replay(const session *s, session_report *r);

#endif
