#include "apps/replay.h"

#include <stdlib.h>
#include <string.h>

#include "apps/replay_int.h"
#include "base/hash.h"

const char *const session_cut_names[SESSION_CUTS] = {"udp",     "stun", "dtls",  "sctp",  "dcep",          "messages",
                                                     "streams", "tcp",  "noise", "yamux", "yamux-streams", "circuit"};

enum { FILE_MAX = 256 << 20 };

/* ---- files ---- */

static uint8_t *read_file(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  uint8_t *data = NULL;
  long n = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
  if (n >= 0 && n < FILE_MAX && fseek(f, 0, SEEK_SET) == 0) data = malloc((size_t)n + 1);
  if (data) {
    *len = fread(data, 1, (size_t)n, f);
    data[*len] = 0;
  }
  if (f) fclose(f);
  return data;
}

/* ---- lines ---- */

static bool take_wire(session_unit *u, const json *j) {
  const char *hex = json_text(json_get(j, "wire"));
  size_t digits = hex ? strlen(hex) : 0;
  if (!hex || digits % 2) return false;
  u->len = digits / 2;
  u->wire = malloc(u->len + 1);
  return u->wire && weft_hex_decode(u->wire, u->len, hex, digits) == WEFT_OK;
}

static const char *take_unit(session_unit *u, session_cut_name cut, const json *j) {
  uint64_t v;
  const char *from = json_text(json_get(j, "from")), *flag = json_text(json_get(j, "flag"));
  if (!json_u64(json_get(j, "t_us"), &u->t_us)) return "no number \"t_us\"";
  if (!from || (strcmp(from, "dialer") != 0 && strcmp(from, "listener") != 0))
    return "\"from\" is \"dialer\" or \"listener\"";
  u->dialer = from[0] == 'd';
  bool streams =
      cut == SESSION_DCEP || cut == SESSION_MESSAGES || cut == SESSION_STREAMS || cut == SESSION_YAMUX_STREAMS;
  if (streams && !json_u64(json_get(j, "stream"), &v)) return "no number \"stream\"";
  if (streams) u->stream = (uint32_t)v;
  if (cut == SESSION_MESSAGES && !json_u64(json_get(j, "ppid"), &v)) return "no number \"ppid\"";
  if (cut == SESSION_MESSAGES) u->ppid = (uint32_t)v;
  if (flag) snprintf(u->flag, sizeof u->flag, "%s", flag);
  return take_wire(u, j) ? NULL : "\"wire\" is no hex";
}

static const char *take_line(session_cut *c, session_cut_name cut, const char *text, size_t len, int line) {
  static char err[96];
  json *j = json_parse(text, len, err, sizeof err);
  if (!j) return err;
  session_unit *u = &c->units[c->len++];
  u->line = line;
  const char *why = take_unit(u, cut, j);
  json_free(j);
  return why;
}

static int take_lines(session_cut *c, session_cut_name cut, const char *path, const char *text, size_t len, char *why,
                      size_t cap) {
  size_t lines = 1;
  for (size_t i = 0; i < len; i++) lines += text[i] == '\n';
  c->units = calloc(lines, sizeof *c->units);
  if (!c->units) return WEFT_ENOMEM;
  for (int line = 1; len > 0; line++) {
    const char *end = memchr(text, '\n', len);
    size_t n = end ? (size_t)(end - text) : len;
    const char *wrong = n > 0 ? take_line(c, cut, text, n, line) : NULL;
    if (wrong) {
      snprintf(why, cap, "%s:%d: %s", path, line, wrong);
      return WEFT_EMALFORMED;
    }
    text += end ? n + 1 : n;
    len -= end ? n + 1 : n;
  }
  return WEFT_OK;
}

bool session_has(const session *s, session_cut_name cut) {
  const char *transport = session_text(s, "transport");
  bool tcp = strcmp(transport, "tcp") == 0, circuit = strcmp(transport, "circuit") == 0;
  if (cut <= SESSION_STREAMS) return !tcp && !circuit;
  if (cut == SESSION_TCP) return tcp;
  return cut == SESSION_CIRCUIT ? circuit : tcp || circuit || strcmp(session_text(s, "mux"), "yamux") == 0;
}

