/* apps (private to live*.c and weft-live.c): what `weft conform --live` and `--live-listen` do with a running peer. One connection of our own stack,
 * watched through the trace hook; where a check needs what no honest program does, it reaches beneath the public calls.
 */
#ifndef APPS_LIVE_H
#define APPS_LIVE_H

#include "apps/node.h"
#include "webrtc/webrtc_int.h"

#include <weft/stun/stun.h>

typedef enum live_result { LIVE_PASS, LIVE_FAIL, LIVE_NOT_TESTABLE } live_result;

typedef struct live_behaviour {
  const char *name, *clause;
} live_behaviour;

typedef struct live_check {
  live_behaviour of;
  live_result result;
  char seen[200];
} live_check;

enum { LIVE_CHECKS = 24, LIVE_OPENS = 64 };

/* How the peer said that it closes. */
enum { LIVE_TOLD_ABORT = 1, LIVE_TOLD_SHUTDOWN = 2, LIVE_TOLD_ALERT = 4 };

typedef struct live_delays {
  weft_time least, most;
  unsigned n;
} live_delays;

/* Packets with DATA that left and are not acknowledged, and how long the SACKs took: of one that left while none was under way and none followed, and
 * of the second, since it left. */
typedef struct live_flight {
  unsigned packets;
  uint32_t first_tsn, second_tsn, last_tsn;
  weft_time first_at, second_at;
  bool second_timed;
  live_delays alone, second;
} live_flight;

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
  live_flight flight;
  unsigned told;        /* LIVE_TOLD_... */
  bool aborted;         /* an ABORT came, for this: */
  uint16_t abort_cause; /* RFC 9260 section 3.3.10; 0: none was given */
  uint8_t txid[12];     /* of our own binding request */
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
  unsigned close_wait; /* seconds for the peer to close by itself */
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
void live_note(live *l, const live_behaviour *b, live_result result, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void live_dialer_checks(live *l);      /* before the connection: what only a dialer can ask of a listener */
void live_connected_checks(live *l);   /* the last one ends it */
void live_destructive_checks(live *l); /* on connections of their own, behind everything else */

/* live_sack.c */
void live_sack(live *l, const live_behaviour *b);
void live_flight_left(live_flight *f, uint32_t last_tsn, weft_time now); /* a packet with DATA, and its last TSN */
void live_flight_acked(live_flight *f, uint32_t cumulative, weft_time now);
/* live_end.c: how a peer closes, answers our end, and what it makes of DATA that it must not take. */
void live_close_told(live *l, const live_behaviour *b);
void live_close_answered(live *l, const live_behaviour *b);
void live_empty_data(live *l, const live_behaviour *b);

/* live_probe.c: binding requests from a socket of their own. 1: answered, 0: not within the time, WEFT_EINTERNAL. */
int live_probe(const weft_addr *to, const char *prefix, weft_rng *rng, int wait_ms);

#endif
