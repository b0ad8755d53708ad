/* Of sctp.jsonl: checksum and fields of every packet. Of dcep.jsonl: the fields of every message, and ours written again. */
#include <string.h>

#include "apps/conform/questions.h"

void questions_sctp(questions *q) {
  for (size_t i = 0; i < q->s->cuts[SESSION_SCTP].len; i++) {
    const session_unit *u = &q->s->cuts[SESSION_SCTP].units[i];
    bool unchecked = u->len >= 12 && memcmp(u->wire + 8, "\0\0\0\0", 4) == 0; /* RFC 9653: zero where DTLS is below */
    if (!unchecked) question(q, u, "sctp_packet.verify", question_octets(u->wire, u->len), json_new(JSON_OBJECT));
    question_as_read(q, u, "sctp_packet.decode", question_octets(u->wire, u->len));
  }
}

/* The fields that dcep.encode takes, out of those that were read. */
static json *fields_of(const json *read) {
  static const char *const names[] = {"channel_type",          "unordered", "reliability", "priority",
                                      "reliability_parameter", "label",     "protocol"};
  json *in = json_new(JSON_OBJECT);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const json *field = json_get(read, names[i]);
    if (field) json_put(in, names[i], json_copy(field));
  }
  return in;
}

void questions_dcep(questions *q) {
  for (size_t i = 0; i < q->s->cuts[SESSION_DCEP].len; i++) {
    const session_unit *u = &q->s->cuts[SESSION_DCEP].units[i];
    const json *read = question_as_read(q, u, "dcep.decode", question_octets(u->wire, u->len));
    if (json_get(read, "label") && session_is_ours(q->s, u->dialer))
      question(q, u, "dcep.encode", fields_of(read), question_octets(u->wire, u->len));
  }
}
