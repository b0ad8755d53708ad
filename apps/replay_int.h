/* apps (private to replay*.c). */
#ifndef APPS_REPLAY_INT_H
#define APPS_REPLAY_INT_H

#include "apps/decode_int.h"
#include "apps/replay.h"

/* One case: of a unit, or of a whole cut (u NULL). */
void session_check(session_report *r, const session *s, session_cut_name cut, const session_unit *u, session_mode mode,
                   bool ok, const char *what);

/* The decoder of `weft decode`, whose outline goes nowhere: what replays want of it comes through its taps. */
typedef struct session_decoder {
  FILE *nowhere;
  outline out;
  decode *d;
} session_decoder;

bool session_decoder_open(session_decoder *x, decode_taps taps);
void session_decoder_close(session_decoder *x);

/* ---- replay_negotiation.c ---- */

typedef struct session_selected {
  size_t used[2]; /* how many octets of each, by side as in session_talk, were the negotiation */
  bool same;      /* ours are those that were said */
} session_selected;

/* multistream-select at the beginning of it. False: it did not come to a protocol. */
bool session_negotiate(session_selected *out, const session *s, const session_talk *t, bool we_opened);
/* The same as a case of the unit where our side begins; nothing when it did not come to a protocol. */
void session_replay_negotiation(const session *s, session_report *r, session_cut_name cut, const session_talk *t,
                                bool we_opened);

/* ---- a file for each of these ---- */

void session_replay_stun(const session *s, session_report *r);
void session_replay_dtls(const session *s, session_report *r);
void session_replay_sctp(const session *s, session_report *r);
void session_replay_channels(const session *s, session_report *r);
void session_replay_streams(const session *s, session_report *r);
void session_replay_noise(const session *s, session_report *r);
void session_replay_yamux(const session *s, session_report *r);
void session_replay_muxing(const session *s, session_report *r);

#endif
