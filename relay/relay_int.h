/* weft relay, private: what the files of this layer share.
 *
 * The server's records:
 *
 *   who (a peer id) --- peers (its connections) --- streams
 *                          |                           |
 *                       prefix (its network)        circuit: ends[0] the hop stream, ends[1] the stop stream
 *
 * A stream:
 *
 *   READING --RESERVE, refusal--> DRAINING --all written, peer ended, or stop_limit--> (none)
 *      |                              ^
 *      +--CONNECT--> WAITING --refusal+
 *                       |
 *   OPENING --ready--> ASKING         |
 *                       |             |
 *        both: --OK--> RELAYING --data limit: the receiver's side--> DRAINING
 *
 * A circuit: CONNECTING (until the stop side says OK) -> OPEN -> OVER.
 *
 * Memory of peers, streams and circuits is given back only when the outermost call returns (r->graves), so that a
 * callback that ends one of them leaves no pointer of its callers hanging. What a callback may have ended is asked again
 * after each of them.
 */
#ifndef WEFT_RELAY_RELAY_INT_H
#define WEFT_RELAY_RELAY_INT_H

#include "base/bytes.h"
#include "base/evq.h"
#include "base/list.h"
#include "relay/relay.h"

/* ---- messages ---- */

/* A message with its length (2 bytes for up to 16,383). */
#define WEFT_RELAY_FRAME_MAX (WEFT_RELAY_MESSAGE_MAX + 2)

/* Puts a uvarint length before the body; WEFT_ETOOBIG beyond WEFT_RELAY_MESSAGE_MAX or cap. */
int weft_relay_frame(const weft_wr *body, uint8_t *out, size_t cap, size_t *len);

/* Collects one message with its length from a byte stream. */
typedef struct weft_relay_reader {
  uint8_t prefix[2];
  uint8_t prefix_len;
  bool sized;
  uint8_t *body; /* `want` bytes once the length is known */
  size_t want, have;
} weft_relay_reader;
/* WEFT_OK: the message is in body, and *taken says how many bytes of data were its last; WEFT_EAGAIN: all was taken and
 * more is needed; WEFT_ETOOBIG: longer than WEFT_RELAY_MESSAGE_MAX; WEFT_EMALFORMED: the length; WEFT_ENOMEM. */
int weft_relay_reader_input(weft_relay_reader *rd, const weft_alloc *a, const uint8_t *data, size_t len, size_t *taken);
void weft_relay_reader_free(weft_relay_reader *rd, const weft_alloc *a);

/* The public key, signature and texts of a voucher as weft_relay_voucher_check found them. NULL: it is what it must be;
 * otherwise what is wrong with it. */
typedef struct weft_relay_voucher_expect {
  const weft_peer_id *relay, *self;
  uint64_t unix_now;
  weft_relay_verify_fn verify;
  void *verify_user;
} weft_relay_voucher_expect;
const char *weft_relay_voucher_check(weft_relay_bytes voucher, const weft_relay_voucher_expect *x);

bool weft_relay_bytes_equal(weft_relay_bytes a, const uint8_t *data, size_t len);

/* Position of a status in the enum; 8 when it is not there. */
size_t weft_relay_status_index(int status);

/* ---- time ---- */

/* Seconds as weft_time, and unix seconds of a weft_time; both saturate. */
weft_time weft_relay_seconds(uint64_t s);
uint64_t weft_relay_unix(int64_t unix_at_zero, weft_time now);

/* ---- the client ---- */

enum { WEFT_RELAY_CLIENT_EVENTS = 2 };

struct weft_relay_client {
  weft_relay_client_config cfg;
  weft_relay_client_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_evq q;
  weft_relay_client_event ring[WEFT_RELAY_CLIENT_EVENTS];
  weft_peer_id relay, self, target, remote;
  weft_time now, give_up_at;
  weft_relay_reader reader;
  weft_relay_message message;
  bool started, ended;
  bool accepted;                     /* ACCEPT: the circuit stands once our OK is out */
  uint8_t out[WEFT_RELAY_FRAME_MAX]; /* what output has not taken yet: out_at to out_len */
  size_t out_at, out_len;
};

