/* apps: a recorded session as questions of the shim protocol, judged as the cases of vectors/v1 are (vectors/FORMAT.md, "A recorded session").
 *
 *   conform_file *f = conform_questions(&session, "go-libp2p-0.51.0/v1-dialed", SESSION_STUN);
 *   conform_run_file(&run, f);
 *   conform_questions_free(f);
 *
 * A new cut is a function here, in questions_<what>.c, and a line in the table of questions.c.
 */
#ifndef APPS_CONFORM_QUESTIONS_H
#define APPS_CONFORM_QUESTIONS_H

#include "apps/conform/vector.h"
#include "apps/replay.h"

/* type is name, layer the cut, the cases are "cut/line/operation". Never NULL. Our own layers are asked for what only they can say: see the guard. */
conform_file *conform_questions(const session *s, const char *name, session_cut_name cut);
void conform_questions_free(conform_file *f);

/* ---- for questions_*.c ---- */

typedef struct questions {
  const session *s;
  session_cut_name cut;
  conform_file *file;
  size_t room;
} questions;

/* in and want become the case's. A unit with which the other side breaks a rule (session.json, "deviations") may also be refused. */
void question(questions *q, const session_unit *u, const char *op, json *in, json *want);
/* What our own library makes of it is expected; nothing is asked where it does not have the operation. The answer, the case's, or NULL. */
const json *question_as_read(questions *q, const session_unit *u, const char *op, json *in);
/* {"hex": ...} */
json *question_octets(const uint8_t *data, size_t len);
/* The octets of a field of hex; free() them. NULL: it is not there. */
uint8_t *question_bytes(const json *field, size_t *len);

void questions_udp(questions *q);
void questions_stun(questions *q);
void questions_dtls(questions *q);
void questions_sctp(questions *q);
void questions_dcep(questions *q);
void questions_messages(questions *q);
void questions_streams(questions *q);
void questions_noise(questions *q); /* of channel 0, part of streams */
void questions_tcp(questions *q);
void questions_noise_messages(questions *q); /* of noise.jsonl */
void questions_yamux(questions *q);
void questions_yamux_streams(questions *q);

#endif
