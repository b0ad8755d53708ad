#include "apps/conform/questions.h"

#include <stdlib.h>
#include <string.h>

#include "apps/conform/guard.h"
#include "apps/conform/op.h"
#include "base/hash.h"

static void (*const of_cut[SESSION_CUTS])(questions *q) = {
    [SESSION_UDP] = questions_udp,
    [SESSION_STUN] = questions_stun,
    [SESSION_DTLS] = questions_dtls,
    [SESSION_SCTP] = questions_sctp,
    [SESSION_DCEP] = questions_dcep,
    [SESSION_MESSAGES] = questions_messages,
    [SESSION_STREAMS] = questions_streams,
    [SESSION_TCP] = questions_tcp,
    [SESSION_NOISE] = questions_noise_messages,
    [SESSION_YAMUX] = questions_yamux,
    [SESSION_YAMUX_STREAMS] = questions_yamux_streams,
    [SESSION_CIRCUIT] = questions_tcp,
};

/* ---- one question ---- */

static conform_case *add(questions *q) {
  conform_file *f = q->file;
  if (f->cases_len == q->room) {
    q->room = q->room ? 2 * q->room : 64;
    f->cases = realloc(f->cases, q->room * sizeof *f->cases);
    if (!f->cases) abort();
  }
  return &f->cases[f->cases_len++];
}

/* "stun/12/stun_message.decode", and ".2" behind the second of the same line. */
static const char *name(questions *q, json *doc, int line, const char *op) {
  char id[160];
  unsigned before = 0;
  for (size_t i = 0; i < q->file->cases_len; i++)
    before += q->file->cases[i].line == line && strcmp(q->file->cases[i].op, op) == 0;
  int n = snprintf(id, sizeof id, "%s/%d/%s", session_cut_names[q->cut], line, op);
  if (before > 0) snprintf(id + n, sizeof id - (size_t)n, ".%u", before + 1);
  json_put_string(doc, "id", id);
  return json_text(json_get(doc, "id"));
}

static conform_case *put(questions *q, const session_unit *u, const char *op, json *in) {
  json *doc = json_put_object(q->file->doc, NULL);
  const char *id = name(q, doc, u->line, op);
  conform_case *c = add(q);
  *c = (conform_case){.id = id, .op = op, .comment = "", .line = u->line, .result = CONFORM_VALID};
  c->in = json_put(doc, "in", in);
  if (session_deviates(q->s, q->cut, u)) c->result = CONFORM_ACCEPTABLE;
  return c;
}

static const json *expect(questions *q, conform_case *c, json *want) {
  json *doc = q->file->doc->last;
  const json *out = json_put(doc, "out", want);
  if (c->result == CONFORM_VALID) c->out = out;
  return out;
}

void question(questions *q, const session_unit *u, const char *op, json *in, json *want) {
  expect(q, put(q, u, op, in), want);
}

const json *question_as_read(questions *q, const session_unit *u, const char *op, json *in) {
  json *want = json_new(JSON_OBJECT);
  conform_guard_enter(q->file->path, u->line, op, 0);
  conform_status status = conform_op(op, in, want);
  conform_guard_leave();
  if (status == CONFORM_UNSUPPORTED) {
    json_free(in);
    json_free(want);
    return NULL;
  }
  conform_case *c = put(q, u, op, in);
  if (status == CONFORM_OK) return expect(q, c, want);
  json_free(want);
  expect(q, c, json_new(JSON_OBJECT)); /* the recorded implementations made something of it: so must any */
  return NULL;
}

json *question_octets(const uint8_t *data, size_t len) {
  json *in = json_new(JSON_OBJECT);
  json_put_hex(in, "hex", data, len);
  return in;
}

uint8_t *question_bytes(const json *field, size_t *len) {
  const char *hex = json_text(field);
  *len = hex ? strlen(hex) / 2 : 0;
  uint8_t *data = hex ? malloc(*len + 1) : NULL;
  if (data && weft_hex_decode(data, *len, hex, 2 * *len) == WEFT_OK) return data;
  free(data);
  return NULL;
}

/* ---- a cut ---- */

conform_file *conform_questions(const session *s, const char *session_name, session_cut_name cut) {
  char path[1200];
  conform_file *f = calloc(1, sizeof *f);
  if (!f) abort();
  questions q = {s, cut, f, 0};
  f->doc = json_new(JSON_ARRAY);
  json *head = json_put_object(f->doc, NULL);
  snprintf(path, sizeof path, "%s/%s.jsonl", s->dir, session_cut_names[cut]);
  json_put_string(head, "path", path);
  json_put_string(head, "name", session_name);
  f->path = json_text(json_get(head, "path"));
  f->type = json_text(json_get(head, "name"));
  f->layer = session_cut_names[cut];
  if (of_cut[cut]) of_cut[cut](&q);
  return f;
}

void conform_questions_free(conform_file *f) {
  conform_file_free(f);
  free(f);
}

/* RFC 7983 section 7: what stands in stun.jsonl is STUN, and the rest is not. */
void questions_udp(questions *q) {
  const session_cut *c = &q->s->cuts[SESSION_UDP], *stun = &q->s->cuts[SESSION_STUN];
  size_t at = 0;
  for (size_t i = 0; i < c->len; i++) {
    const session_unit *u = &c->units[i];
    if (u->len == 0) continue;
    bool is = at < stun->len && stun->units[at].t_us == u->t_us && stun->units[at].len == u->len &&
              memcmp(stun->units[at].wire, u->wire, u->len) == 0;
    at += is;
    json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT);
    json_put_u64(in, "first_byte", u->wire[0]);
    json_put_bool(want, "stun", is);
    question(q, u, "demux.first_byte", in, want);
  }
}