static int load_cut(session *s, session_cut_name cut, char *why, size_t cap) {
  char path[1024];
  size_t len = 0;
  snprintf(path, sizeof path, "%s/%s.jsonl", s->dir, session_cut_names[cut]);
  uint8_t *text = read_file(path, &len);
  if (!text) {
    snprintf(why, cap, "%s: cannot be read", path);
    return WEFT_EMALFORMED;
  }
  int rc = take_lines(&s->cuts[cut], cut, path, (const char *)text, len, why, cap);
  free(text);
  return rc;
}

static bool known_transport(const char *transport) {
  static const char *const known[] = {"webrtc-direct", "webrtc", "tcp", "circuit"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(known); i++)
    if (strcmp(transport, known[i]) == 0) return true;
  return false;
}

/* The modes that this replay has are those that are asked for: a recording may ask for less. */
static int check_about(session *s, const char *path, char *why, size_t cap) {
  uint64_t format;
  const char *by = json_text(json_get(s->about, "recorded_by"));
  if (!json_u64(json_get(s->about, "format"), &format) || format != 1)
    snprintf(why, cap, "%s: \"format\" is 1", path);
  else if (!by || (strcmp(by, "dialer") != 0 && strcmp(by, "listener") != 0))
    snprintf(why, cap, "%s: \"recorded_by\" is \"dialer\" or \"listener\"", path);
  else if (!known_transport(session_text(s, "transport")))
    snprintf(why, cap, "%s: \"transport\" is \"webrtc-direct\", \"webrtc\", \"tcp\" or \"circuit\"", path);
  else if (json_is_null(json_get(s->about, "reached")) || json_is_null(json_get(s->about, "replay")))
    snprintf(why, cap, "%s: no \"reached\" or no \"replay\"", path);
  else
    return WEFT_OK;
  return WEFT_EMALFORMED;
}

int session_load(session *s, const char *dir, char *why, size_t cap) {
  char path[1024], err[96];
  memset(s, 0, sizeof *s);
  s->dir = dir;
  snprintf(path, sizeof path, "%s/session.json", dir);
  s->about = json_load(path, err, sizeof err);
  if (!s->about) {
    snprintf(why, cap, "%s: %s", path, err);
    return WEFT_EMALFORMED;
  }
  int rc = check_about(s, path, why, cap);
  if (rc == WEFT_OK) s->us_dialer = strcmp(session_text(s, "recorded_by"), "dialer") == 0;
  for (int i = 0; i < SESSION_CUTS && rc == WEFT_OK; i++)
    if (session_has(s, (session_cut_name)i)) rc = load_cut(s, (session_cut_name)i, why, cap);
  snprintf(path, sizeof path, "%s/keylog.txt", dir);
  s->keylog = read_file(path, &s->keylog_len);
  return rc;
}

void session_free(session *s) {
  for (int i = 0; i < SESSION_CUTS; i++) {
    for (size_t k = 0; k < s->cuts[i].len; k++) free(s->cuts[i].units[k].wire);
    free(s->cuts[i].units);
  }
  free(s->keylog);
  json_free(s->about);
  memset(s, 0, sizeof *s);
}

/* ---- replay ---- */

bool session_decoder_open(session_decoder *x, decode_taps taps) {
  x->nowhere = fopen("/dev/null", "w");
  x->d = x->nowhere ? decode_new(&x->out) : NULL;
  if (!x->d) {
    if (x->nowhere) fclose(x->nowhere);
    return false;
  }
  outline_init(&x->out, x->nowhere, false);
  x->d->taps = taps;
  return true;
}

void session_decoder_close(session_decoder *x) {
  decode_free(x->d);
  fclose(x->nowhere);
}

const char *session_text(const session *s, const char *path) {
  const char *text = json_text(json_find(s->about, path));
  return text ? text : "";
}

bool session_reached(const session *s, const char *what) {
  for (const json *j = json_first(json_get(s->about, "reached")); j; j = j->next)
    if (json_text(j) && strcmp(json_text(j), what) == 0) return true;
  return false;
}