void weft_relay_client_end(weft_relay_client *c, weft_who who, const char *step, int code, int status,
                           const char *text);
/* Offers what is to be written; false when it is not all out. */
bool weft_relay_client_flush(weft_relay_client *c);
void weft_relay_client_tell(weft_relay_client *c, const weft_relay_client_event *ev);
/* hop.c */
int weft_relay_client_ask(weft_relay_client *c);
void weft_relay_client_hop_answer(weft_relay_client *c);
/* stop.c */
void weft_relay_client_stop_asked(weft_relay_client *c);
void weft_relay_client_stop_refuse(weft_relay_client *c, int status, int code, const char *text);
void weft_relay_client_accepted(weft_relay_client *c);

/* ---- tables: table.c ---- */

typedef struct weft_relay_node {
  struct weft_relay_node *next;
  uint64_t hash;
} weft_relay_node;

typedef struct weft_relay_table {
  weft_relay_node **slots;
  size_t cap, len; /* cap: a power of two, or 0 */
} weft_relay_table;

int weft_relay_table_add(weft_relay_table *t, const weft_alloc *a, weft_relay_node *n, uint64_t hash);
void weft_relay_table_remove(weft_relay_table *t, weft_relay_node *n);
/* All nodes of a hash: first, then next until NULL. */
weft_relay_node *weft_relay_table_first(const weft_relay_table *t, uint64_t hash);
weft_relay_node *weft_relay_node_next(const weft_relay_node *n);
void weft_relay_table_free(weft_relay_table *t, const weft_alloc *a);
uint64_t weft_relay_hash_bytes(const uint8_t *data, size_t len);
uint64_t weft_relay_hash_stream(const void *conn, uint32_t stream);

/* ---- a bounded queue of bytes: queue.c ---- */

/* Exactly `cap` bytes once something waits; given back by free alone, so that a stalling reader costs no allocations. */
typedef struct weft_relay_queue {
  uint8_t *mem;
  size_t cap, at, len;
} weft_relay_queue;

/* As many of len as fit; WEFT_ENOMEM. */
ptrdiff_t weft_relay_queue_push(weft_relay_queue *q, const weft_alloc *a, const uint8_t *data, size_t len);
const uint8_t *weft_relay_queue_front(const weft_relay_queue *q, size_t *len);
void weft_relay_queue_pop(weft_relay_queue *q, size_t n);
void weft_relay_queue_free(weft_relay_queue *q, const weft_alloc *a);

/* ---- the server's records ---- */

typedef enum weft_relay_kind {
  WEFT_RELAY_ITEM_PEER = 1,
  WEFT_RELAY_ITEM_STREAM = 2,
  WEFT_RELAY_ITEM_CIRCUIT = 3
} weft_relay_kind;

/* What is at the front of a record that events are about. `due` has a bit (1 << event type) per event to be told. */
typedef struct weft_relay_item {
  weft_list tell; /* in r->telling while due is not 0 */
  weft_list grave;
  uint8_t kind, due;
  bool gone; /* unlinked from everything; in r->graves */
} weft_relay_item;

typedef struct weft_relay_prefix {
  weft_relay_node node;
  weft_list idle; /* in r->idle_prefixes when no peer is here, as long as issuing is to be remembered */
  uint8_t key[8]; /* family, then 4 bytes of IPv4 or 7 of IPv6 */
  uint32_t peers, reservations;
  weft_time issue_at; /* when the bucket of issued reservations is empty again */
} weft_relay_prefix;

typedef struct weft_relay_who {
  weft_relay_node node;
  weft_list peers; /* weft_relay_peer.same */
  weft_peer_id id;
  uint32_t reservations, circuits;
  weft_time asked_at; /* when the bucket of circuits begun towards it is empty again */
} weft_relay_who;

typedef struct weft_relay_peer {
  weft_relay_item item;
  weft_relay_node node;
  weft_list same;
  weft_list reserved; /* in r->reservations */
  weft_list streams;  /* weft_relay_stream.of_peer */
  weft_relay_who *who;
  weft_relay_prefix *prefix; /* NULL: no address */
  weft_peer_id id;           /* again, for events after who is gone */
  void *conn;
  bool relayed, has_reservation, renewed;
  uint64_t expire;    /* expires_at as unix seconds */
  uint32_t exchanges; /* hop streams that carry no circuit */
  weft_time expires_at;
  const char *expired_why;
} weft_relay_peer;

