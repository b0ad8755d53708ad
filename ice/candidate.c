/* Candidates as text (RFC 8839 section 5.1), credentials, priorities. */
#include "ice/ice_int.h"

#include <stdio.h>
#include <string.h>

/* RFC 8445 section 5.1.2.2 */
static uint32_t type_preference(weft_ice_candidate_type type) {
  switch (type) {
  case WEFT_ICE_HOST: return 126;
  case WEFT_ICE_PRFLX: return 110;
  case WEFT_ICE_SRFLX: return 100;
  case WEFT_ICE_RELAY: return 0;
  }
  return 0;
}

uint32_t weft_ice_priority(weft_ice_candidate_type type, uint16_t local_pref, uint16_t component) {
  if (component < 1 || component > 256) return 0;
  return (type_preference(type) << 24) + ((uint32_t)local_pref << 8) + (256u - component);
}

static bool is_priority(uint32_t p) { return p >= 1 && p <= 0x7fffffff; }

uint64_t weft_ice_pair_priority(uint32_t controlling, uint32_t controlled) {
  if (!is_priority(controlling) || !is_priority(controlled)) return 0;
  uint64_t g = controlling, d = controlled;
  return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d ? 1 : 0);
}

const char *weft_ice_candidate_type_name(weft_ice_candidate_type t) {
  switch (t) {
  case WEFT_ICE_HOST: return "host";
  case WEFT_ICE_SRFLX: return "srflx";
  case WEFT_ICE_PRFLX: return "prflx";
  case WEFT_ICE_RELAY: return "relay";
  }
  return "?";
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool weft_ice_cred_valid(const char *text, size_t len, size_t min) {
  if (len < min || len > WEFT_ICE_CRED_MAX) return false;
  for (size_t i = 0; i < len; i++)
    if (!is_alnum(text[i]) && text[i] != '+' && text[i] != '/') return false;
  return true;
}

/* A word of the line: up to the next single space. */
typedef struct word {
  const char *p;
  size_t len;
} word;

typedef struct words {
  const char *p, *end;
} words;

static word next_word(words *s) {
  word w = {s->p, 0};
  while (s->p < s->end && *s->p != ' ') s->p++;
  w.len = (size_t)(s->p - w.p);
  if (s->p < s->end) s->p++;
  return w;
}

static bool is(word w, const char *text) {
  size_t n = strlen(text);
  if (w.len != n) return false;
  for (size_t i = 0; i < n; i++) {
    char c = w.p[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != text[i]) return false;
  }
  return true;
}

static bool number(word w, uint32_t min, uint32_t max, uint32_t *out) {
  uint64_t v = 0;
  if (w.len == 0 || w.len > 10) return false;
  for (size_t i = 0; i < w.len; i++) {
    if (!is_digit(w.p[i])) return false;
    v = v * 10 + (uint64_t)(w.p[i] - '0');
  }
  *out = (uint32_t)v;
  return v >= min && v <= max;
}

/* A host name whose last label is not a number (or it would be a broken IPv4 address): RFC 1123 section 2.1. */
static bool is_name(word w) {
  if (w.len == 0 || w.p[w.len - 1] == '.') return false;
  bool digits = true;
  for (size_t i = 0, label = 0; i < w.len; i++) {
    char c = w.p[i];
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      digits = true;
      continue;
    }
    if ((!is_alnum(c) && c != '-') || ++label > 63) return false;
    if (!is_digit(c)) digits = false;
  }
  return !digits;
}

static bool is_local_name(word w) { return w.len > 6 && is((word){w.p + w.len - 6, 6}, ".local"); }

static int read_address(weft_ice_candidate *c, word w) {
  if (weft_addr_parse_ip(&c->addr, w.p, w.len) == WEFT_OK) return WEFT_OK;
  memset(&c->addr, 0, sizeof c->addr);
  if (!is_name(w)) return WEFT_EMALFORMED;
  if (!is_local_name(w) || w.len >= sizeof c->host) return WEFT_EUNSUPPORTED;
  memcpy(c->host, w.p, w.len);
  return WEFT_OK;
}

/* transport = "udp" / "tcp" (RFC 8839 section 5.1, RFC 6544 section 4.5) */
static int read_transport(weft_ice_candidate *c, word w) {
  c->tcp = is(w, "tcp");
  if (c->tcp || is(w, "udp")) return WEFT_OK;
  return w.len == 0 ? WEFT_EMALFORMED : WEFT_EUNSUPPORTED;
}

static int read_type(weft_ice_candidate *c, word w) {
  static const weft_ice_candidate_type all[] = {WEFT_ICE_HOST, WEFT_ICE_SRFLX, WEFT_ICE_PRFLX, WEFT_ICE_RELAY};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(all); i++)
    if (is(w, weft_ice_candidate_type_name(all[i]))) {
      c->type = all[i];
      return WEFT_OK;
    }
  return WEFT_EMALFORMED;
}

