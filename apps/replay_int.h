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

void session_replay_stun(const session *s, session_report *r);
void session_replay_dtls(const session *s, session_report *r);
void session_replay_sctp(const session *s, session_report *r);
void session_replay_channels(const session *s, session_report *r);
void session_replay_streams(const session *s, session_report *r);
void session_replay_noise(const session *s, session_report *r);

#endif
