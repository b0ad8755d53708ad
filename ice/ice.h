/* weft ice: RFC 8445 agent (full, both roles), the ICE-lite side of webrtc-direct, and routing of one socket to many
 * agents.
 *
 *   weft_ice_config cfg;
 *   weft_ice_config_default(&cfg);
 *   cfg.rng = rng;
 *   cfg.role = WEFT_ICE_CONTROLLING;
 *   weft_ice *ice;
 *   weft_ice_new(&ice, &cfg, &(weft_ice_callbacks){sizeof(weft_ice_callbacks), my_output, my_event}, me);
 *   weft_ice_add_local(ice, &my_socket_addr, now);           one per socket address: a host candidate
 *   weft_ice_set_remote(ice, ufrag, pwd);
 *   weft_ice_add_remote(ice, &candidate, now);
 *   weft_ice_start(ice, now);                                 checks begin
 *   on readable:  weft_ice_input(ice, &local, &remote, data, len, now);      what is not STUN comes out as DATA
 *   on SELECTED:  weft_ice_send(ice, data, len, now);
 *   weft_ice_tick(ice, now) by weft_ice_deadline(ice);
 *   weft_ice_close(ice, WEFT_OK, now);
 *   weft_ice_free(ice);
 *
 * Addresses, candidates and credentials that are handed in are copied. From `event` every call on the same object is
 * allowed except input and tick, `free` takes effect when the outermost call returns; from `output` and `password` none
 * is, from `binding` only weft_ice_lite_lookup. Functions that return int give WEFT_OK or an error of base.h; after
 * CLOSED WEFT_ESTATE, but for input and tick, which do nothing.
 */
#ifndef WEFT_ICE_ICE_H
#define WEFT_ICE_ICE_H

#include "../base/addr.h"
#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_ICE_UFRAG_MIN 4  /* RFC 8839 section 5.4 */
#define WEFT_ICE_PWD_MIN 22   /* RFC 8839 section 5.4 */
#define WEFT_ICE_CRED_MAX 256 /* RFC 8839 section 5.4 */

/* ---- candidates: candidate.c ------------------------------------------------------------------------------------- */

typedef enum weft_ice_candidate_type {
  WEFT_ICE_HOST = 1,
  WEFT_ICE_SRFLX = 2,
  WEFT_ICE_PRFLX = 3,
  WEFT_ICE_RELAY = 4
} weft_ice_candidate_type;

typedef struct weft_ice_candidate {
  weft_ice_candidate_type type;
  uint16_t component; /* 1..256; only 1 is ever used: data channels have one component */
  uint32_t priority;
  weft_addr addr;                    /* family WEFT_AF_NONE when `host` is a name */
  weft_addr related;                 /* raddr, rport; family WEFT_AF_NONE when absent */
  char foundation[33];               /* 1..32 ice-chars, RFC 8839 section 5.1 */
  char host[64];                     /* an mDNS ".local" name, else "" */
  char ufrag[WEFT_ICE_CRED_MAX + 1]; /* the "ufrag" extension, else "" */
  bool tcp;                          /* a TCP candidate: well formed, never used */
} weft_ice_candidate;

/* RFC 8445 sections 5.1.2.1 and 6.1.2.3. Priorities are from 1 to 2^31 - 1 (section 5.1.2), components from 1 to 256. 0 when an argument is not in
 * its range, or when the formula has no priority for them (a relayed candidate with local_pref 0 and component 256). */
uint32_t weft_ice_priority(weft_ice_candidate_type type, uint16_t local_pref, uint16_t component);
uint64_t weft_ice_pair_priority(uint32_t controlling, uint32_t controlled);
/* "candidate:..." or "a=candidate:..." (RFC 8839 section 5.1); tolerates upper-case UDP and unknown extensions.
 * WEFT_EMALFORMED; WEFT_EUNSUPPORTED for a name that is not ".local" or an unknown transport. */
int weft_ice_candidate_parse(weft_ice_candidate *c, const char *text, size_t len);
/* Writes "candidate:..." without "a="; WEFT_ETOOBIG. buf of 256 bytes is enough without ufrag. */
int weft_ice_candidate_format(const weft_ice_candidate *c, char *buf, size_t cap);
const char *weft_ice_candidate_type_name(weft_ice_candidate_type t); /* "host", "srflx", "prflx", "relay" */
/* All bytes ice-chars (letters, digits, '+', '/') and min..256 of them. */
bool weft_ice_cred_valid(const char *text, size_t len, size_t min);

/* ---- the agent --------------------------------------------------------------------------------------------------- */

typedef struct weft_ice weft_ice;

typedef enum weft_ice_role { WEFT_ICE_CONTROLLED = 0, WEFT_ICE_CONTROLLING = 1 } weft_ice_role;

