#define _GNU_SOURCE
#include "apps/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/clock.h"
#include "apps/text.h"

enum { TEXT_MAX = 512, LINE_MAX_SHOWN = 4096 /* no chat line is longer: it is data */ };

#define CYAN "\x1b[36m"
#define DIM "\x1b[2m"
#define RED "\x1b[31m"
#define PLAIN "\x1b[0m"

void app_report_init(app_report *r, bool json, bool quiet, bool verbose) {
  const char *no_color = getenv("NO_COLOR");
  memset(r, 0, sizeof *r);
  r->json = json;
  r->quiet = quiet;
  r->verbose = verbose;
  r->color = !json && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && !(no_color && *no_color);
}

const char *app_who(weft_who who) {
  switch (who) {
  case WEFT_WHO_SELF: return "self";
  case WEFT_WHO_PEER: return "peer";
  case WEFT_WHO_TIMEOUT: return "timeout";
  }
  return "self";
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static void json_begin(const char *event) { printf("{\"event\":\"%s\"", event); }

static void json_text(const char *key, const char *value) {
  printf(",\"%s\":", key);
  app_print_json_string(stdout, value, strlen(value));
}

static void json_end(void) {
  printf(",\"t_ms\":%" PRIu64 "}\n", (app_clock_now() - app_clock_started()) / 1000);
  fflush(stdout);
}

/* ---- plain ------------------------------------------------------------------------------------------------------------------ */

/* Wipes the prompt before anything else is printed on the line. */
static void clear_prompt(app_report *r) {
  if (!r->prompt_shown) return;
  fputs("\r\x1b[K", stdout);
  fflush(stdout);
  r->prompt_shown = false;
}

void app_report_prompt(app_report *r) {
  if (r->json || !r->prompt || r->prompt_shown || !isatty(STDOUT_FILENO)) return;
  fputs(r->prompt, stdout);
  fflush(stdout);
  r->prompt_shown = true;
}

static void print_elapsed(void) {
  fprintf(stderr, "[%7.1f ms] ", (double)(app_clock_now() - app_clock_started()) / 1000.0);
}

static void print_note(app_report *r, const char *format, va_list ap) {
  clear_prompt(r);
  if (r->color) fputs(DIM, stderr);
  print_elapsed();
  vfprintf(stderr, format, ap);
  if (r->color) fputs(PLAIN, stderr);
  fputc('\n', stderr);
  app_report_prompt(r);
}

void app_report_step(app_report *r, const char *format, ...) {
  va_list ap;
  if (r->json || r->quiet) return;
  va_start(ap, format);
  print_note(r, format, ap);
  va_end(ap);
}

void app_report_detail(app_report *r, const char *format, ...) {
  va_list ap;
  if (!r->verbose) return;
  va_start(ap, format);
  print_note(r, format, ap);
  va_end(ap);
}

/* ---- events ------------------------------------------------------------------------------------------------------------------- */

void app_report_listening(app_report *r, const char *addr) {
  if (r->json) {
    json_begin("listening");
    json_text("addr", addr);
    json_end();
    return;
  }
  printf("Listening on %s\n", addr);
  fflush(stdout);
}

void app_report_connecting(app_report *r, const char *addr) {
  if (r->json) {
    json_begin("connecting");
    json_text("addr", addr);
    json_end();
    return;
  }
  app_report_step(r, "Connecting to %s", addr);
}

void app_report_connected(app_report *r, const app_connected *c) {
  const char *transport = c->transport ? c->transport : "udp";
  if (r->json) {
    json_begin("connected");
    json_text("peer", c->peer);
    json_text("path", c->path);
    json_text("dir", c->dir);
    if (strcmp(c->path, "direct") == 0) json_text("transport", transport);
    json_text("local", c->local);
    json_text("remote", c->remote);
    if (c->direct_version) printf(",\"direct_version\":%d", c->direct_version);
    json_text("mux", c->mux);
    printf(",\"ms\":{");
    if (c->ms_signaling > 0) printf("\"signaling\":%.1f,", c->ms_signaling);
    printf("\"ice\":%.1f,\"dtls\":%.1f,\"sctp\":%.1f,\"noise\":%.1f,\"total\":%.1f}", c->ms_ice, c->ms_dtls, c->ms_sctp,
           c->ms_noise, c->ms_total);
    json_end();
    return;
  }
  if (strcmp(c->path, "relayed") == 0) {
    app_report_step(r, "Connected %s %s through the relay: Noise, Yamux", strcmp(c->dir, "in") == 0 ? "from" : "to",
                    c->peer);
    return;
  }
  app_report_step(r, "Connected %s %s, %s %s %s <-> %s", strcmp(c->dir, "in") == 0 ? "from" : "to", c->peer, c->path,
                  transport, c->local, c->remote);
  if (c->ms_total <= 0) return;
  bool signaled = c->ms_signaling > 0; /* then there is no Noise: the relayed connection had it */
  app_report_step(r, "Set-up: %s %.1f, ice %.1f, dtls %.1f, sctp %.1f, total %.1f ms", signaled ? "signaling" : "noise",
                  signaled ? c->ms_signaling : c->ms_noise, c->ms_ice, c->ms_dtls, c->ms_sctp, c->ms_total);
}

void app_report_message(app_report *r, const char *peer, const uint8_t *data, size_t len) {
  if (r->json) {
    bool text = len <= TEXT_MAX && app_utf8_valid(data, len);
    json_begin(text ? "message" : "data");
    json_text("peer", peer);
    if (text) {
      printf(",\"text\":");
      app_print_json_string(stdout, (const char *)data, len);
    } else {
      printf(",\"bytes\":%zu", len);
    }
    json_end();
    return;
  }
  clear_prompt(r);
  if (r->color) fputs(CYAN, stdout);
  printf("%s", peer);
  if (r->color) fputs(PLAIN, stdout);
  fputs(": ", stdout);
  if (len > LINE_MAX_SHOWN)
    printf("[%zu bytes]", len);
  else
    app_print_escaped(stdout, data, len);
  fputc('\n', stdout);
  fflush(stdout);
  app_report_prompt(r);
}

void app_report_ping(app_report *r, const char *peer, weft_time rtt) {
  if (r->json) {
    json_begin("ping");
    json_text("peer", peer);
    printf(",\"rtt_us\":%" PRIu64, rtt);
    json_end();
    return;
  }
  clear_prompt(r);
  printf("ping %s: %.3f ms\n", peer, (double)rtt / 1000.0);
  fflush(stdout);
  app_report_prompt(r);
}

void app_report_disconnected(app_report *r, const char *peer, const char *reason, const char *who) {
  if (r->json) {
    json_begin("disconnected");
    json_text("peer", peer);
    json_text("reason", reason);
    json_text("who", who);
    json_end();
    return;
  }
  app_report_step(r, "Disconnected %s (%s: %s)", peer, who, reason);
}

/* ---- webrtc-p2p-peer ------------------------------------------------------------------------------------------------------------ */

void app_report_reserved(app_report *r, const char *relay, const char *addr, uint64_t expires) {
  if (r->json) {
    json_begin("reserved");
    json_text("relay", relay);
    json_text("addr", addr);
    printf(",\"expires\":%" PRIu64, expires);
    json_end();
    return;
  }
  app_report_step(r, "Relay: reserved a place at %s", relay);
}

void app_report_circuit(app_report *r, const char *relay, const char *peer, bool inbound, bool limited) {
  if (r->json) {
    json_begin("circuit");
    json_text("relay", relay);
    json_text("peer", peer);
    json_text("dir", inbound ? "in" : "out");
    printf(",\"limited\":%s", limited ? "true" : "false");
    json_end();
    return;
  }
  app_report_step(r, "Relay: circuit %s %s%s", inbound ? "from" : "to", peer,
                  limited ? " (limited in time and bytes)" : "");
}

void app_report_signaling(app_report *r, const char *peer, const char *step) {
  if (r->json) {
    json_begin("signaling");
    json_text("peer", peer);
    json_text("step", step);
    json_end();
    return;
  }
  app_report_step(r, "Signaling: %s", step);
}

void app_report_candidate(app_report *r, const char *peer, bool remote, const char *type, const char *addr) {
  if (r->json) {
    json_begin("candidate");
    json_text("peer", peer);
    json_text("side", remote ? "remote" : "local");
    json_text("type", type);
    json_text("addr", addr);
    json_end();
    return;
  }
  app_report_step(r, "ICE: %s candidate %s %s", remote ? "their" : "our", type, addr);
}

void app_report_selected(app_report *r, const char *peer, const char *local, const char *remote, const char *local_type,
                         const char *remote_type) {
  if (r->json) {
    json_begin("selected");
    json_text("peer", peer);
    json_text("local", local);
    json_text("remote", remote);
    json_text("local_type", local_type);
    json_text("remote_type", remote_type);
    json_end();
    return;
  }
  app_report_step(r, "ICE: selected %s (%s) <-> %s (%s)", local, local_type, remote, remote_type);
}

void app_report_path(app_report *r, const char *peer, bool direct, const char *local, const char *remote) {
  if (r->json) {
    json_begin("path");
    json_text("peer", peer);
    json_text("path", direct ? "direct" : "relayed");
    json_text("local", local);
    json_text("remote", remote);
    json_end();
    return;
  }
  if (direct)
    app_report_step(r, "Path to %s: direct udp %s <-> %s", peer, local, remote);
  else
    app_report_step(r, "Path to %s: relayed", peer);
}

void app_report_fallback(app_report *r, const char *peer, const char *reason, int again) {
  if (r->json) {
    json_begin("fallback");
    json_text("peer", peer);
    json_text("reason", reason);
    printf(",\"again_s\":%d", again);
    json_end();
    return;
  }
  app_report_step(r, "No direct path: %s", reason);
  if (again >= 0)
    app_report_step(r, "The relay carries the chat, within its limits; the direct path is tried again in %d s", again);
  else
    app_report_step(r, "The relay carries the chat, within its limits");
}

void app_report_lost(app_report *r, const char *peer, const char *reason) {
  if (r->json) {
    json_begin("lost");
    json_text("peer", peer);
    json_text("reason", reason);
    json_end();
    return;
  }
  app_report_step(r, "Lost the path to %s: %s", peer, reason);
}

/* ---- webrtc-p2p-relay ----------------------------------------------------------------------------------------------------------- */

void app_report_reservation(app_report *r, const char *peer, const char *state, uint64_t expires, const char *reason) {
  if (r->json) {
    json_begin("reservation");
    json_text("peer", peer);
    json_text("state", state);
    if (reason)
      json_text("reason", reason);
    else
      printf(",\"expires\":%" PRIu64, expires);
    json_end();
    return;
  }
  if (reason)
    app_report_step(r, "The slot of %s is free again: %s", peer, reason);
  else
    app_report_step(r, "%s for %s", strcmp(state, "made") == 0 ? "Reserved a slot" : "Renewed the slot", peer);
}

static void circuit_begin(const char *from, const char *to, const char *state) {
  json_begin("circuit");
  json_text("from", from);
  json_text("to", to);
  json_text("state", state);
}

void app_report_circuit_opened(app_report *r, const char *from, const char *to) {
  if (r->json) {
    circuit_begin(from, to, "opened");
    json_end();
    return;
  }
  app_report_step(r, "Circuit from %s to %s", from, to);
}

void app_report_circuit_closed(app_report *r, const char *from, const char *to, uint64_t bytes_there,
                               uint64_t bytes_back, const char *reason) {
  if (r->json) {
    circuit_begin(from, to, "closed");
    printf(",\"bytes\":%" PRIu64 ",\"bytes_a_to_b\":%" PRIu64 ",\"bytes_b_to_a\":%" PRIu64, bytes_there + bytes_back,
           bytes_there, bytes_back);
    json_text("reason", reason);
    json_end();
    return;
  }
  app_report_step(r, "Circuit from %s to %s is over (%s): %" PRIu64 " bytes there, %" PRIu64 " back", from, to, reason,
                  bytes_there, bytes_back);
}

void app_report_refused(app_report *r, const char *peer, const char *to, const char *status, const char *reason) {
  if (r->json) {
    json_begin("refused");
    json_text("peer", peer);
    if (to) json_text("to", to);
    json_text("status", status);
    json_text("reason", reason);
    json_end();
    return;
  }
  app_report_step(r, "Refused %s: %s (%s)", peer, status, reason);
}

void app_report_error(app_report *r, const char *layer, const char *step, int code, const char *text,
                      const char *hint) {
  if (code == WEFT_OK) code = WEFT_ECLOSED; /* the other side ended in order what was still needed */
  if (r->json) {
    json_begin("error");
    json_text("layer", layer);
    json_text("step", step);
    json_text("code", weft_errname(code));
    json_text("text", text);
    json_text("hint", hint);
    json_end();
    return;
  }
  bool said = strncmp(text, step, strlen(step)) == 0; /* "certificate: certificate does not match certhash" */
  clear_prompt(r);
  fprintf(stderr, "%serror:%s %s: %s%s%s\n", r->color ? RED : "", r->color ? PLAIN : "", layer, said ? "" : step,
          said ? "" : ": ", text);
  if (hint[0]) fprintf(stderr, "  hint: %s\n", hint);
}
