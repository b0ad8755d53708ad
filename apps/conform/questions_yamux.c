/* Of yamux.jsonl: the header of each frame, and ours from their fields. */
#include <stdlib.h>

#include <weft/yamux/yamux.h>

#include "apps/conform/questions.h"

static void ask_for_header(questions *q, const session_unit *u) {
  weft_yamux_header h;
  if (u->len < WEFT_YAMUX_HEADER_LEN || weft_yamux_header_decode(&h, u->wire) != WEFT_OK) return;
  json *in, *octets = question_octets(u->wire, WEFT_YAMUX_HEADER_LEN);
  question_as_read(q, u, "yamux_frame.decode", octets);
  if (!session_is_ours(q->s, u->dialer)) return;
  in = json_new(JSON_OBJECT);
  json_put_u64(in, "type", h.type);
  json_put_u64(in, "flags", h.flags);
  json_put_u64(in, "stream_id", h.stream);
  json_put_u64(in, "length", h.length);
  question(q, u, "yamux_frame.encode", in, question_octets(u->wire, WEFT_YAMUX_HEADER_LEN));
}

void questions_yamux(questions *q) {
  const session_cut *c = &q->s->cuts[SESSION_YAMUX];
  for (size_t i = 0; i < c->len; i++) ask_for_header(q, &c->units[i]);
}
