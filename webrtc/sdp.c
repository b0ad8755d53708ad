/* Reading a session description (RFC 8866): line by line, into what the session says for every section and what the data-channel section says
 * for itself. */
#include "webrtc/sdp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dtls/dtls.h"
#include "webrtc/sdp_int.h"

enum { MAX_MESSAGE_DEFAULT = 65536, SCTP_PORT_DEFAULT = 5000 }; /* RFC 8841 sections 6.1 and 5 */

typedef struct span {
  const char *p;
  size_t len;
} span;

/* Attributes that may stand in the session's part or in a section. */
typedef struct level {
  char ufrag[WEFT_ICE_CRED_MAX + 1], pwd[WEFT_ICE_CRED_MAX + 1];
  bool lite, trickle, end;
  bool fingerprint; /* any, of whatever hash */
  weft_sdp_setup setup;
  uint8_t fingerprints[WEFT_SDP_FINGERPRINTS_MAX][WEFT_DTLS_FINGERPRINT_LEN];
  size_t fingerprints_len;
} level;

typedef enum place { IN_SESSION, IN_OURS, IN_OTHER } place;

typedef struct parser {
  weft_sdp *s;
  level session, ours;
  place at;
  bool found, bundle_only;
  uint64_t port;
  unsigned line;
  char *why;
  size_t why_cap;
} parser;

/* ---- saying what is wrong ---- */

static int wrong(parser *p, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int wrong(parser *p, int code, const char *format, ...) {
  char text[160];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (p->why_cap == 0) return code;
  if (p->line > 0)
    snprintf(p->why, p->why_cap, "line %u: %s", p->line, text);
  else
    snprintf(p->why, p->why_cap, "%s", text);
  return code;
}

/* ---- small readers ---- */

static bool is(span s, const char *text) { return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0; }

static bool is_any_case(span s, const char *lower) {
  if (s.len != strlen(lower)) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.p[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != lower[i]) return false;
  }
  return true;
}

static span cut(span *rest, const char *separators) {
  span word = {rest->p, 0};
  while (word.len < rest->len && !strchr(separators, rest->p[word.len])) word.len++;
  size_t took = word.len < rest->len ? word.len + 1 : word.len;
  rest->p += took;
  rest->len -= took;
  return word;
}

/* Digits alone; what does not fit becomes the largest number there is. */
static bool number(span s, uint64_t *out) {
  uint64_t v = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return false;
    unsigned digit = (unsigned)(s.p[i] - '0');
    v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
  }
  *out = v;
  return s.len > 0;
}

/* RFC 8866 section 9, token-char */
static bool token_char(char c) {
  return c == '!' || (c >= '#' && c <= '\'') || c == '*' || c == '+' || c == '-' || c == '.' ||
         (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= '^' && c <= '~');
}

bool weft_sdp_token_valid(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!token_char(text[i])) return false;
  return len > 0;
}

/* ---- attributes ---- */

static int credential(parser *p, char *dst, span value, size_t min, const char *name) {
  if (dst[0] != 0) return wrong(p, WEFT_EMALFORMED, "a second a=%s: one for each section is all there may be", name);
  if (!weft_ice_cred_valid(value.p, value.len, min))
    return wrong(p, WEFT_EMALFORMED, "a=%s is not %zu to %d letters, digits, '+' or '/' (RFC 8839 section 5.4)", name,
                 min, WEFT_ICE_CRED_MAX);
  memcpy(dst, value.p, value.len);
  return WEFT_OK;
}

static int take_ufrag(parser *p, level *l, span value) {
  return credential(p, l->ufrag, value, WEFT_ICE_UFRAG_MIN, "ice-ufrag");
}

static int take_pwd(parser *p, level *l, span value) {
  return credential(p, l->pwd, value, WEFT_ICE_PWD_MIN, "ice-pwd");
}

/* Options are set apart by spaces (RFC 8839 section 5.6); libdatachannel writes "ice2,trickle". */
static int take_options(parser *p, level *l, span value) {
  (void)p;
  while (value.len > 0)
    if (is(cut(&value, " ,"), "trickle")) l->trickle = true;
  return WEFT_OK;
}

static int take_fingerprint(parser *p, level *l, span value) {
  uint8_t hash[WEFT_DTLS_FINGERPRINT_LEN];
  int rc = weft_dtls_fingerprint_parse(hash, value.p, value.len);
  if (rc == WEFT_EMALFORMED)
    return wrong(p, rc, "a=fingerprint is not a hash name and pairs of hex digits with colons (RFC 8122 section 5)");
  l->fingerprint = true;
  if (rc == WEFT_OK && l->fingerprints_len < WEFT_SDP_FINGERPRINTS_MAX)
    memcpy(l->fingerprints[l->fingerprints_len++], hash, sizeof hash);
  return WEFT_OK;
}

static const char *const setups[] = {"", "active", "passive", "actpass", "holdconn"};