/* foundation component transport priority address port "typ" type */
static int read_fixed(weft_ice_candidate *c, words *s) {
  uint32_t component, port;
  word foundation = next_word(s);
  if (foundation.len > 32 || !weft_ice_cred_valid(foundation.p, foundation.len, 1)) return WEFT_EMALFORMED;
  memcpy(c->foundation, foundation.p, foundation.len);
  if (!number(next_word(s), 1, 256, &component)) return WEFT_EMALFORMED;
  c->component = (uint16_t)component;
  int transport = read_transport(c, next_word(s));
  if (transport == WEFT_EMALFORMED) return transport;
  if (!number(next_word(s), 1, 0x7FFFFFFF, &c->priority)) return WEFT_EMALFORMED; /* RFC 8445 section 5.1.2 */
  int address = read_address(c, next_word(s));
  if (address == WEFT_EMALFORMED) return address;
  if (!number(next_word(s), 0, 65535, &port) || !is(next_word(s), "typ")) return WEFT_EMALFORMED;
  c->addr.port = (uint16_t)port;
  int rc = read_type(c, next_word(s));
  return rc != WEFT_OK ? rc : transport != WEFT_OK ? transport : address;
}

static int read_related(weft_ice_candidate *c, word w) {
  uint16_t port = c->related.port;
  int rc = weft_addr_parse_ip(&c->related, w.p, w.len);
  if (rc != WEFT_OK) memset(&c->related, 0, sizeof c->related);
  c->related.port = port;
  return rc == WEFT_OK || is_name(w) ? WEFT_OK : WEFT_EMALFORMED;
}

static bool known_tcptype(word w) { return is(w, "active") || is(w, "passive") || is(w, "so"); }

/* name SP value, in any order; unknown names are skipped. */
static int read_extensions(weft_ice_candidate *c, words *s) {
  bool tcptype = false;
  while (s->p < s->end) {
    uint32_t port;
    word name = next_word(s);
    bool has_value = s->p < s->end;
    word value = next_word(s);
    if (name.len == 0 || !has_value) return WEFT_EMALFORMED;
    if (is(name, "raddr") && read_related(c, value) != WEFT_OK) return WEFT_EMALFORMED;
    if (is(name, "rport")) {
      if (!number(value, 0, 65535, &port)) return WEFT_EMALFORMED;
      c->related.port = (uint16_t)port;
    }
    if (is(name, "tcptype")) {
      if (!known_tcptype(value)) return WEFT_EMALFORMED;
      tcptype = true;
    }
    if (is(name, "ufrag")) {
      if (!weft_ice_cred_valid(value.p, value.len, 1)) return WEFT_EMALFORMED;
      memset(c->ufrag, 0, sizeof c->ufrag); /* named twice: the last counts */
      memcpy(c->ufrag, value.p, value.len);
    }
  }
  return c->tcp && !tcptype ? WEFT_EMALFORMED : WEFT_OK; /* RFC 6544 section 4.5 */
}

static bool skip_prefix(words *s, const char *prefix) {
  size_t n = strlen(prefix);
  if ((size_t)(s->end - s->p) < n || memcmp(s->p, prefix, n) != 0) return false;
  s->p += n;
  return true;
}

int weft_ice_candidate_parse(weft_ice_candidate *c, const char *text, size_t len) {
  words s = {text, text + len};
  memset(c, 0, sizeof *c);
  while (s.end > s.p && (s.end[-1] == '\r' || s.end[-1] == '\n')) s.end--;
  (void)skip_prefix(&s, "a=");
  if (!skip_prefix(&s, "candidate:")) return WEFT_EMALFORMED;
  int rc = read_fixed(c, &s);
  if (rc == WEFT_EMALFORMED) return rc;
  int ext = read_extensions(c, &s);
  return ext != WEFT_OK ? ext : rc;
}

/* snprintf at the end of a string; false when it does not fit. */
#define APPEND(buf, cap, at, ...) \
  do { \
    int n_ = snprintf((buf) + (at), (cap) - (at), __VA_ARGS__); \
    if (n_ < 0 || (size_t)n_ >= (cap) - (at)) return WEFT_ETOOBIG; \
    (at) += (size_t)n_; \
  } while (0)

int weft_ice_candidate_format(const weft_ice_candidate *c, char *buf, size_t cap) {
  char ip[WEFT_ADDR_TEXT_MAX];
  size_t at = 0;
  if (c->tcp) return WEFT_EUNSUPPORTED;
  if (c->addr.family == WEFT_AF_NONE && c->host[0] == 0) return WEFT_EINVAL;
  weft_addr addr = c->addr, related = c->related;
  addr.scope = related.scope = 0; /* a zone means nothing to the peer */
  const char *host = c->host[0] != 0 ? c->host : weft_addr_format_ip(&addr, ip, sizeof ip);
  APPEND(buf, cap, at, "candidate:%s %u udp %lu %s %u typ %s", c->foundation, (unsigned)c->component,
         (unsigned long)c->priority, host, (unsigned)c->addr.port, weft_ice_candidate_type_name(c->type));
  if (related.family != WEFT_AF_NONE)
    APPEND(buf, cap, at, " raddr %s rport %u", weft_addr_format_ip(&related, ip, sizeof ip), (unsigned)related.port);
  if (c->ufrag[0] != 0) APPEND(buf, cap, at, " ufrag %s", c->ufrag);
  return WEFT_OK;
}
