/* apps: --record DIR. One folder per connection, cut at every layer, from the trace hook of the layers:
 *
 *   udp.jsonl       every datagram            stun.jsonl dtls.jsonl   those of them that are STUN, that are DTLS
 *   sctp.jsonl      packets, in clear         dcep.jsonl messages.jsonl   messages with PPID 50, and all others
 *   streams.jsonl   libp2p frames: payload and flag, channel 0 (Noise) too
 *   keylog.txt      DTLS secrets (NSS)        session.pcapng          for Wireshark, with the secrets inside
 *   tcp.jsonl circuit.jsonl   of a TCP connection, or one through a relay, instead of the files above: octets as they were given and taken
 *   noise.jsonl yamux.jsonl yamux-streams.jsonl   of those, and of Yamux inside channel 0: Noise messages, the handshake's as they
 *                   travel, later ones in clear; Yamux frames; octets of each Yamux stream, with FIN and RESET
 *   session.json    who, roles, addresses, what was reached, how it ended, how each file is replayed (vectors/README.md)
 *
 * A line is {"t_us":N,"from":"dialer"|"listener","wire":"hex"}, with "stream", "ppid" and "flag" where there are some. t_us counts from the
 * session's first datagram or octets. The first connection goes to DIR, the next ones to DIR-2, DIR-3, ...; nothing there is overwritten.
 *
 *   app_record *r;
 *   app_record_config cfg = {.dir = "session", .program = "webrtc-direct-client", .argc = argc, .argv = argv, .peer_id = id};
 *   if (app_record_open(&r, &cfg, why, sizeof why) != WEFT_OK) ...
 *   webrtc_cfg.trace = app_record_tracer(r); webrtc_cfg.rng = app_record_rng(r); webrtc_cfg.keylog calls app_record_keylog(r, line)
 *   app_record_connected(r, conn, peer_id, 1, "channels");
 *   a link does this with the weft_upgrade it makes: app_record_begin_link(&link_cfg.record, upgrade, &muxer);
 *   app_record_agent(r, conn, agent);                    once identify said it
 *   app_record_closed(r, conn, &ev->closed);
 *   app_record_end(r);                                    WEFT_EINTERNAL: something could not be written
 *
 * Without --record there is no app_record, and the layers' hook stays off.
 */
#ifndef APPS_RECORD_H
#define APPS_RECORD_H

#include <weft/base/addr.h>
#include <weft/base/base.h>

typedef struct app_record app_record;

typedef struct app_record_config {
  const char *dir, *program;
  const char *peer_id;        /* ours */
  const uint8_t *fingerprint; /* of our certificate, 32 bytes; NULL: not told */
  weft_rng rng;               /* what app_record_rng draws from */
  /* 32 bytes: only of an identity that lives as long as this process. The Noise handshake can be replayed to the byte then. NULL: a key of value. */
  const uint8_t *identity_seed;
  bool listener;
  int argc;
  char **argv; /* how to record it again; must outlive the record */
} app_record_config;

/* How a weft_upgrade is recorded: all zero, not at all. */
typedef struct app_record_link {
  app_record *record;
  const void *inside; /* the weft_webrtc whose channel 0 it runs in: part of that session. NULL: a session of its own */
  bool circuit;       /* through a relay; else TCP */
  weft_addr local, remote; /* TCP */
  bool dialer;
} app_record_link;

/* What decides over Yamux's own frames; 0: the layers' defaults. */
typedef struct app_record_muxer {
  uint32_t window_max, max_streams;
} app_record_muxer;

/* Makes the folder. WEFT_EINTERNAL with the reason in `why`: it cannot be made, or holds a session already. */
int app_record_open(app_record **out, const app_record_config *cfg, char *why, size_t cap);
weft_tracer app_record_tracer(app_record *r);
/* Notes the keys that Noise draws. */
weft_rng app_record_rng(app_record *r);
/* r NULL: nothing, in these. */
/* conn, a weft_webrtc that is not started yet, is dialed by us, though this program listens. */
void app_record_dialed(app_record *r, const void *conn);
void app_record_begin_link(const app_record_link *l, const void *upgrade, const app_record_muxer *m);
void app_record_keylog(app_record *r, const char *line);
/* direct_version 0: neither version of webrtc-direct. mux: "channels" or "yamux", static. */
void app_record_connected(app_record *r, const void *conn, const char *peer_id, int direct_version, const char *mux);
void app_record_agent(app_record *r, const void *conn, const char *agent);
void app_record_closed(app_record *r, const void *conn, const weft_closed *why);
int app_record_end(app_record *r);

#endif