typedef enum weft_ice_state {
  WEFT_ICE_NEW = 0,
  WEFT_ICE_CHECKING = 1,     /* checks are under way, no valid pair yet */
  WEFT_ICE_CONNECTED = 2,    /* a valid pair exists: data may flow */
  WEFT_ICE_COMPLETED = 3,    /* a pair is nominated */
  WEFT_ICE_DISCONNECTED = 4, /* consent is late; may come back */
  WEFT_ICE_CLOSED = 5
} weft_ice_state;

typedef struct weft_ice_config {
  size_t size;
  weft_rng rng;            /* required */
  const weft_alloc *alloc; /* NULL: libc */
  weft_tracer trace;
  weft_ice_role role;      /* default controlling */
  bool lite;               /* default false. True: sends no checks and reads no STUN; see weft_ice_admit */
  const char *local_ufrag; /* NULL: 8 random ice-chars; copied */
  const char *local_pwd;   /* NULL: 24 random ice-chars; copied */
  weft_time pacing;        /* Ta, default 50 ms, RFC 8445 section 14.2 */
  weft_time rto_min;       /* default 500 ms, RFC 8445 section 14.3 */
  weft_time check_limit;   /* no valid pair this long after start: CLOSED with WEFT_ETIMEDOUT; default 30 s */
  /* default 5 s, randomised 0.8 to 1.2 (RFC 7675 section 5.1); a path on which nothing is sent, or nothing heard, is
   * checked every 2.5 s */
  weft_time consent_interval;
  weft_time consent_timeout; /* default 30 s, RFC 7675 section 5.1; lite: 30 s without admit or authenticated */
  uint16_t max_remote; /* default 20 remote candidates; then hosts that were never heard make room for reflexive ones */
  uint16_t max_pairs;  /* default 40; RFC 8445 section 6.1.2.5 says 100 as a default limit */
  uint16_t max_admitted; /* lite: source addresses per agent, default 32; the 33rd is refused, none is evicted */
  bool allow_loopback;   /* default false: pair loopback candidates */
  bool aggressive;       /* default false: regular nomination, RFC 8445 section 8.1.1 */
  bool
      records_renew_consent; /* default false, as RFC 7675 section 5.1. True: weft_ice_authenticated renews consent too, for those
                               * whose STUN keys prove less than the upper layer's MAC (webrtc-direct: the key is the user name) */
  /* Filters. By type, a sum of WEFT_ICE_TYPE(...), 0: all. told_types: our candidates that are told to the peer (checks
   * go out from a base all the same); remote_types: the peer's that are paired, PRFLX being those found by its checks.
   * remote_allowed: asked for every address of the peer before a pair, an answer or a check; NULL: all. Our own
   * addresses and interfaces are filtered by not adding them, ports by the socket. */
  uint32_t told_types, remote_types;
  bool (*remote_allowed)(void *user, const weft_addr *remote);
  void *remote_allowed_user;
} weft_ice_config;

#define WEFT_ICE_TYPE(type) (1u << (type))

typedef enum weft_ice_event_type {
  WEFT_ICE_EVENT_STATE = 1,
  WEFT_ICE_EVENT_CANDIDATE = 2, /* a local candidate was gathered: send it to the peer */
  WEFT_ICE_EVENT_GATHERED = 3,  /* no more local candidates */
  WEFT_ICE_EVENT_SELECTED = 4,  /* the path in use, at first and at every change */
  WEFT_ICE_EVENT_DATA = 5,      /* not STUN, from a validated pair */
  WEFT_ICE_EVENT_CLOSED = 6,
  WEFT_ICE_EVENT_RESOLVE = 7 /* the peer named a candidate (mDNS): see weft_ice_add_remote */
} weft_ice_event_type;

typedef struct weft_ice_event {
  weft_ice_event_type type;
  weft_ice_state state;                            /* STATE */
  const weft_ice_candidate *candidate;             /* CANDIDATE, RESOLVE */
  const weft_addr *local, *remote;                 /* SELECTED, DATA: local is the base (socket) address */
  weft_ice_candidate_type local_type, remote_type; /* SELECTED */
  weft_time rtt;                                   /* SELECTED: of the last check, WEFT_NEVER if unknown */
  const uint8_t *data;                             /* DATA */
  size_t len;
  weft_closed closed; /* CLOSED */
} weft_ice_event;

typedef struct weft_ice_callbacks {
  size_t size;
  /* Sends one datagram from the socket bound to `local` to `remote`. WEFT_OK, or WEFT_EAGAIN: not sent. */
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*event)(void *user, const weft_ice_event *ev, weft_time now);
} weft_ice_callbacks;