const char *weft_sdp_setup_name(weft_sdp_setup setup) { return setups[setup]; }

static int take_setup(parser *p, level *l, span value) {
  if (l->setup != WEFT_SDP_SETUP_NONE) return wrong(p, WEFT_EMALFORMED, "a second a=setup");
  for (int i = WEFT_SDP_ACTIVE; i <= WEFT_SDP_HOLDCONN; i++)
    if (is_any_case(value, setups[i])) l->setup = (weft_sdp_setup)i;
  if (l->setup != WEFT_SDP_SETUP_NONE) return WEFT_OK;
  return wrong(p, WEFT_EMALFORMED, "a=setup must be active, passive, actpass or holdconn (RFC 4145 section 4)");
}

static int take_lite(parser *p, level *l, span value) {
  (void)p, (void)value;
  l->lite = true;
  return WEFT_OK;
}

static int take_end(parser *p, level *l, span value) {
  (void)p, (void)value;
  l->end = true;
  return WEFT_OK;
}

static int take_mid(parser *p, level *l, span value) {
  (void)l;
  if (value.len >= sizeof p->s->mid || !weft_sdp_token_valid(value.p, value.len))
    return wrong(p, WEFT_EMALFORMED, "a=mid is not a token of 1 to %zu characters", sizeof p->s->mid - 1);
  if (p->s->mid[0] != 0) return wrong(p, WEFT_EMALFORMED, "a second a=mid");
  memcpy(p->s->mid, value.p, value.len);
  return WEFT_OK;
}

static int take_sctp_port(parser *p, level *l, span value) {
  uint64_t port;
  (void)l;
  if (!number(value, &port) || port == 0 || port > UINT16_MAX)
    return wrong(p, WEFT_EMALFORMED, "a=sctp-port is not a number from 1 to 65535 (RFC 8841 section 5)");
  p->s->sctp_port = (uint16_t)port;
  return WEFT_OK;
}

static int take_max_message(parser *p, level *l, span value) {
  (void)l;
  if (number(value, &p->s->max_message_size)) return WEFT_OK;
  return wrong(p, WEFT_EMALFORMED, "a=max-message-size is not a number of bytes (RFC 8841 section 6)");
}

static int take_bundle_only(parser *p, level *l, span value) {
  (void)l, (void)value;
  p->bundle_only = true;
  return WEFT_OK;
}

/* Those that cannot be used are no reason to refuse the rest. */
static int take_candidate(parser *p, span line) {
  weft_sdp *s = p->s;
  weft_ice_candidate c;
  bool usable = weft_ice_candidate_parse(&c, line.p, line.len) == WEFT_OK && !c.tcp;
  if (usable && s->candidates_len < WEFT_SDP_CANDIDATES_MAX)
    s->candidates[s->candidates_len++] = c;
  else
    s->candidates_dropped++;
  return WEFT_OK;
}

typedef struct attribute {
  const char *name;
  int (*take)(parser *p, level *l, span value);
  bool in_session; /* counts there too */
} attribute;

static const attribute attributes[] = {{"ice-ufrag", take_ufrag, true},
                                       {"ice-pwd", take_pwd, true},
                                       {"ice-options", take_options, true},
                                       {"ice-lite", take_lite, true},
                                       {"end-of-candidates", take_end, true},
                                       {"fingerprint", take_fingerprint, true},
                                       {"setup", take_setup, true},
                                       {"mid", take_mid, false},
                                       {"sctp-port", take_sctp_port, false},
                                       {"max-message-size", take_max_message, false},
                                       {"bundle-only", take_bundle_only, false}};

static int take_attribute(parser *p, span value) {
  span line = value, name = cut(&value, ":");
  if (p->at == IN_OTHER) return WEFT_OK;
  if (p->at == IN_OURS && is(name, "candidate")) return take_candidate(p, line);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(attributes); i++) {
    const attribute *a = &attributes[i];
    if (!is(name, a->name) || (p->at == IN_SESSION && !a->in_session)) continue;
    return a->take(p, p->at == IN_SESSION ? &p->session : &p->ours, value);
  }
  return WEFT_OK;
}

/* ---- lines ---- */

/* m=application 9 UDP/DTLS/SCTP webrtc-datachannel (RFC 8841 section 4.2). Only the first such section counts. */
static int take_media(parser *p, span value) {
  span media = cut(&value, " "), port = cut(&value, " "), proto = cut(&value, " "), format = cut(&value, " ");
  p->at = IN_OTHER;
  if (p->found || !is(media, "application") || !is(proto, "UDP/DTLS/SCTP") || !is(format, "webrtc-datachannel"))
    return WEFT_OK;
  if (!number(port, &p->port) || p->port > UINT16_MAX)
    return wrong(p, WEFT_EMALFORMED, "the port of m= is not a number up to 65535");
  p->found = true;
  p->at = IN_OURS;
  return WEFT_OK;
}