typedef enum weft_relay_stream_state {
  WEFT_RELAY_READING = 1,
  WEFT_RELAY_WAITING = 2,
  WEFT_RELAY_OPENING = 3,
  WEFT_RELAY_ASKING = 4,
  WEFT_RELAY_RELAYING = 5,
  WEFT_RELAY_DRAINING = 6
} weft_relay_stream_state;

struct weft_relay_circuit;

typedef struct weft_relay_stream {
  weft_relay_item item;
  weft_relay_node node;
  weft_list of_peer;
  weft_list timed;   /* READING: r->reading; DRAINING: r->draining */
  weft_list blocked; /* in r->blocked while something waits for output */
  weft_relay_peer *peer;
  struct weft_relay_circuit *circuit; /* NULL: none */
  uint32_t id;
  uint8_t side; /* in the circuit: 0 or 1 */
  bool inbound; /* a hop stream */
  weft_relay_stream_state state;
  weft_time deadline;
  weft_relay_reader reader;
  uint8_t *message; /* of ours, what output has not taken: message_at to message_len */
  size_t message_at, message_len;
  weft_relay_queue queue; /* payload on its way out here */
  bool ended;             /* the peer sends no more */
  bool busy;              /* its output is being called */
  bool shut;              /* we send no more, and said so */
  bool finish;            /* to be shut when all is out */
  int refused;            /* REFUSED: the status */
  const char *why;
  weft_peer_id target;
} weft_relay_stream;

typedef enum weft_relay_circuit_state {
  WEFT_RELAY_CONNECTING = 1,
  WEFT_RELAY_OPEN = 2,
  WEFT_RELAY_OVER = 3
} weft_relay_circuit_state;

typedef struct weft_relay_circuit {
  weft_relay_item item;
  weft_list timed; /* CONNECTING: r->connecting; OPEN with a time limit: r->open */
  weft_relay_circuit_state state;
  weft_relay_stream *ends[2]; /* [0]: the dialer's hop stream; [1]: the stop stream, NULL until it is open */
  weft_relay_who *whos[2];
  weft_peer_id ids[2];
  uint64_t bytes[2]; /* payload taken from that side */
  weft_time deadline;
  const char *why;
} weft_relay_circuit;

struct weft_relay_server {
  weft_relay_server_config cfg;
  weft_relay_server_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_evq q; /* only its bookkeeping of calls: events are due bits in the records */
  weft_time now;
  weft_peer_id id;
  uint8_t *key, *addr_mem;
  size_t addr_mem_len;
  weft_relay_bytes addrs[WEFT_RELAY_ADDRS_MAX];
  weft_relay_server_stats stats;
  uint32_t circuits; /* connecting and open */
  weft_relay_table peers, whos, prefixes, streams;
  size_t idle_prefixes_len;
  /* Lists of one duration each, so in the order of their deadlines. */
  weft_list reservations, reading, connecting, open, draining;
  weft_list blocked, idle_prefixes, telling, graves;
};

/* notice.c: events, and when memory goes back */
void weft_relay_item_init(weft_relay_item *i, weft_relay_kind kind);
void weft_relay_notice(weft_relay_server *r, weft_relay_item *i, weft_relay_server_event_type type);
void weft_relay_bury(weft_relay_server *r, weft_relay_item *i);
void weft_relay_tell(weft_relay_server *r);
void weft_relay_clear_graves(weft_relay_server *r);

/* prefix.c */
weft_relay_prefix *weft_relay_prefix_enter(weft_relay_server *r, const weft_addr *addr); /* NULL: no memory */
void weft_relay_prefix_leave(weft_relay_server *r, weft_relay_prefix *p);
/* One more reservation may be issued to that network now; counts it. */
bool weft_relay_prefix_issue(weft_relay_server *r, weft_relay_prefix *p);
/* A bucket of `size` that leaks empty in `window`, kept as one time: when it is empty (the "virtual scheduling algorithm"
 * of ITU-T I.371 annex A). False: it is full. size 0: unlimited. */
