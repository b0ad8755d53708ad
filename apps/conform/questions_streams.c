/* Of streams.jsonl and yamux-streams.jsonl, and of the beginning of tcp.jsonl and circuit.jsonl: what our side says in multistream-select, and the messages of the protocols that were agreed on. */
#include <stdlib.h>
#include <string.h>

#include "apps/conform/op.h"
#include "apps/conform/questions.h"
#include "base/bytes.h"

enum { OPENER = 1, OTHER = 2, BOTH = 3, ALL = 1000 };

/* Which side of a stream speaks the messages, and how many before something else follows. */
static const struct {
  const char *protocol, *op;
  unsigned who, at_most;
} spoken[] = {
    {"/ipfs/id/1.0.0", "identify.decode", OTHER, 1},
    {"/ipfs/id/push/1.0.0", "identify.decode", OPENER, 1},
    {"/libp2p/circuit/relay/0.2.0/hop", "relay_hop.decode", BOTH, 1},
    {"/libp2p/circuit/relay/0.2.0/stop", "relay_stop.decode", BOTH, 1},
    {"/webrtc-signaling/0.0.1", "signaling.decode", BOTH, ALL},
};

/* ---- what is inside those messages ---- */

static const char *peer_id_of(const questions *q, bool dialer) {
  return session_text(q->s, dialer ? "dialer.peer_id" : "listener.peer_id");
}

static json *one_text(const char *key, const char *text) {
  json *j = json_new(JSON_OBJECT);
  json_put_string(j, key, text);
  return j;
}

/* The key of session.json's peer id. */
static void ask_for_key(questions *q, const session_unit *u, const json *field) {
  if (!json_text(field)) return;
  const char *id = peer_id_of(q, u->dialer);
  json *in = one_text("protobuf", field->text);
  if (id[0])
    question(q, u, "public_key.decode", in, one_text("text", id));
  else
    question_as_read(q, u, "public_key.decode", in);
}

/* py-libp2p has an empty observed_addr where it does not know one. */
static void ask_for_address(questions *q, const session_unit *u, const json *field) {
  if (json_text(field) && field->len > 0) question_as_read(q, u, "multiaddr.decode", one_text("hex", field->text));
}

/* A signed envelope, and what it holds. */
static void ask_for_envelope(questions *q, const session_unit *u, const json *field, const char *domain,
                             const char *op) {
  if (!json_text(field)) return;
  json *in = one_text("hex", field->text);
  json_put_string(in, "domain", domain);
  const json *read = question_as_read(q, u, "signed_envelope.open", in);
  const json *payload = json_get(read, "payload");
  if (json_text(payload)) question_as_read(q, u, op, one_text("hex", payload->text));
}

static void ask_inside(questions *q, const session_unit *u, const char *op, const json *read) {
  if (strcmp(op, "identify.decode") == 0) {
    ask_for_key(q, u, json_get(read, "public_key"));
    ask_for_address(q, u, json_get(read, "observed_addr"));
    for (const json *a = json_first(json_get(read, "listen_addrs")); a; a = a->next) ask_for_address(q, u, a);
    ask_for_envelope(q, u, json_get(read, "signed_peer_record"), "libp2p-peer-record", "peer_record.decode");
  }
  if (strcmp(op, "relay_hop.decode") == 0)
    ask_for_envelope(q, u, json_find(read, "reservation.voucher"), "libp2p-relay-rsvp", "relay_voucher.decode");
}

/* ---- messages ---- */

/* Each has its length in front; the unit is that of its first octet. */
static void ask_for_messages(questions *q, const session_life *l, size_t at, const char *op, unsigned at_most) {
  weft_rd r, message;
  weft_rd_init(&r, l->data + at, l->len - at);
  for (unsigned n = 0; n < at_most && weft_rd_left(&r) > 0; n++) {
    const session_unit *u = l->of[l->len - weft_rd_left(&r)];
    weft_rd_uvarint_sub(&r, &message);
    if (!weft_rd_ok(&r)) return; /* the session ended before the rest of it came */
    size_t len = weft_rd_left(&message);
    const json *read = question_as_read(q, u, op, question_octets(message.p, len));
    ask_inside(q, u, op, read);
  }
}

/* The last protocol that both said is the one they agreed on. */
static const char *agreed(const session_lines *a, const session_lines *b, size_t *a_end, size_t *b_end) {
  for (size_t i = a->len; i > 0; i--)
    for (size_t k = b->len; k > 0; k--) {
      if (strcmp(a->names[i - 1], b->names[k - 1]) != 0) continue;
      *a_end = a->end[i - 1];
      *b_end = b->end[k - 1];
      return a->names[i - 1];
    }
  return NULL;
}

