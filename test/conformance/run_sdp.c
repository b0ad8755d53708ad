/* vectors/import/sdp.json. Candidates and credentials are ICE's. */
#include <string.h>

#include "dtls/dtls.h"
#include "test/conformance/ice_cases.h"
#include "webrtc/sdp.h"

/* ---- descriptions ---- */

static bool is_data_channel(const json *media) {
  const char *kind = json_text(json_get(media, "media")), *proto = json_text(json_get(media, "proto"));
  const char *format = json_text(json_find(media, "formats.0"));
  return kind && proto && format && strcmp(kind, "application") == 0 && strcmp(proto, "UDP/DTLS/SCTP") == 0 &&
         strcmp(format, "webrtc-datachannel") == 0;
}

static const json *section(const json *expected) {
  for (const json *m = json_first(json_get(expected, "media")); m; m = m->next)
    if (is_data_channel(m)) return m;
  return NULL;
}

/* The section's value, or else the session's. */
static const json *value(const json *expected, const json *media, const char *name) {
  const json *v = json_get(media, name);
  return json_is_null(v) ? json_find(json_get(expected, "session"), name) : v;
}

static bool text_is(const json *v, const char *got) {
  const char *want = json_text(v);
  return strcmp(want ? want : "", got) == 0;
}

static bool number_is(const json *v, uint64_t absent, uint64_t got) {
  uint64_t want;
  return (json_u64(v, &want) ? want : absent) == got;
}

static bool setup_is(const json *v, weft_sdp_setup got) {
  static const char *const names[] = {"", "active", "passive", "actpass", "holdconn"};
  return text_is(v, names[got]);
}

static bool fingerprint_is(conform_ctx *ctx, const json *list, const weft_sdp *s) {
  size_t len, n = 0;
  for (const json *f = json_first(list); f; f = f->next) {
    if (strcmp(json_text(json_at(f, 0)), "sha-256") != 0) continue;
    const uint8_t *hash = conform_bytes_of(ctx, json_at(f, 1), &len);
    if (n == s->fingerprints_len || len != 32 || memcmp(hash, s->fingerprints[n], 32) != 0) return false;
    n++;
  }
  return n == s->fingerprints_len;
}

static const json *fingerprints(const json *expected, const json *media) {
  const json *own = json_get(media, "fingerprints");
  return own && own->len > 0 ? own : json_find(expected, "session.fingerprints");
}

static bool trickle_is(const json *v, bool got) {
  const char *options = json_text(v);
  return got == (options && strstr(options, "trickle") != NULL);
}

static bool same(conform_ctx *ctx, const json *expected, const json *media, const weft_sdp *s) {
  return text_is(json_get(media, "mid"), s->mid) && text_is(value(expected, media, "ice_ufrag"), s->ice_ufrag) &&
         text_is(value(expected, media, "ice_pwd"), s->ice_pwd) &&
         setup_is(value(expected, media, "setup"), s->setup) &&
         number_is(json_get(media, "sctp_port"), 5000, s->sctp_port) &&
         number_is(json_get(media, "max_message_size"), 65536, s->max_message_size) &&
         number_is(json_get(media, "candidates"), 0, s->candidates_len + s->candidates_dropped) &&
         json_bool(json_get(media, "end_of_candidates"), false) == s->end_of_candidates &&
         json_bool(json_find(expected, "session.ice_lite"), false) == s->ice_lite &&
         trickle_is(value(expected, media, "ice_options"), s->trickle) &&
         fingerprint_is(ctx, fingerprints(expected, media), s);
}

/* What a connection cannot do without; the vectors are of any SDP. */
static const char *lacks(const json *expected, const json *media) {
  const char *ufrag = json_text(value(expected, media, "ice_ufrag"));
  const json *prints = fingerprints(expected, media);
  if (!media) return "no data-channel section of today's form";
  if (!ufrag) return "no credentials";
  if (!weft_ice_cred_valid(ufrag, strlen(ufrag), WEFT_ICE_UFRAG_MIN)) return "credentials of other characters";
  return prints && prints->len > 0 ? NULL : "no fingerprint";
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

static void description(conform_ctx *ctx, const conform_case *c) {
  static weft_sdp s;
  char why[160];
  const char *text = conform_text(c, "input.text");
  const json *media = section(c->expected);
  const char *missing = lacks(c->expected, media);
  int rc = weft_sdp_parse(&s, text, strlen(text), why, sizeof why);
  if (missing && rc != WEFT_OK)
    conform_strict(ctx, c, "%s: %s", missing, why);
  else if (missing)
    conform_fail(ctx, c, "accepted, with %s", missing);
  else if (rc != WEFT_OK)
    conform_fail(ctx, c, "%s: %s", weft_errname(rc), why);
  else if (!same(ctx, c->expected, media, &s))
    conform_fail(ctx, c, "a value differs");
  else
    conform_verdict(ctx, c, comes_back(&s), "written and read again it differs");
}

/* ---- fingerprints and roles ---- */

static void fingerprint(conform_ctx *ctx, const conform_case *c) {
  const char *text = conform_text(c, "input.text");
  uint8_t hash[WEFT_DTLS_FINGERPRINT_LEN];
  int rc = weft_dtls_fingerprint_parse(hash, text, strlen(text));
  if (!c->valid)
    conform_refused(ctx, c, rc != WEFT_OK);
  else if (!conform_text_is(c, "expected.algorithm", "sha-256"))
    conform_verdict(ctx, c, rc == WEFT_EUNSUPPORTED, "another hash must be told apart from a broken line");
  else
    conform_verdict(ctx, c, rc == WEFT_OK && conform_hex_is(ctx, c, "expected.hex", hash, sizeof hash), "hash differs");
}

static weft_sdp_setup setup_of(const char *name) {
  if (strcmp(name, "active") == 0) return WEFT_SDP_ACTIVE;
  if (strcmp(name, "passive") == 0) return WEFT_SDP_PASSIVE;
  return strcmp(name, "actpass") == 0 ? WEFT_SDP_ACTPASS : WEFT_SDP_HOLDCONN;
}

static void setup_role(conform_ctx *ctx, const conform_case *c) {
  bool offerer;
  int rc = weft_sdp_dtls_client(setup_of(conform_text(c, "input.offer")), setup_of(conform_text(c, "input.answer")),
                                &offerer);
  if (!c->valid)
    conform_refused(ctx, c, rc != WEFT_OK);
  else
    conform_verdict(ctx, c,
                    rc == WEFT_OK && conform_text_is(c, "expected.dtls_client", offerer ? "offerer" : "answerer"),
                    "the other one");
}

int conform_sdp(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "candidate") == 0)
      conform_ice_candidate(ctx, &c);
    else if (strcmp(c.op, "ufrag") == 0)
      conform_ice_ufrag(ctx, &c);
    else if (strcmp(c.op, "description") == 0)
      description(ctx, &c);
    else if (strcmp(c.op, "fingerprint") == 0)
      fingerprint(ctx, &c);
    else if (strcmp(c.op, "setup_role") == 0)
      setup_role(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
