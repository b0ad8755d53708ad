/* apps: what a program tells its user. With --json one object per line on stdout and nothing else there; otherwise addresses and received lines
 * on stdout, everything else on stderr. The events are described in apps/EVENTS.md and apps/events.schema.json.
 */
#ifndef APPS_REPORT_H
#define APPS_REPORT_H

#include <stdio.h>

#include <weft/base/addr.h>
#include <weft/base/base.h>

typedef struct app_report {
  bool json, quiet, verbose, color;
  const char *prompt; /* "You: ", shown on a terminal after each line; NULL: none */
  bool prompt_shown;
} app_report;

typedef struct app_connected {
  const char *peer, *path, *dir;                       /* "direct"|"relayed", "in"|"out" */
  const char *transport;                               /* under local and remote: "udp" (NULL) or "tcp" */
  const char *local, *remote;                          /* address texts */
  int direct_version;                                  /* 0: not webrtc-direct */
  const char *mux;                                     /* "channels"|"yamux" */
  double ms_signaling;                                 /* 0: there was none */
  double ms_ice, ms_dtls, ms_sctp, ms_noise, ms_total; /* total 0: not measured */
} app_connected;

/* Colour only on a terminal without NO_COLOR. */
void app_report_init(app_report *r, bool json, bool quiet, bool verbose);
void app_report_prompt(app_report *r);
void app_report_listening(app_report *r, const char *addr);
void app_report_connecting(app_report *r, const char *addr);
void app_report_connected(app_report *r, const app_connected *c);
/* A whole message: text when well-formed and at most 512 bytes, else data. */
void app_report_message(app_report *r, const char *peer, const uint8_t *data, size_t len);
void app_report_ping(app_report *r, const char *peer, weft_time rtt);
void app_report_disconnected(app_report *r, const char *peer, const char *reason, const char *who);
void app_report_error(app_report *r, const char *layer, const char *step, int code, const char *text, const char *hint);
/* What webrtc-p2p-peer adds. local and remote may be "" (not known, or a name). */
void app_report_reserved(app_report *r, const char *relay, const char *addr, uint64_t expires);
void app_report_circuit(app_report *r, const char *relay, const char *peer, bool inbound, bool limited);
void app_report_signaling(app_report *r, const char *peer, const char *step);
void app_report_candidate(app_report *r, const char *peer, bool remote, const char *type, const char *addr);
void app_report_selected(app_report *r, const char *peer, const char *local, const char *remote, const char *local_type,
                         const char *remote_type);
void app_report_path(app_report *r, const char *peer, bool direct, const char *local, const char *remote);
/* again in seconds, -1: not. */
void app_report_fallback(app_report *r, const char *peer, const char *reason, int again);
void app_report_lost(app_report *r, const char *peer, const char *reason);
/* What webrtc-p2p-relay adds. state: "made", "refreshed" or "ended"; expires: unix seconds, of the first two; reason: of the last. */
void app_report_reservation(app_report *r, const char *peer, const char *state, uint64_t expires, const char *reason);
void app_report_circuit_opened(app_report *r, const char *from, const char *to);
void app_report_circuit_closed(app_report *r, const char *from, const char *to, uint64_t bytes_there,
                               uint64_t bytes_back, const char *reason);
/* to: whom it wanted to reach; NULL: it asked for a reservation. */
void app_report_refused(app_report *r, const char *peer, const char *to, const char *status, const char *reason);
/* A step for the person watching; stderr; not with --json or --quiet. */
void app_report_step(app_report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, only with --verbose (also with --json, on stderr). */
void app_report_detail(app_report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *app_who(weft_who who); /* "self", "peer", "timeout" */

#endif
