/* Of messages.jsonl: the frames in the channel messages of a stream and direction are those of streams.jsonl; and our own frames from their payload. */
#include <stdlib.h>
#include <string.h>

#include "apps/conform/questions.h"
#include "webrtc/deframe.h"

typedef struct lane { /* one direction of one stream */
  questions *q;
  bool dialer;
  uint32_t stream;
  size_t next;                             /* in streams.jsonl */
  const session_unit **messages, **frames; /* so far; every frame of these messages is one of these */
  size_t messages_len, frames_len;
  size_t left; /* octets behind the last whole frame */
} lane;

static bool is_of(const lane *l, const session_unit *u) { return u->dialer == l->dialer && u->stream == l->stream; }

static const session_unit *next_frame(lane *l) {
  const session_cut *c = &l->q->s->cuts[SESSION_STREAMS];
  while (l->next < c->len && !is_of(l, &c->units[l->next])) l->next++;
  return l->next < c->len ? &c->units[l->next++] : NULL;
}

static int flag_of(const session_unit *u) {
  static const char *const names[] = {"FIN", "STOP_SENDING", "RESET", "FIN_ACK"};
  for (int i = 0; i < 4; i++)
    if (strcmp(names[i], u->flag) == 0) return i;
  return WEFT_WEBRTC_FLAG_NONE;
}

static void put_flag(json *to, const session_unit *frame) {
  if (frame->flag[0])
    json_put_u64(to, "flag", (uint64_t)flag_of(frame));
  else
    json_put_null(to, "flag");
}

/* streams.jsonl does not tell an empty message from none, so that is not compared. */
static json *frame_fields(const session_unit *frame) {
  json *out = json_new(JSON_OBJECT);
  put_flag(out, frame);
  if (frame->len > 0) json_put_hex(out, "message", frame->wire, frame->len);
  return out;
}

/* Frames that a channel message completes; false: one of them is not the next of streams.jsonl, as where the stream had ended there. */
static bool take_message(lane *l, weft_webrtc_deframer *d, const session_unit *u) {
  const uint8_t *data = u->wire, *body;
  size_t len = u->len, body_len, taken = 0;
  weft_webrtc_frame f;
  int rc;
  while ((rc = weft_webrtc_deframer_next(d, &data, &len, &body, &body_len)) > 0) {
    const session_unit *want = next_frame(l);
    if (!want || weft_webrtc_frame_decode(&f, body, body_len) != WEFT_OK || f.flag != flag_of(want) ||
        f.len != want->len || (f.len > 0 && memcmp(f.message, want->wire, f.len) != 0))
      return false;
    l->frames[l->frames_len++] = want;
    taken += body_len + (body_len < 0x80 ? 1 : 2); /* its length is an unsigned varint, and at most 16 KiB */
  }
  l->messages[l->messages_len++] = u;
  l->left += u->len - taken;
  return rc == 0;
}

/* A channel message that is one whole frame: read alone, and written where it is ours. */
static void ask_for_one(questions *q, const session_unit *message, const session_unit *frame) {
  question(q, message, "webrtc_framing.decode", question_octets(message->wire, message->len), frame_fields(frame));
  if (!session_is_ours(q->s, message->dialer)) return;
  json *in = json_new(JSON_OBJECT);
  if (frame->flag[0]) json_put_u64(in, "flag", (uint64_t)flag_of(frame));
  if (frame->len > 0) json_put_hex(in, "message", frame->wire, frame->len);
  question(q, message, "webrtc_framing.encode", in, question_octets(message->wire, message->len));
}

/* As far as the messages end where a frame does: what follows was sent when the stream had ended, or never came whole. */
static void ask_for_all(lane *l, size_t n, size_t frames) {
  json *in = json_new(JSON_OBJECT), *want = json_new(JSON_OBJECT), *chunks = json_put_array(in, "chunks"),
       *messages = json_put_array(want, "messages");
  for (size_t i = 0; i < n; i++) json_put_hex(chunks, NULL, l->messages[i]->wire, l->messages[i]->len);
  for (size_t i = 0; i < frames; i++) json_put(messages, NULL, frame_fields(l->frames[i]));
  json_put_u64(want, "left", 0);
  question(l->q, l->messages[0], "webrtc_framing.split", in, want);
}

static void ask_for_lane(lane *l) {
  const session_cut *c = &l->q->s->cuts[SESSION_MESSAGES];
  weft_webrtc_deframer d;
  size_t whole = 0, frames = 0;
  bool good = true;
  weft_webrtc_deframer_init(&d, NULL);
  for (size_t i = 0; i < c->len && good; i++) {
    if (!is_of(l, &c->units[i])) continue;
    bool begins = l->left == 0;
    good = take_message(l, &d, &c->units[i]);
    if (!good) break;
    if (l->left > 0) continue;
    if (begins && l->frames_len == frames + 1) ask_for_one(l->q, &c->units[i], l->frames[frames]);
    whole = l->messages_len;
    frames = l->frames_len;
  }
  if (whole > 0) ask_for_all(l, whole, frames);
  weft_webrtc_deframer_free(&d);
}

void questions_messages(questions *q) {
  const session_cut *c = &q->s->cuts[SESSION_MESSAGES];
  lane l = {.q = q};
  l.messages = malloc((c->len + 1) * sizeof *l.messages);
  l.frames = malloc((q->s->cuts[SESSION_STREAMS].len + 1) * sizeof *l.frames);
  if (!l.messages || !l.frames) abort();
  for (size_t i = 0; i < c->len; i++) {
    bool first = true;
    l.dialer = c->units[i].dialer;
    l.stream = c->units[i].stream;
    l.next = l.messages_len = l.frames_len = l.left = 0;
    for (size_t k = 0; k < i; k++) first = first && !is_of(&l, &c->units[k]);
    if (first) ask_for_lane(&l);
  }
  free((void *)l.messages);
  free((void *)l.frames);
}