bool weft_relay_bucket_take(weft_time *empty_at, uint64_t size, weft_time window, weft_time now);
void weft_relay_prefix_free_all(weft_relay_server *r);

/* peer.c */
weft_relay_peer *weft_relay_peer_find(const weft_relay_server *r, const void *conn);
weft_relay_who *weft_relay_who_find(const weft_relay_server *r, const uint8_t *id, size_t len);
void weft_relay_who_put(weft_relay_server *r, weft_relay_who *w); /* away when nothing needs it */
int weft_relay_peer_begin(weft_relay_server *r, void *conn, const weft_peer_id *id, const weft_addr *addr,
                          bool relayed);
void weft_relay_peer_end(weft_relay_server *r, weft_relay_peer *p);

/* stream.c */
weft_relay_stream *weft_relay_stream_find(const weft_relay_server *r, const void *conn, uint32_t stream);
weft_relay_stream *weft_relay_stream_new(weft_relay_server *r, weft_relay_peer *p, uint32_t id,
                                         weft_relay_stream_state state); /* NULL: no memory */
/* Forgets it; `reset`: tells the application to. What a circuit needs is done before. */
void weft_relay_stream_end(weft_relay_server *r, weft_relay_stream *s, bool reset);
/* It is gone already: what hangs on it goes too. */
void weft_relay_stream_lost(weft_relay_server *r, weft_relay_stream *s, const char *why);
void weft_relay_stream_set(weft_relay_server *r, weft_relay_stream *s, weft_relay_stream_state state);
/* Bytes that output took; asks no further when the stream ended under it. */
size_t weft_relay_stream_offer(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len);
void weft_relay_stream_note_blocked(weft_relay_server *r, weft_relay_stream *s);
/* Our message, ahead of all payload. False: no memory, or the stream ended. */
bool weft_relay_stream_write(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len);
/* Offers what waits. False when the stream ended under it. */
bool weft_relay_stream_flush(weft_relay_server *r, weft_relay_stream *s);
bool weft_relay_stream_blocked(const weft_relay_stream *s);
void weft_relay_stream_finish(weft_relay_server *r, weft_relay_stream *s);
/* The last message of an exchange: written, then shut. */
void weft_relay_stream_answer(weft_relay_server *r, weft_relay_stream *s, const weft_relay_message *m);
void weft_relay_stream_refuse(weft_relay_server *r, weft_relay_stream *s, int status, const char *why);
/* Gives bytes back to the stream's window. */
void weft_relay_stream_consumed(weft_relay_server *r, weft_relay_stream *s, size_t n);

/* reserve.c */
void weft_relay_reserve(weft_relay_server *r, weft_relay_stream *s);
void weft_relay_unreserve(weft_relay_server *r, weft_relay_peer *p, const char *why);
void weft_relay_put_limit(const weft_relay_server *r, weft_relay_message *m);

/* connect.c */
void weft_relay_connect(weft_relay_server *r, weft_relay_stream *s, const weft_relay_message *m);
void weft_relay_stop_ask(weft_relay_server *r, weft_relay_stream *s);
void weft_relay_stop_answer(weft_relay_server *r, weft_relay_stream *s, int rc);
void weft_relay_connect_failed(weft_relay_server *r, weft_relay_circuit *c, const char *why);

/* circuit.c */
ptrdiff_t weft_relay_circuit_input(weft_relay_server *r, weft_relay_stream *s, const uint8_t *data, size_t len);
void weft_relay_circuit_opened(weft_relay_server *r, weft_relay_circuit *c);
/* NULL, or ended both ways. */
bool weft_relay_stream_done(const weft_relay_stream *s);
void weft_relay_circuit_pump(weft_relay_server *r, weft_relay_circuit *c);
/* Resets what is left of both sides. */
void weft_relay_circuit_cut(weft_relay_server *r, weft_relay_circuit *c, const char *why);
/* Releases the slot; the streams are the caller's. */
void weft_relay_circuit_over(weft_relay_server *r, weft_relay_circuit *c, const char *why);

#endif
