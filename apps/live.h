/* apps (private to live*.c and weft-live.c): what `weft conform --live` and `--live-listen` do with a running peer. One connection of our own stack,
 * watched through the trace hook; where a check needs what no honest program does, it reaches beneath the public calls.
 */
#ifndef APPS_LIVE_H
#define APPS_LIVE_H

#include "apps/node.h"
#include "webrtc/webrtc_int.h"

#include <weft/stun/stun.h>

typedef enum live_result { LIVE_PASS, LIVE_FAIL, LIVE_NOT_TESTABLE } live_result;

typedef struct live_check {
  const char *name, *clause;
  live_result result;
  char seen[200];
} live_check;

enum { LIVE_CHECKS = 16, LIVE_OPENS = 64, LIVE_PROBES = 8 };

/* What was seen of the connection under way. */
typedef struct live_seen {
  unsigned datagrams_in;
  int first_hello_answer;      /* handshake type of the first DTLS datagram that came; -1: none yet */
  size_t hello_out, first_in;  /* bytes sent before it, bytes of it */
  unsigned opens, opens_wrong; /* channels the peer opened; with an id of our parity */
  uint16_t acked;              /* last channel whose OPEN it acknowledged */
  size_t largest_message, largest_frame;
  unsigned frames, noise_in; /* frames of streams; messages on channel 0 */
  uint16_t reset_in[LIVE_OPENS];
  size_t reset_in_len;
  uint16_t fin_acks[LIVE_OPENS];
  size_t fin_acks_len;
  uint32_t waiting_tsn; /* of the DATA whose SACK is timed */
  bool waiting;
  weft_time sent_at, delays[LIVE_PROBES];
  size_t delays_len;
  uint8_t txid[12]; /* of our own binding request */
  bool stun_answered, goodbye;
  char username[WEFT_STUN_USERNAME_MAX + 1]; /* of the first check, whoever sent it */
  bool username_ours;
} live_seen;

typedef struct live {
  app_node node; /* first: app_node_keylog */
  weft_webrtc *conn;
  weft_webrtc_listener *listener;
  weft_webrtc_direct_addr target;
  uint8_t version;
  live_seen seen;
  bool ready, closed, break_prologue, over;
  bool (*until)(struct live *l);
  weft_time limit;
  char why[200]; /* how the connection ended */
  char peer_id[128], agent[128];
  uint32_t stream;  /* the ping's; 0: none, or it is over */
  uint32_t watched; /* the channel whose end a check waits for */
  size_t pong;      /* bytes of the echo that came */
  uint8_t ball[32];
  live_check checks[LIVE_CHECKS];
  size_t checks_len;
} live;

/* live.c. Waits until cond holds; false: the limit passed, or (unless cond is about that) the connection ended. */
bool live_wait(live *l, bool (*cond)(live *l), weft_time at_most);
int live_dial(live *l);                             /* begins; WEFT_OK */
int live_listen(live *l, const weft_addr *bind_to); /* the first connection that is ready is looked at */
void live_hang_up(live *l);                         /* without a goodbye */
bool live_is_ready(live *l);
bool live_is_closed(live *l);
/* A stream on which ping is negotiated and one ball is thrown; split: the first frame's length leaves as a channel message of its own. */
bool live_ping(live *l, bool split);
void live_end_stream(live *l);                                      /* FIN; the next ping takes another stream */
int live_put(live *l, const uint8_t *data, size_t len, bool split); /* a frame on that stream */

/* live_checks.c */
void live_note(live *l, const char *name, const char *clause, live_result result, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void live_dialer_checks(live *l);    /* before the connection: what only a dialer can ask of a listener */
void live_connected_checks(live *l); /* the last one ends it */

/* live_probe.c: binding requests from a socket of their own. 1: answered, 0: not within the time, WEFT_EINTERNAL. */
int live_probe(const weft_addr *to, const char *prefix, weft_rng *rng, int wait_ms);

#endif
