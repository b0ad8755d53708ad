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
#include <weft/stun/stun.h>

#include "apps/json.h"

typedef enum session_cut_name {
  SESSION_UDP,
  SESSION_STUN,
  SESSION_DTLS,
  SESSION_SCTP,
  SESSION_DCEP,
  SESSION_MESSAGES,
  SESSION_STREAMS,
  SESSION_TCP,
  SESSION_NOISE,
  SESSION_YAMUX,
  SESSION_YAMUX_STREAMS,
  SESSION_CIRCUIT,
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

/* Whether a session of its transport and muxer has this cut. */
bool session_has(const session *s, session_cut_name cut);
/* WEFT_EMALFORMED: the file and line in why. */
int session_load(session *s, const char *dir, char *why, size_t cap);
void session_free(session *s);

const char *session_text(const session *s, const char *path); /* of session.json, "" when absent */
/* Whether the side that is the dialer (or not) is one of our programs. */
bool session_is_ours(const session *s, bool dialer);
bool session_reached(const session *s, const char *state); /* session.json, "reached" */
/* session.json, "deviations": whether the other side breaks a rule with this unit. */
bool session_deviates(const session *s, session_cut_name cut, const session_unit *u);

/* The password of a STUN message of webrtc-direct: that its USERNAME names, or the USERNAME of the request it answers. False: not known here. */
bool session_stun_password(const session *s, const weft_stun_msg *m, char out[WEFT_STUN_USERNAME_MAX]);

/* SHA-256 of the certificates that dtls.jsonl shows: by side, 1 the dialer's. */
typedef struct session_certificates {
  uint8_t sha256[2][32];
  bool known[2];
} session_certificates;
void session_certificates_find(const session *s, session_certificates *c);

/* ---- the bytes of streams: replay_lives.c ---- */

/* One life of a stream id (an id is used again), in one direction: what its frames carry, put together. */
typedef struct session_life {
  uint8_t *data;
  size_t len;
  const session_unit **of; /* by byte: the frame it is in */
} session_life;

/* The nth life; len 0: nothing was said, or there is none. False: no memory. */
bool session_life_take(session_life *l, const session *s, bool dialer, uint32_t stream, unsigned nth);
void session_life_free(session_life *l);

/* Both directions of one byte stream: side 1 is what the dialer said. */
typedef struct session_talk {
  session_life side[2];
} session_talk;

/* Of the nth life of a stream in streams.jsonl; of a stream in yamux-streams.jsonl, whose ids have one life; or of all octets of tcp.jsonl or circuit.jsonl, or of
 * all that Noise held in noise.jsonl, behind its handshake. False: no memory. */
bool session_talk_take(session_talk *t, const session *s, session_cut_name cut, uint32_t stream, unsigned nth);
void session_talk_free(session_talk *t);

/* The lines of multistream-select that begin a life, its own header and "na" left out. */
enum { SESSION_LINES = 8 };
typedef struct session_lines {
  char text[SESSION_LINES][128];
  const char *names[SESSION_LINES];
  size_t end[SESSION_LINES]; /* where in the life what follows the line begins */
  size_t len;
} session_lines;
void session_lines_read(session_lines *n, const session_life *l);

/* Who opened a stream: by the OPEN in dcep.jsonl. False: it is not there. */
bool session_opener(const session *s, uint32_t stream, bool *dialer);

typedef enum session_mode { SESSION_EXACT, SESSION_DECODE, SESSION_REACH } session_mode;

typedef struct session_report {
  unsigned by_mode[3]; /* exact, decode, reach: cases */
  /* u NULL: of a whole cut. what: said when it is not good. */
  void (*on_case)(void *user, const session *s, session_cut_name cut, const session_unit *u, session_mode mode,
                  bool good, const char *what);
  void *user;
} session_report;

/* Each unit of each cut is a case, and some of what the session as a whole must show. */
void session_replay(const session *s, session_report *r);

#endif