typedef struct weft_ice_stats {
  size_t size;
  uint64_t bytes_in, bytes_out, datagrams_in, datagrams_out; /* of DATA and send, without STUN */
  uint64_t checks_sent, checks_received, responses_sent, responses_received;
  uint64_t drop_malformed, drop_username, drop_integrity, drop_unknown_transaction, drop_wrong_source, drop_unvalidated;
  uint64_t drop_candidate_forbidden, drop_candidate_limit, drop_address_limit, role_conflicts;
  weft_time rtt;                    /* smoothed, WEFT_NEVER when unknown */
  uint64_t drop_candidate_filtered; /* by cfg: remote_types, remote_allowed */
} weft_ice_stats;

#define weft_ice_config_default(c) weft_ice_config_init((c), sizeof *(c))
void weft_ice_config_init(weft_ice_config *c, size_t size);
int weft_ice_new(weft_ice **out, const weft_ice_config *cfg, const weft_ice_callbacks *cb, void *user);
void weft_ice_free(weft_ice *ice);

/* Our credentials, valid until free or restart. */
const char *weft_ice_local_ufrag(const weft_ice *ice);
const char *weft_ice_local_pwd(const weft_ice *ice);
/* The peer's; copied; WEFT_EINVAL when not ice-chars or out of length. */
int weft_ice_set_remote(weft_ice *ice, const char *ufrag, const char *pwd);
/* A socket address we receive on: becomes a host candidate (CANDIDATE event) and the base of others; the earlier it is
 * added, the higher its preference. A wildcard address is a base too (datagrams to any address of that port are its),
 * but no candidate. IPv4 and IPv6 in turn is RFC 8421's advice. Host candidates are never hidden behind names of our
 * own. WEFT_EINVAL: loopback without allow_loopback, port 0, multicast, IPv6 link-local without a zone...; WEFT_ELIMIT:
 * 32 local candidates; WEFT_ESTATE after weft_ice_gather. */
int weft_ice_add_local(weft_ice *ice, const weft_addr *base, weft_time now);
/* A STUN server: asked from every base of its family, at the pace of the checks, five times in 9.5 s; gives srflx
 * candidates. WEFT_ELIMIT: four servers. */
int weft_ice_add_stun_server(weft_ice *ice, const weft_addr *server, weft_time now);
/* No more bases and servers: GATHERED follows when all have answered or timed out. */
int weft_ice_gather(weft_ice *ice, weft_time now);
/* WEFT_OK also for one that is dropped by policy (counted). One that has a ".local" name in place of an address raises
 * RESOLVE, once per name and port, for at most max_remote of them: the application resolves the name when it can, and
 * calls this again with a copy of the candidate whose `addr` has the address found (and the same port), once per
 * address. There is nothing to do for a name without an address: the peer's own checks may still find the way. */
int weft_ice_add_remote(weft_ice *ice, const weft_ice_candidate *c, weft_time now);
/* The peer has told all (RFC 8838 section 8.2). It ends nothing by itself: a check from an address nobody told may still
 * come, so check_limit runs its course (RFC 8863 section 4). */
int weft_ice_end_of_candidates(weft_ice *ice, weft_time now);
/* Begins checks, the first one before this returns; needs remote credentials (else WEFT_ESTATE; a lite agent needs
 * none). Candidates may still be added (RFC 8838). Checks that come in are answered from the beginning. */
int weft_ice_start(weft_ice *ice, weft_time now);
/* New local credentials, remote forgotten; data keeps flowing on the old pair until a new one is selected (RFC 8445
 * section 9), or the old one's consent runs out. CANDIDATE is raised again for each candidate, to be told with the new
 * credentials. */
int weft_ice_restart(weft_ice *ice, weft_time now);

/* A datagram that came in on the socket bound to `local` from `remote`. */
int weft_ice_input(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                   weft_time now);
/* Sends on the selected pair (before selection: on the best valid pair). WEFT_EAGAIN: not sent; WEFT_ESTATE: no valid
 * pair. */
int weft_ice_send(weft_ice *ice, const uint8_t *data, size_t len, weft_time now);
int weft_ice_tick(weft_ice *ice, weft_time now);
weft_time weft_ice_deadline(const weft_ice *ice);
int weft_ice_close(weft_ice *ice, int code, weft_time now);
void weft_ice_get_stats(const weft_ice *ice, weft_ice_stats *s);
weft_ice_state weft_ice_get_state(const weft_ice *ice);
weft_ice_role weft_ice_get_role(const weft_ice *ice);
/* WEFT_ESTATE when nothing is selected. */
int weft_ice_get_selected(const weft_ice *ice, weft_addr *local, weft_addr *remote);
/* An upper layer proved that `remote` is the peer (a record with a good MAC came from it): renews liveness; a lite
 * agent moves its sending there (WEFT_ENOTFOUND when it was never admitted). A full agent's consent is not renewed by
 * it, only its state. */
