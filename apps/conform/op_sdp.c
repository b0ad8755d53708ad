/* sdp.*, signaling.* */
#include "webrtc/sdp.h"

#include <string.h>

#include "apps/conform/op.h"
#include "webrtc/signaling.h"

static const char *const setup_names[] = {"", "active", "passive", "actpass", "holdconn"};

static weft_sdp_setup setup_of(const char *name) {
  for (int i = 1; name && i <= WEFT_SDP_HOLDCONN; i++)
    if (strcmp(name, setup_names[i]) == 0) return (weft_sdp_setup)i;
  return WEFT_SDP_SETUP_NONE;
}

static void put_sdp(json *to, const weft_sdp *s) {
  json_put_string(to, "mid", s->mid);
  json_put_string(to, "ice_ufrag", s->ice_ufrag);
  json_put_string(to, "ice_pwd", s->ice_pwd);
  json_put_string(to, "setup", setup_names[s->setup]);
  json_put_u64(to, "sctp_port", s->sctp_port);
  json_put_u64(to, "max_message_size", s->max_message_size);
  json_put_u64(to, "candidates", s->candidates_len + s->candidates_dropped);
  json_put_bool(to, "end_of_candidates", s->end_of_candidates);
  json_put_bool(to, "ice_lite", s->ice_lite);
  json_put_bool(to, "trickle", s->trickle);
  json *prints = json_put_array(to, "fingerprints");
  for (size_t i = 0; i < s->fingerprints_len; i++) json_put_hex(prints, NULL, s->fingerprints[i], 32);
}

/* What was read is written, and that read again. */
static bool comes_back(const weft_sdp *s) {
  static weft_sdp out, again;
  char text[WEFT_SDP_MAX];
  size_t len;
  out = *s;
  if (out.mid[0] == 0) out.mid[0] = '0';
  if (out.setup == WEFT_SDP_SETUP_NONE) out.setup = WEFT_SDP_ACTPASS;
  bool offer = out.setup == WEFT_SDP_ACTPASS;
  if (weft_sdp_write(&out, offer, text, sizeof text, &len) != WEFT_OK) return false;
  if (weft_sdp_parse(&again, text, len, NULL, 0) != WEFT_OK) return false;
  out.candidates_dropped = 0;
  return memcmp(&out, &again, sizeof out) == 0;
}

static conform_status parse(conform_call *c) {
  static weft_sdp s;
  const json *text = conform_string(c, "text");
  if (!text) return CONFORM_BAD;
  int rc = weft_sdp_parse(&s, text->text, text->len, NULL, 0);
  if (rc == WEFT_EUNSUPPORTED)
    return CONFORM_MALFORMED; /* no data-channel section, or no fingerprint that can be checked */
  if (rc != WEFT_OK) return conform_code(rc);
  put_sdp(c->out, &s);
  json_put_bool(c->out, "written_again", comes_back(&s));
  return CONFORM_OK;
}

static conform_status role(conform_call *c) {
  bool offerer;
  const char *offer = conform_text(c, "offer"), *answer = conform_text(c, "answer");
  if (!offer || !answer) return CONFORM_BAD;
  int rc = weft_sdp_dtls_client(setup_of(offer), setup_of(answer), &offerer);
  if (rc == WEFT_OK) json_put_string(c->out, "dtls_client", offerer ? "offerer" : "answerer");
  return conform_code(rc);
}

/* ---- signaling ---- */

static conform_status signaling_decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_signaling_message m;
  if (!in) return CONFORM_BAD;
  int rc = weft_signaling_decode(&m, in, len);
  if (rc != WEFT_OK) return conform_code(rc);
  if (m.type < 0)
    json_put_null(c->out, "type");
  else
    json_put_u64(c->out, "type", (uint64_t)m.type);
  if (m.data)
    json_put_hex(c->out, "data", m.data, m.len);
  else
    json_put_null(c->out, "data");
  return CONFORM_OK;
}

static conform_status signaling_encode(conform_call *c) {
  uint8_t *out = conform_memory(c, WEFT_SIGNALING_MESSAGE_MAX + 4);
  size_t len;
  uint16_t type;
  weft_signaling_message m = {.type = -1};
  m.data = conform_bytes(c, "data", &m.len);
  if (!conform_u16(c, "type", &type) || !m.data) return CONFORM_BAD;
  m.type = type;
  int rc = weft_signaling_encode(&m, out, WEFT_SIGNALING_MESSAGE_MAX + 4, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

static conform_status candidate(conform_call *c) {
  const json *text = conform_string(c, "json");
  char out[1024];
  bool end;
  if (!text) return CONFORM_BAD;
  int rc = weft_signaling_candidate_parse((const uint8_t *)text->text, text->len, out, sizeof out, &end);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_string(c->out, "candidate", out);
  json_put_bool(c->out, "end", end);
  return CONFORM_OK;
}

const conform_entry conform_sdp[] = {{"sdp.parse", parse},
                                     {"sdp.role", role},
                                     {"signaling.decode", signaling_decode},
                                     {"signaling.encode", signaling_encode},
                                     {"signaling.candidate", candidate},
                                     {NULL, NULL}};
