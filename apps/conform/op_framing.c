/* webrtc_framing.*, webrtc_stream.*: libp2p's frames on a data channel, and the stream they make. */
#include <string.h>

#include "apps/conform/op.h"
#include "base/bytes.h"
#include "webrtc/deframe.h"
#include "webrtc/halves.h"
#include "webrtc/webrtc.h"

static void put_flag(json *to, const char *key, int flag) {
  if (flag < 0)
    json_put_null(to, key);
  else
    json_put_u64(to, key, (uint64_t)flag);
}

static void put_frame(json *to, const weft_webrtc_frame *f) {
  put_flag(to, "flag", f->flag);
  if (f->message)
    json_put_hex(to, "message", f->message, f->len);
  else
    json_put_null(to, "message");
}

/* One channel message that holds exactly one frame. */
static conform_status decode(conform_call *c) {
  size_t len, body_len = 0;
  const uint8_t *in = conform_bytes(c, "hex", &len), *body = NULL;
  weft_webrtc_deframer d;
  weft_webrtc_frame f;
  if (!in) return CONFORM_BAD;
  weft_webrtc_deframer_init(&d, NULL);
  int rc = weft_webrtc_deframer_next(&d, &in, &len, &body, &body_len);
  if (rc >= 0) rc = rc == 1 && len == 0 ? weft_webrtc_frame_decode(&f, body, body_len) : WEFT_EMALFORMED;
  if (rc == WEFT_OK) put_frame(c->out, &f);
  weft_webrtc_deframer_free(&d);
  return conform_code(rc);
}