int weft_ice_authenticated(weft_ice *ice, const weft_addr *local, const weft_addr *remote, weft_time now);
/* Lite only: a binding request with good credentials came from this source (see weft_ice_lite). The first one makes the
 * agent CONNECTED and selects the source; data from an address that was never admitted is dropped. WEFT_ELIMIT past
 * max_admitted. */
int weft_ice_admit(weft_ice *ice, const weft_addr *local, const weft_addr *remote, weft_time now);

/* ---- the lite responder: lite.c ---------------------------------------------------------------------------------- */

/* Answers binding requests for a listener without keeping anything per source but one slot of a fixed table made at
 * start. It proves nothing about the source; it only remembers which USERNAME it used. */
typedef struct weft_ice_lite weft_ice_lite;

#define WEFT_ICE_LITE_KEY_LEN 16

typedef struct weft_ice_lite_binding {
  const weft_addr *local, *remote;
  const char *server_ufrag, *client_ufrag; /* the halves of USERNAME at the first ':'; not terminated */
  size_t server_len, client_len;
  uint8_t key[WEFT_ICE_LITE_KEY_LEN]; /* keyed hash of USERNAME */
  bool use_candidate;
} weft_ice_lite_binding;

typedef struct weft_ice_lite_config {
  size_t size;
  weft_rng rng; /* required: hash key */
  const weft_alloc *alloc;
  weft_tracer trace;
  uint16_t slots;      /* default 4096, <= 64 bytes each; the oldest of its bucket is overwritten */
  weft_time slot_life; /* default 30 s: an older slot does not count */
} weft_ice_lite_config;

typedef struct weft_ice_lite_callbacks {
  size_t size;
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  /* The MESSAGE-INTEGRITY key for this USERNAME, or WEFT_EAUTH: no answer. Both halves are 4..256 ice-chars already.
   * The key must stay valid until weft_ice_lite_input returns. */
  int (*password)(void *user, const weft_ice_lite_binding *b, const uint8_t **key, size_t *key_len);
  /* A request with good integrity was answered. */
  void (*binding)(void *user, const weft_ice_lite_binding *b, weft_time now);
} weft_ice_lite_callbacks;

typedef struct weft_ice_lite_stats {
  size_t size;
  uint64_t requests, answers, drop_malformed, drop_username, drop_integrity, drop_refused, overwritten, bytes_in,
      bytes_out;
} weft_ice_lite_stats;

#define weft_ice_lite_config_default(c) weft_ice_lite_config_init((c), sizeof *(c))
void weft_ice_lite_config_init(weft_ice_lite_config *c, size_t size);
int weft_ice_lite_new(weft_ice_lite **out, const weft_ice_lite_config *cfg, const weft_ice_lite_callbacks *cb,
                      void *user);
void weft_ice_lite_free(weft_ice_lite *l);
/* A datagram for which weft_stun_is() holds. Never answers with more bytes than came in, never an error response. */
int weft_ice_lite_input(weft_ice_lite *l, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                        size_t len, weft_time now);
/* The key of the last good request from this source; WEFT_ENOTFOUND. */
int weft_ice_lite_lookup(const weft_ice_lite *l, const weft_addr *local, const weft_addr *remote, weft_time now,
                         uint8_t key[WEFT_ICE_LITE_KEY_LEN]);
void weft_ice_lite_get_stats(const weft_ice_lite *l, weft_ice_lite_stats *s);

/* ---- several agents on one socket: mux.c ------------------------------------------------------------------------- */

/* Routes a datagram to what was registered: a binding request by our half of its USERNAME, everything else by address.
 * The agents are the caller's; `target` is any pointer. */
typedef struct weft_ice_mux weft_ice_mux;
int weft_ice_mux_new(weft_ice_mux **out, const weft_rng *rng, const weft_alloc *alloc);
void weft_ice_mux_free(weft_ice_mux *m);
int weft_ice_mux_add_ufrag(weft_ice_mux *m, const char *local_ufrag, void *target); /* WEFT_ESTATE when taken */
int weft_ice_mux_add_address(weft_ice_mux *m, const weft_addr *local, const weft_addr *remote, void *target);
void weft_ice_mux_remove(weft_ice_mux *m, void *target); /* all its entries */
/* NULL when nothing matches. A STUN response that matches nothing may be of a STUN server which several agents ask from
 * that socket: offer it to each, it is taken by the one whose transaction it is. Register with add_address what an agent
 * sends to, but not STUN servers. */
void *weft_ice_mux_route(const weft_ice_mux *m, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                         size_t len);

#ifdef __cplusplus
}
#endif
#endif
