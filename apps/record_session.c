#define _GNU_SOURCE
#include "apps/record_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "apps/text.h"
#include "base/hash.h"

const char *const record_cut_names[RECORD_CUTS] = {"udp",     "stun", "dtls",  "sctp",  "dcep",          "messages",
                                                   "streams", "tcp",  "noise", "yamux", "yamux-streams", "circuit"};

/* ---- files ---- */

static FILE *make_file(const record_session *s, const char *name, const char *mode) {
  char path[RECORD_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", s->dir, name);
  return fopen(path, mode);
}

static void close_file(record_session *s, FILE **f) {
  if (*f && (ferror(*f) || fclose(*f) != 0)) s->failed = true;
  *f = NULL;
}

static bool make_cuts(record_session *s, record_cut from, record_cut to) {
  char name[32];
  bool ok = true;
  for (unsigned i = from; i <= to; i++) {
    snprintf(name, sizeof name, "%s.jsonl", record_cut_names[i]);
    s->cuts[i] = make_file(s, name, "wx");
    ok = ok && s->cuts[i];
  }
  return ok;
}

static bool is_webrtc(const record_session *s) { return s->transport == RECORD_ON_WEBRTC; }
static bool is_circuit(const record_session *s) { return s->transport == RECORD_ON_CIRCUIT; }
static record_cut octets_cut(const record_session *s) { return is_circuit(s) ? RECORD_CIRCUIT : RECORD_TCP; }

/* A circuit has no packets of its own to capture. */
static bool make_files(record_session *s) {
  bool ok = is_webrtc(s)
                ? make_cuts(s, RECORD_UDP, RECORD_STREAMS)
                : make_cuts(s, octets_cut(s), octets_cut(s)) && make_cuts(s, RECORD_NOISE, RECORD_YAMUX_STREAMS);
  if (is_webrtc(s)) s->keylog = make_file(s, "keylog.txt", "wx");
  if (!is_circuit(s)) s->capture = make_file(s, "session.pcapng", "wx");
  return ok && (s->keylog || !is_webrtc(s)) && (s->capture || is_circuit(s));
}

static void drop_held(record_session *s) {
  if (!s->held) return;
  if (s->cuts[RECORD_NOISE]) fclose(s->cuts[RECORD_NOISE]);
  s->cuts[RECORD_NOISE] = NULL;
  free(s->held);
  s->held = NULL;
}

void record_session_inside(record_session *s, const void *upgrade) {
  FILE *held = s->cuts[RECORD_NOISE];
  s->inside = upgrade;
  if (!make_cuts(s, RECORD_NOISE, RECORD_YAMUX_STREAMS)) s->failed = true;
  if (held) fclose(held);
  if (s->held && s->cuts[RECORD_NOISE]) {
    fwrite(s->held, 1, s->held_len, s->cuts[RECORD_NOISE]);
    fflush(s->cuts[RECORD_NOISE]);
  }
  free(s->held);
  s->held = NULL;
}

static void free_files(record_session *s) {
  drop_held(s);
  for (int i = 0; i < RECORD_CUTS; i++) close_file(s, &s->cuts[i]);
  close_file(s, &s->keylog);
  close_file(s, &s->capture);
}

record_session *record_session_new(const app_record_config *cfg, const char *dir, const void *conn,
                                   record_transport transport, bool listener) {
  record_session *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->conn = conn;
  s->cfg = cfg;
  s->transport = transport;
  s->listener = listener;
  s->direct_version = -1;
  s->first = WEFT_NEVER;
  record_yamux_init(s);
  snprintf(s->dir, sizeof s->dir, "%s", dir);
  if (!make_files(s)) {
    free_files(s);
    free(s);
    return NULL;
  }
  if (s->capture) app_pcapng_begin(&s->pcapng, s->capture);
  return s;
}

bool record_session_end(record_session *s) {
  record_yamux_end(s);
  record_session_describe(s);
  if (s->capture && !app_pcapng_end(&s->pcapng)) s->failed = true;
  free_files(s);
  bool ok = !s->failed;
  free(s);
  return ok;
}

/* ---- units ---- */

static const char *role(const record_session *s, bool us) { return s->listener == us ? "listener" : "dialer"; }

static void put_wire(FILE *f, const uint8_t *data, size_t len) {
  char hex[2 * 512 + 1];
  fputs(",\"wire\":\"", f);
  for (size_t at = 0; at < len; at += 512) {
    weft_hex_encode(hex, data + at, len - at < 512 ? len - at : 512);
    fputs(hex, f);
  }
  fputs("\"}\n", f);
  fflush(f); /* what is there counts, however the program ends */
}

static void put_line(record_session *s, record_cut cut, bool from_us, weft_time now) {
  unsigned long long at = now > s->first ? (unsigned long long)(now - s->first) : 0;
  fprintf(s->cuts[cut], "{\"t_us\":%llu,\"from\":\"%s\"", at, role(s, from_us));
  s->units[cut]++;
}

static bool has_streams(record_cut cut) {
  return cut == RECORD_DCEP || cut == RECORD_MESSAGES || cut == RECORD_STREAMS || cut == RECORD_YAMUX_STREAMS;
}

void record_session_unit(record_session *s, record_cut cut, bool from_us, const weft_trace *t) {
  if (cut == RECORD_NOISE && !s->cuts[cut]) s->cuts[cut] = open_memstream(&s->held, &s->held_len);
  FILE *f = s->cuts[cut];
  if (!f) {
    s->failed = true;
    return;
  }
  put_line(s, cut, from_us, t->now);
  if (has_streams(cut)) fprintf(f, ",\"stream\":%u", (unsigned)t->stream);
  if (cut == RECORD_MESSAGES) fprintf(f, ",\"ppid\":%u", (unsigned)t->ppid);
  if (t->text) fprintf(f, ",\"flag\":\"%s\"", t->text);
  put_wire(f, t->data, t->len);
}

static uint64_t unix_at(const record_session *s, weft_time now) {
  return (uint64_t)s->unix_us + (now > s->first ? now - s->first : 0);
}

static void begin_at(record_session *s, weft_time now) {
  struct timeval tv;
  gettimeofday(&tv, NULL);
  s->first = now;
  s->unix_us = (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
}

void record_session_datagram(record_session *s, bool from_us, const weft_addr *local, const weft_addr *remote,
                             const uint8_t *data, size_t len, weft_time now) {
  if (s->first == WEFT_NEVER) begin_at(s, now);
  if (!s->up) { /* the first may be of a STUN server, or of a path that was not taken */
    s->local = *local;
    s->remote = *remote;
  }
  put_line(s, RECORD_UDP, from_us, now);
  put_wire(s->cuts[RECORD_UDP], data, len);
  record_cut cut = len > 0 && data[0] <= 3 ? RECORD_STUN : RECORD_DTLS; /* RFC 7983 section 7 */
  put_line(s, cut, from_us, now);
  put_wire(s->cuts[cut], data, len);
  app_pcapng_datagram(&s->pcapng, from_us ? local : remote, from_us ? remote : local, data, len, unix_at(s, now));
}

/* ---- TCP, circuits ---- */

static bool is_dialer(const record_session *s, bool us) { return s->listener != us; }

static void begin_flow(record_session *s, weft_time now) {
  s->last = now;
  if (s->first != WEFT_NEVER) return;
  begin_at(s, now);
  if (is_circuit(s)) return;
  app_pcapng_flow_open(&s->pcapng, &s->flow, s->listener ? &s->remote : &s->local, s->listener ? &s->local : &s->remote,
                       unix_at(s, now));
}

void record_session_octets(record_session *s, bool from_us, const uint8_t *data, size_t len, weft_time now) {
  weft_trace t = {.data = data, .len = len, .now = now};
  begin_flow(s, now);
  record_session_unit(s, octets_cut(s), from_us, &t);
  if (s->capture) app_pcapng_flow_data(&s->pcapng, &s->flow, is_dialer(s, from_us), data, len, unix_at(s, now));
}

void record_session_end_of_octets(record_session *s, bool from_us, bool reset, weft_time now) {
  weft_trace t = {.text = reset ? "RESET" : "FIN", .now = now};
  begin_flow(s, now);
  record_session_unit(s, octets_cut(s), from_us, &t);
  if (s->capture) app_pcapng_flow_end(&s->pcapng, &s->flow, is_dialer(s, from_us), reset, unix_at(s, now));
}

/* The peer's FIN was traced when it came; what broke the socket was not. */
void record_session_hang_up(record_session *s, const weft_closed *why) {
  bool broken = why->who == WEFT_WHO_PEER && strcmp(why->layer, "tcp") == 0 && !s->flow.ended[is_dialer(s, false)];
  if (s->first == WEFT_NEVER) return;
  if (is_circuit(s)) { /* circuit.c: a goodbye ends its stream, anything else resets it */
    record_session_end_of_octets(s, true, why->code != WEFT_OK, s->last);
    return;
  }
  record_session_end_of_octets(s, !broken, broken || why->who == WEFT_WHO_TIMEOUT, s->last);
}

/* ---- what else is known ---- */

void record_session_keylog(record_session *s, const char *line) {
  fprintf(s->keylog, "%s\n", line);
  fflush(s->keylog);
  app_pcapng_keylog(&s->pcapng, line);
}

void record_session_state(record_session *s, const char *state) {
  if (strcmp(state, "READY") == 0) s->up = true;
  if (s->states_len < RECORD_STATES) s->states[s->states_len++] = state;
}

/* ---- session.json ---- */

static void put_text(FILE *f, const char *key, const char *value) {
  fprintf(f, "\"%s\": ", key);
  app_print_json_string(f, value, strlen(value));
}

static void put_side(const record_session *s, FILE *f, bool us) {
  char text[WEFT_ADDR_TEXT_MAX], hex[65];
  fprintf(f, "  \"%s\": {", role(s, us));
  put_text(f, "implementation", us ? s->cfg->program : s->agent[0] ? s->agent : "unknown");
  if (us) fprintf(f, ", \"version\": \"%d.%d.%d\"", WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
  fputs(", ", f);
  put_text(f, "peer_id", us ? s->cfg->peer_id : s->peer_id);
  if (s->first != WEFT_NEVER && !is_circuit(s)) {
    fputs(", ", f);
    put_text(f, "address", weft_addr_format(us ? &s->local : &s->remote, text, sizeof text));
  }
  if (us && s->cfg->fingerprint && is_webrtc(s)) {
    weft_hex_encode(hex, s->cfg->fingerprint, 32);
    fputs(", ", f);
    put_text(f, "certificate_sha256", hex);
  }
  fputs("},\n", f);
}

/* The folder is the reader's own choice, and key files are not part of what is shown. */
static void put_command(const record_session *s, FILE *f) {
  fputs("  \"record_again\": [", f);
  app_print_json_string(f, s->cfg->program, strlen(s->cfg->program));
  for (int i = 1; i < s->cfg->argc; i++) {
    const char *arg = s->cfg->argv[i];
    bool ours = i > 1 && strcmp(s->cfg->argv[i - 1], "--record") == 0;
    if (strncmp(arg, "--record=", 9) == 0) arg = "--record=DIR";
    fputs(", ", f);
    app_print_json_string(f, ours ? "DIR" : arg, strlen(ours ? "DIR" : arg));
  }
  fputs("],\n", f);
}

/* Worth nothing once the process is gone. */
static void put_noise(const record_session *s, FILE *f) {
  char stat[65], ephemeral[65], seed[65];
  if (!s->cfg->identity_seed || s->noise_keys_len != 2) return;
  weft_hex_encode(stat, s->noise_keys[0], 32);
  weft_hex_encode(ephemeral, s->noise_keys[1], 32);
  weft_hex_encode(seed, s->cfg->identity_seed, 32);
  fprintf(f, "  \"noise\": {\"static_key\": \"%s\", \"ephemeral_key\": \"%s\", \"identity_seed\": \"%s\"},\n", stat,
          ephemeral, seed);
}

static void put_muxer(const record_session *s, FILE *f) {
  const app_record_muxer *m = &s->muxer;
  if (m->window_max == 0 && m->max_streams == 0) return;
  fputs("  \"yamux\": {", f);
  if (m->window_max > 0) fprintf(f, "\"window_max\": %u", (unsigned)m->window_max);
  if (m->max_streams > 0) fprintf(f, "%s\"max_streams\": %u", m->window_max > 0 ? ", " : "", (unsigned)m->max_streams);
  fputs("},\n", f);
}

static void put_reached(const record_session *s, FILE *f) {
  fputs("  \"reached\": [", f);
  for (size_t i = 0; i < s->states_len; i++) fprintf(f, "%s\"%s\"", i ? ", " : "", s->states[i]);
  fputs("],\n", f);
  if (!s->has_closed) return;
  static const char *const who[] = {"", "self", "peer", "timeout"};
  fprintf(f, "  \"end\": {\"who\": \"%s\", ", who[s->closed.who]);
  put_text(f, "layer", s->closed.layer);
  fputs(", ", f);
  put_text(f, "step", s->closed.step);
  fputs(", ", f);
  put_text(f, "code", weft_errname(s->closed.code));
  fputs(", ", f);
  put_text(f, "text", s->closed_text);
  fputs("},\n", f);
}

/* exact: our bytes again. decode: the fields again, and the same bytes from them. reach: the end again, the bytes are free. */
static const char *const replay_modes[RECORD_CUTS] = {"reach", "exact", "reach", "decode", "decode", "decode",
                                                      "exact", "exact", "exact", "exact",  "exact",  "exact"};

static void put_replay(const record_session *s, FILE *f) {
  const char *comma = "";
  fputs("  \"replay\": {", f);
  for (int i = 0; i < RECORD_CUTS; i++) {
    if (!s->cuts[i] || (i == RECORD_NOISE && s->held)) continue;
    fprintf(f, "%s\"%s\": {\"mode\": \"%s\", \"units\": %u}", comma, record_cut_names[i], replay_modes[i], s->units[i]);
    comma = ", ";
  }
  fputs("}\n}\n", f);
}

void record_session_describe(record_session *s) {
  FILE *f = make_file(s, "session.json", "w");
  if (!f) {
    s->failed = true;
    return;
  }
  fprintf(f, "{\n  \"format\": 1,\n  \"transport\": \"%s\",\n",
          is_circuit(s)            ? "circuit"
          : !is_webrtc(s)          ? "tcp"
          : s->direct_version == 0 ? "webrtc"
                                   : "webrtc-direct");
  if (s->direct_version > 0 && is_webrtc(s)) fprintf(f, "  \"direct_version\": %d,\n", s->direct_version);
  if (s->mux) fprintf(f, "  \"mux\": \"%s\",\n", s->mux);
  fprintf(f, "  \"recorded_by\": \"%s\",\n", role(s, true));
  put_side(s, f, true);
  put_side(s, f, false);
  put_command(s, f);
  put_noise(s, f);
  put_muxer(s, f);
  put_reached(s, f);
  put_replay(s, f);
  close_file(s, &f);
}