static void ask_for_protocol(questions *q, const session_life *opener, const session_life *other) {
  static session_lines a, b;
  size_t a_end = 0, b_end = 0;
  session_lines_read(&a, opener);
  session_lines_read(&b, other);
  const char *protocol = agreed(&a, &b, &a_end, &b_end);
  for (size_t i = 0; protocol && i < sizeof spoken / sizeof *spoken; i++) {
    if (strcmp(protocol, spoken[i].protocol) != 0) continue;
    if (spoken[i].who & OPENER) ask_for_messages(q, opener, a_end, spoken[i].op, spoken[i].at_most);
    if (spoken[i].who & OTHER) ask_for_messages(q, other, b_end, spoken[i].op, spoken[i].at_most);
  }
}

/* ---- multistream-select ---- */

/* Their octets as far as they take part in the negotiation, and ours, which must come out again. */
static void ask_to_negotiate(questions *q, bool we_opened, const session_life *ours, const session_life *theirs) {
  static session_lines mine, other;
  size_t mine_end = 0, other_end = 0;
  session_lines_read(&mine, ours);
  session_lines_read(&other, theirs);
  const char *protocol = agreed(&mine, &other, &mine_end, &other_end);
  if (!protocol) return; /* it ended before */
  json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT), *protocols, *input;
  json_put_string(in, "role", we_opened ? "dialer" : "listener");
  protocols = json_put_array(in, "protocols");
  for (size_t i = 0; i < mine.len; i++) json_put_string(protocols, NULL, mine.names[i]);
  input = json_put_array(in, "input");
  for (size_t at = 0, n; at < other_end; at += n) { /* as it came, frame by frame */
    for (n = 1; at + n < other_end && theirs->of[at + n] == theirs->of[at]; n++) continue;
    json_put_hex(input, NULL, theirs->data + at, n);
  }
  json_put_hex(want, "output", ours->data, mine_end);
  json_put_string(want, "selected", protocol);
  question(q, ours->of[0], "multistream.negotiate", in, want);
}

static void ask_for_life(questions *q, bool dialer_opened, const session_life *dialers, const session_life *listeners) {
  const session_life *ours = q->s->us_dialer ? dialers : listeners, *theirs = q->s->us_dialer ? listeners : dialers;
  if (ours->len > 0) ask_to_negotiate(q, dialer_opened == q->s->us_dialer, ours, theirs);
  ask_for_protocol(q, dialer_opened ? dialers : listeners, dialer_opened ? listeners : dialers);
}

static void ask_for_stream(questions *q, uint32_t stream, bool dialer_opened) {
  session_life dialers, listeners;
  bool more = true;
  for (unsigned nth = 0; more; nth++) {
    if (!session_life_take(&dialers, q->s, true, stream, nth) ||
        !session_life_take(&listeners, q->s, false, stream, nth))
      abort();
    more = dialers.len + listeners.len > 0;
    if (more) ask_for_life(q, dialer_opened, &dialers, &listeners);
    session_life_free(&dialers);
    session_life_free(&listeners);
  }
}

void questions_streams(questions *q) {
  const session_cut *c = &q->s->cuts[SESSION_STREAMS];
  bool dialer_opened;
  questions_noise(q);
  for (size_t i = 0; i < c->len; i++) {
    bool first = true;
    for (size_t k = 0; k < i && first; k++) first = c->units[k].stream != c->units[i].stream;
    if (first && session_opener(q->s, c->units[i].stream, &dialer_opened))
      ask_for_stream(q, c->units[i].stream, dialer_opened);
  }
}

/* The side that opened the connection has the odd ids (yamux spec, "StreamID field"). */
static void ask_for_yamux_stream(questions *q, uint32_t stream) {
  session_talk t;
  if (!session_talk_take(&t, q->s, SESSION_YAMUX_STREAMS, stream, 0)) abort();
  ask_for_life(q, stream % 2 == 1, &t.side[1], &t.side[0]);
  session_talk_free(&t);
}

void questions_yamux_streams(questions *q) {
  const session_cut *c = &q->s->cuts[SESSION_YAMUX_STREAMS];
  for (size_t i = 0; i < c->len; i++) {
    bool first = true;
    for (size_t k = 0; k < i && first; k++) first = c->units[k].stream != c->units[i].stream;
    if (first) ask_for_yamux_stream(q, c->units[i].stream);
  }
}

/* Over TCP, and through a relay, Noise is agreed upon first (libp2p specs connections/README.md). */
void questions_tcp(questions *q) {
  session_talk t;
  bool us = q->s->us_dialer;
  if (!session_talk_take(&t, q->s, q->cut, 0, 0)) abort();
  if (t.side[us].len > 0) ask_to_negotiate(q, us, &t.side[us], &t.side[!us]);
  session_talk_free(&t);
}