static conform_status encode(conform_call *c) {
  uint8_t *out = conform_memory(c, WEFT_WEBRTC_FRAME_MAX);
  size_t len = 0;
  uint64_t flag;
  weft_webrtc_frame f = {.flag = conform_u64(c, "flag", &flag) ? (int)flag : WEFT_WEBRTC_FLAG_NONE};
  if (!json_is_null(json_get(c->in, "message")) && !(f.message = conform_bytes(c, "message", &f.len)))
    return CONFORM_BAD;
  int rc = weft_webrtc_frame_encode(&f, out, WEFT_WEBRTC_FRAME_MAX, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

/* left: octets that are in no whole frame yet, its length too. */
static conform_status put_frames(conform_call *c, weft_webrtc_deframer *d, json *messages, size_t *left) {
  for (const json *chunk = json_first(json_get(c->in, "chunks")); chunk; chunk = chunk->next) {
    size_t len, body_len;
    const uint8_t *in = conform_bytes_of(c, chunk, &len), *body;
    int rc;
    if (!in) return CONFORM_BAD;
    *left += len;
    while ((rc = weft_webrtc_deframer_next(d, &in, &len, &body, &body_len)) > 0) {
      weft_webrtc_frame f;
      *left -= weft_uvarint_size(body_len) + body_len;
      rc = weft_webrtc_frame_decode(&f, body, body_len);
      if (rc != WEFT_OK) return conform_code(rc);
      put_frame(json_put_object(messages, NULL), &f);
    }
    if (rc < 0) return conform_code(rc);
  }
  return CONFORM_OK;
}

/* Chunks as they come; messages may span them. */
static conform_status split(conform_call *c) {
  weft_webrtc_deframer d;
  size_t left = 0;
  weft_webrtc_deframer_init(&d, NULL);
  conform_status s = put_frames(c, &d, json_put_array(c->out, "messages"), &left);
  json_put_u64(c->out, "left", left);
  weft_webrtc_deframer_free(&d);
  return s;
}

/* ---- the flags of one stream ---- */

typedef struct one_stream {
  weft_webrtc_halves halves;
  weft_webrtc_deframer rx;
  json *read, *sent;
} one_stream;

/* A call that finds its half ended changes nothing, but for data, which cannot go out any more. */
static conform_status act(weft_webrtc_halves *h, const char *what) {
  if (strcmp(what, "write") == 0) return weft_webrtc_halves_writable(h) ? CONFORM_OK : CONFORM_STATE;
  if (strcmp(what, "close_write") == 0)
    (void)weft_webrtc_halves_shutdown(h);
  else if (strcmp(what, "close_read") == 0)
    (void)weft_webrtc_halves_stop(h);
  else if (strcmp(what, "reset") == 0)
    weft_webrtc_halves_reset(h, WEFT_ECLOSED, true);
  else if (strcmp(what, "channel_reset") == 0)
    (void)weft_webrtc_halves_channel_reset(h);
  else
    return CONFORM_BAD;
  return CONFORM_OK;
}

static void put_owed(weft_webrtc_halves *h, json *sent) {
  int flag;
  while ((flag = weft_webrtc_halves_next(h, false, 0)) != WEFT_WEBRTC_FLAG_NONE) {
    weft_webrtc_halves_sent(h, flag);
    json_put_u64(sent, NULL, (uint64_t)flag);
  }
}

static void take_frame(one_stream *s, const weft_webrtc_frame *f) {
  weft_webrtc_halves *h = &s->halves;
  if (h->reset != WEFT_OK) return;
  if (f->len > 0 && f->flag != WEFT_WEBRTC_RESET && weft_webrtc_halves_readable(h))
    json_put_hex(s->read, NULL, f->message, f->len);
  if (f->flag >= 0) (void)weft_webrtc_halves_flag(h, f->flag, 0);
}

/* A channel message as it is. What follows a reset is not looked at any more. */
static conform_status take_octets(one_stream *s, const uint8_t *data, size_t len) {
  const uint8_t *body;
  size_t body_len;
  int rc = WEFT_OK;
  while (s->halves.reset == WEFT_OK && (rc = weft_webrtc_deframer_next(&s->rx, &data, &len, &body, &body_len)) > 0) {
    weft_webrtc_frame f;
    rc = weft_webrtc_frame_decode(&f, body, body_len);
    if (rc != WEFT_OK) break;
    take_frame(s, &f);
  }
  return conform_code(rc < 0 ? rc : WEFT_OK);
}

static conform_status step(conform_call *c, one_stream *s, const json *given) {
  const char *what = json_text(json_get(given, "do"));
  uint64_t flag;
  size_t len;
  if (what) return act(&s->halves, what);
  if (json_get(given, "hex")) {
    const uint8_t *octets = conform_bytes_of(c, json_get(given, "hex"), &len);
    return octets ? take_octets(s, octets, len) : CONFORM_BAD;
  }
  weft_webrtc_frame f = {.flag = json_u64(json_get(given, "flag"), &flag) ? (int)flag : WEFT_WEBRTC_FLAG_NONE};
  f.message = conform_bytes_of(c, json_get(given, "message"), &f.len);
  take_frame(s, &f);
  return CONFORM_OK;
}

/* Frames that come in and calls of the application, in order; the flags that go out and what is left of the stream. */
static conform_status stream(conform_call *c) {
  one_stream s = {.read = json_put_array(c->out, "read"), .sent = json_put_array(c->out, "sent_flags")};
  conform_status status = CONFORM_OK;
  weft_webrtc_halves_init(&s.halves);
  weft_webrtc_deframer_init(&s.rx, NULL);
  for (const json *given = json_first(json_get(c->in, "steps")); given && status == CONFORM_OK; given = given->next) {
    status = step(c, &s, given);
    put_owed(&s.halves, s.sent);
  }
  weft_webrtc_deframer_free(&s.rx);
  json_put_bool(c->out, "readable", weft_webrtc_halves_readable(&s.halves));
  json_put_bool(c->out, "writable", weft_webrtc_halves_writable(&s.halves));
  json_put_bool(c->out, "reset", s.halves.reset != WEFT_OK);
  json_put_bool(c->out, "finished", weft_webrtc_halves_finished(&s.halves, 0));
  return status;
}

const conform_entry conform_framing[] = {{"webrtc_framing.decode", decode},
                                         {"webrtc_framing.encode", encode},
                                         {"webrtc_framing.split", split},
                                         {"webrtc_stream.run", stream},
                                         {NULL, NULL}};