static int take_line(parser *p, span line) {
  if (line.len == 0) return WEFT_OK;
  if (memchr(line.p, 0, line.len)) return wrong(p, WEFT_EMALFORMED, "a zero byte: SDP is text");
  if (memchr(line.p, '\r', line.len)) return wrong(p, WEFT_EMALFORMED, "a CR that does not end the line");
  if (line.len < 2 || line.p[1] != '=' || line.p[0] < 'a' || line.p[0] > 'z')
    return wrong(p, WEFT_EMALFORMED, "not a small letter, '=' and a value (RFC 8866 section 5)");
  if (p->line == 1 && !is(line, "v=0")) return wrong(p, WEFT_EMALFORMED, "a description begins with v=0");
  span value = {line.p + 2, line.len - 2};
  if (line.p[0] == 'm') return take_media(p, value);
  return line.p[0] == 'a' ? take_attribute(p, value) : WEFT_OK;
}

static int take_lines(parser *p, const char *text, size_t len) {
  while (len > 0) {
    const char *end = memchr(text, '\n', len);
    size_t n = end ? (size_t)(end - text) : len, took = end ? n + 1 : n;
    if (n > 0 && text[n - 1] == '\r') n--;
    p->line++;
    int rc = take_line(p, (span){text, n});
    if (rc != WEFT_OK) return rc;
    text += took;
    len -= took;
  }
  return WEFT_OK;
}

/* ---- the whole ---- */

/* What a section says takes the place of what the session says (RFC 8839 section 5.4, RFC 8122 section 5, RFC 8842 section 5.1). */
static void merge(parser *p) {
  weft_sdp *s = p->s;
  const level *hash = p->ours.fingerprint ? &p->ours : &p->session;
  snprintf(s->ice_ufrag, sizeof s->ice_ufrag, "%s", p->ours.ufrag[0] ? p->ours.ufrag : p->session.ufrag);
  snprintf(s->ice_pwd, sizeof s->ice_pwd, "%s", p->ours.pwd[0] ? p->ours.pwd : p->session.pwd);
  s->ice_lite = p->session.lite;
  s->trickle = p->ours.trickle || p->session.trickle;
  s->end_of_candidates = p->ours.end || p->session.end;
  s->setup = p->ours.setup != WEFT_SDP_SETUP_NONE ? p->ours.setup : p->session.setup;
  s->fingerprints_len = hash->fingerprints_len;
  memcpy(s->fingerprints, hash->fingerprints, sizeof s->fingerprints);
}

static int check(parser *p) {
  const weft_sdp *s = p->s;
  p->line = 0;
  if (!p->found)
    return wrong(p, WEFT_EUNSUPPORTED,
                 "no section for data channels: m=application 9 UDP/DTLS/SCTP webrtc-datachannel is needed");
  if (p->port == 0 && !p->bundle_only)
    return wrong(p, WEFT_EUNSUPPORTED, "the peer refused the data-channel section: its port is 0");
  if (s->ice_ufrag[0] == 0) return wrong(p, WEFT_EMALFORMED, "no a=ice-ufrag: checks need it");
  if (s->ice_pwd[0] == 0) return wrong(p, WEFT_EMALFORMED, "no a=ice-pwd: checks need it");
  if (s->fingerprints_len == 0)
    return wrong(p, WEFT_EUNSUPPORTED, "no a=fingerprint:sha-256: without one any certificate would do");
  return WEFT_OK;
}

int weft_sdp_parse(weft_sdp *s, const char *text, size_t len, char *why, size_t why_cap) {
  parser p = {.s = s, .why = why, .why_cap = why ? why_cap : 0};
  memset(s, 0, sizeof *s);
  s->sctp_port = SCTP_PORT_DEFAULT;
  s->max_message_size = MAX_MESSAGE_DEFAULT;
  if (p.why_cap > 0) why[0] = 0;
  if (len > WEFT_SDP_MAX)
    return wrong(&p, WEFT_ETOOBIG, "%zu bytes, and %d are read: send candidates one by one", len, WEFT_SDP_MAX);
  int rc = take_lines(&p, text, len);
  if (rc != WEFT_OK) return rc;
  merge(&p);
  return check(&p);
}

/* ---- roles ---- */

int weft_sdp_dtls_client(weft_sdp_setup offer, weft_sdp_setup answer, bool *offerer_is_client) {
  bool may_be_client = offer == WEFT_SDP_ACTIVE || offer == WEFT_SDP_ACTPASS;
  bool may_be_server = offer == WEFT_SDP_PASSIVE || offer == WEFT_SDP_ACTPASS;
  if (answer == WEFT_SDP_ACTIVE && may_be_server)
    *offerer_is_client = false;
  else if (answer == WEFT_SDP_PASSIVE && may_be_client)
    *offerer_is_client = true;
  else
    return WEFT_EPROTO;
  return WEFT_OK;
}