bool session_is_ours(const session *s, bool dialer) {
  if (dialer == s->us_dialer) return true;
  return strncmp(session_text(s, dialer ? "dialer.implementation" : "listener.implementation"), "weft/", 5) == 0;
}

bool session_deviates(const session *s, session_cut_name cut, const session_unit *u) {
  if (u->dialer == s->us_dialer) return false;
  for (const json *d = json_first(json_get(s->about, "deviations")); d; d = d->next) {
    const char *name = json_text(json_get(d, "cut")), *hex = json_text(json_get(d, "wire"));
    uint8_t wire[256];
    size_t n = hex ? strlen(hex) / 2 : 0;
    if (!name || strcmp(name, session_cut_names[cut]) != 0 || n != u->len || n > sizeof wire) continue;
    if (weft_hex_decode(wire, n, hex, 2 * n) == WEFT_OK && memcmp(wire, u->wire, n) == 0) return true;
  }
  return false;
}

/* What session.json asks of a cut: a mode that asks for more is not looked at. */
static bool asked(const session *s, session_cut_name cut, session_mode mode) {
  char path[64];
  snprintf(path, sizeof path, "replay.%s.mode", session_cut_names[cut]);
  const char *most = session_text(s, path);
  return strcmp(most, "exact") == 0 || (strcmp(most, "decode") == 0 && mode != SESSION_EXACT) || mode == SESSION_REACH;
}

void session_check(session_report *r, const session *s, session_cut_name cut, const session_unit *u, session_mode mode,
                   bool ok, const char *what) {
  if (!asked(s, cut, mode)) return;
  r->by_mode[mode]++;
  r->on_case(r->user, s, cut, u, mode, ok || (u && session_deviates(s, cut, u)), what);
}

static bool same_unit(const session_unit *a, const session_unit *b) {
  return a->dialer == b->dialer && a->t_us == b->t_us && a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

/* RFC 7983 section 7: what is cut out of udp.jsonl is all of it, in order. */
static void replay_demux(const session *s, session_report *r) {
  size_t at[2] = {0, 0};
  for (size_t i = 0; i < s->cuts[SESSION_UDP].len; i++) {
    const session_unit *u = &s->cuts[SESSION_UDP].units[i];
    int which = u->len > 0 && u->wire[0] <= 3 ? 0 : 1;
    const session_cut *c = &s->cuts[which ? SESSION_DTLS : SESSION_STUN];
    bool ok = at[which] < c->len && same_unit(u, &c->units[at[which]]);
    at[which]++;
    session_check(r, s, SESSION_UDP, u, SESSION_REACH, ok, "not the next line of stun.jsonl or dtls.jsonl");
  }
  bool all = at[0] == s->cuts[SESSION_STUN].len && at[1] == s->cuts[SESSION_DTLS].len;
  session_check(r, s, SESSION_UDP, NULL, SESSION_REACH, all, "stun.jsonl and dtls.jsonl have lines that are not here");
}

/* As many units as session.json says: a file that lost its end is noticed. */
static void replay_counts(const session *s, session_report *r) {
  for (int i = 0; i < SESSION_CUTS; i++) {
    char path[64];
    uint64_t units = 0;
    if (!session_has(s, (session_cut_name)i)) continue;
    snprintf(path, sizeof path, "replay.%s.units", session_cut_names[i]);
    bool known = json_u64(json_find(s->about, path), &units);
    /* A program that was killed has not written the last count. */
    bool ended = !json_is_null(json_get(s->about, "end"));
    bool ok = known && (ended ? units == s->cuts[i].len : units <= s->cuts[i].len);
    session_check(r, s, (session_cut_name)i, NULL, SESSION_REACH, ok, "not as many lines as session.json says");
  }
}

void session_replay(const session *s, session_report *r) {
  replay_counts(s, r);
  if (session_has(s, SESSION_UDP)) {
    replay_demux(s, r);
    session_replay_stun(s, r);
    session_replay_dtls(s, r);
    session_replay_sctp(s, r);
    session_replay_channels(s, r);
    session_replay_streams(s, r);
  }
  session_replay_noise(s, r);
  if (session_has(s, SESSION_YAMUX)) {
    session_replay_muxing(s, r);
    session_replay_yamux(s, r);
  }
}
