/* weft ice, private: the agent's parts and what its files share.
 *
 * A pair is a base (a socket address) and a remote address; its checks go out from the base, and the local candidate
 * they turn out to come from (`mapped`) is found by the answers (RFC 8445 section 7.2.5.3.1).
 *
 *             add              picked or triggered            answered
 *   pairs:  ------> FROZEN/WAITING ----------> IN_PROGRESS ------------> SUCCEEDED (valid)
 *                       ^                          | silent                | consent lost, nomination unanswered
 *                       |       triggered again    v                       v
 *                       +------------------------ FAILED <-----------------+
 */
#ifndef WEFT_ICE_ICE_INT_H
#define WEFT_ICE_ICE_INT_H

#include "ice/ice.h"

#include "base/bytes.h"
#include "base/evq.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/timer.h"
#include "stun/stun.h"

#define WEFT_ICE_LOCAL_MAX 32        /* local candidates of all types together */
#define WEFT_ICE_SERVER_MAX 4        /* STUN servers */
#define WEFT_ICE_SLOTS 4             /* requests per pair whose answers are still taken */
#define WEFT_ICE_HELD_MAX 4          /* datagrams that may come before the answer that validates their pair */
#define WEFT_ICE_HELD_BYTES 1500     /* larger ones are not held */
#define WEFT_ICE_TRANSACTIONS 3      /* check transactions per pair without any answer */
#define WEFT_ICE_FEW_PAIRS 4         /* a list this short cannot hammer anybody: each pair may be asked ... */
#define WEFT_ICE_FEW_SOURCES 4       /* so many sources of checks find room where told host candidates took it all */
#define WEFT_ICE_PATIENT_RC 14       /* ... this often, else Rc = 7 times, in one transaction */
#define WEFT_ICE_RTO_MAX WEFT_SEC(2) /* the doubling ends here: with 20 % loss 6 requests in 30 s are not enough */
#define WEFT_ICE_MESSAGE_MAX 640     /* USERNAME of 513 bytes and everything else a check carries: 596 */
#define WEFT_ICE_RANDOM_UFRAG 8      /* 48 bits; at least 24 bits, RFC 8445 section 5.3 */
#define WEFT_ICE_RANDOM_PWD 24       /* 144 bits; at least 128 bits, RFC 8445 section 5.3 */
#define WEFT_ICE_ROLE_SWITCHES 16    /* an honest conflict needs one */
#define WEFT_ICE_NOMINATE_GRACE WEFT_MS(500) /* how long better pairs that are still open are waited for */
#define WEFT_ICE_RENOMINATE_MIN WEFT_SEC(1)  /* controlled: between two changes of the nominated pair */
#define WEFT_ICE_PATH_STALE WEFT_SEC(3)      /* a path as silent as that gives way to another that answers */
#define WEFT_ICE_PATH_DOUBT WEFT_SEC(2)      /* controlling: so long it is asked first, every rto_min */

enum { WEFT_ICE_RING = 16, WEFT_ICE_RING_KEEP = 2 /* for STATE and CLOSED at the end */ };

typedef struct weft_ice_local {
  weft_list node;
  weft_ice_candidate_type type;
  struct weft_ice_local *base; /* itself for HOST */
  weft_addr addr, server;      /* server: SRFLX, who told us */
  uint16_t local_pref;
  uint32_t priority;
  bool announced;
} weft_ice_local;

typedef struct weft_ice_gather {
  weft_list node;
  weft_ice_local *base;
  weft_addr server;
  bool started, done;
  weft_stun_transaction tx;
} weft_ice_gathering;

typedef struct weft_ice_remote {
  weft_list node;
  weft_ice_candidate_type type;
  weft_addr addr;
  uint32_t priority;
  bool old; /* of before a restart */
  char foundation[33];
} weft_ice_remote;

/* A candidate with a name, which the application is asked to resolve. */
typedef struct weft_ice_name {
  weft_list node;
  weft_ice_candidate candidate;
  bool asked;
} weft_ice_name;

typedef enum weft_ice_pair_state {
  WEFT_ICE_FROZEN = 0,
  WEFT_ICE_WAITING = 1,
  WEFT_ICE_IN_PROGRESS = 2,
  WEFT_ICE_SUCCEEDED = 3,
  WEFT_ICE_FAILED = 4
} weft_ice_pair_state;

/* One request whose answer is still taken. */
typedef struct weft_ice_slot {
  uint8_t txid[WEFT_STUN_TXID_LEN];
  bool live, use_candidate, controlling, repeated;
  uint32_t priority; /* what its PRIORITY said */
  weft_time sent_at;
} weft_ice_slot;

typedef struct weft_ice_held {
  weft_list node;
  size_t len;
  uint8_t data[];
} weft_ice_held;

typedef struct weft_ice_pair {
  weft_list node;
  weft_ice_local *base;
  weft_ice_remote *remote;
  weft_addr to; /* remote->addr, with the base's zone if link-local */
  uint64_t priority;
  weft_ice_pair_state state;
  bool valid;               /* a check of ours was answered */
  bool nominating;          /* controlling: a check with USE-CANDIDATE is under way */
  bool nominate_on_success; /* controlled: USE-CANDIDATE came before our own check succeeded */
  bool old;                 /* of before a restart */
  weft_ice_local *mapped;   /* valid: the candidate our checks come from */
  unsigned transactions;    /* since the last answer */
  weft_stun_transaction tx; /* the check under way; its deadline is WEFT_NEVER when there is none */
  weft_ice_slot slots[WEFT_ICE_SLOTS];
  uint8_t next_slot;
  weft_time trigger_at;  /* a triggered check is due */
  weft_time checked_at;  /* last check sent; meaningful when transactions > 0 or valid */
  weft_time sent_at;     /* anything sent */
  weft_time answered_at; /* last good answer: consent */
  weft_time heard_at;    /* last authenticated thing from there */
  bool heard;
  weft_time rtt;
  weft_list held;
} weft_ice_pair;

/* A queued event. */
typedef struct weft_ice_note {
  weft_ice_event_type type;
  weft_ice_state state;
  weft_addr local, remote;
  weft_ice_candidate_type local_type, remote_type;
  weft_time rtt;
} weft_ice_note;

typedef struct weft_ice_path {
  weft_addr local, remote;
} weft_ice_path;

struct weft_ice {
  weft_alloc alloc;
  weft_ice_config cfg;
  weft_ice_callbacks cb;
  void *user;
  weft_time now;
  weft_ice_role role;
  weft_ice_state state;
  uint64_t tie_breaker;
  uint8_t key[16]; /* of foundations */
  char *local_ufrag, *local_pwd, *remote_ufrag, *remote_pwd;
  bool started, gather_ended, gathered, end_of_candidates;
  bool checks_answered; /* by the peer, however */
  unsigned role_switches;
  weft_time started_at, pace_at, first_valid_at, nominated_at, live_at;
  weft_time consent_at, quiet_wait; /* of the selected pair */
  weft_list locals, gathers, remotes, pairs, names;
  uint16_t local_n, remote_n, pair_n, server_n, held_n, name_n;
  uint32_t prflx_n;
  weft_addr servers[WEFT_ICE_SERVER_MAX];
  weft_ice_pair *selected, *nominated;
  weft_ice_path *admitted, path; /* lite: sources let in; path: the one in use */
  uint16_t admitted_n, admitted_cap;
  bool has_path;
  weft_ice_stats stats;
  weft_closed closed;
  bool candidates_pending, names_pending;
  weft_evq q;
  weft_ice_note ring[WEFT_ICE_RING];
};

/* agent.c: every entry call runs between enter and leave; leave delivers what was queued and may end the object's
 * life. */
void weft_ice_enter(weft_ice *ice, weft_time now);
void weft_ice_leave(weft_ice *ice);
void weft_ice_run(weft_ice *ice); /* everything that is due */
void weft_ice_trace(const weft_ice *ice, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len);
void weft_ice_drop(weft_ice *ice, uint64_t *counter, const char *name, const uint8_t *data, size_t len);
int weft_ice_output(weft_ice *ice, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len);
void weft_ice_note_push(weft_ice *ice, const weft_ice_note *n);
void weft_ice_candidates_changed(weft_ice *ice);
/* Finds out the state from the facts and raises STATE if it changed. */
void weft_ice_update_state(weft_ice *ice);
void weft_ice_finish(weft_ice *ice, weft_who who, const char *step, int code, const char *text);
weft_time weft_ice_jitter(weft_ice *ice, weft_time base, weft_time spread);
/* Random ice-chars, terminated. */
int weft_ice_random_text(weft_ice *ice, char *out, size_t n);
char *weft_ice_dup_text(weft_ice *ice, const char *text);
void weft_ice_free_text(weft_ice *ice, char **text, bool secret);

/* policy.c */
bool weft_ice_addr_forbidden(const weft_addr *a, bool allow_loopback);
bool weft_ice_addr_pairable(const weft_addr *base, const weft_addr *remote);
/* The application's filters; `type` is that of the candidate. */
bool weft_ice_remote_passes(const weft_ice *ice, weft_ice_candidate_type type, const weft_addr *remote);

/* local.c, gather.c */
weft_ice_local *weft_ice_find_base(const weft_ice *ice, const weft_addr *addr);
weft_ice_local *weft_ice_local_new(weft_ice *ice, weft_ice_candidate_type type, weft_ice_local *base,
                                   const weft_addr *addr);
weft_ice_local *weft_ice_find_local(const weft_ice *ice, const weft_ice_local *base, const weft_addr *addr);
void weft_ice_local_describe(const weft_ice *ice, const weft_ice_local *l, weft_ice_candidate *out);
bool weft_ice_local_shown(const weft_ice *ice, const weft_ice_local *l);
int weft_ice_gather_base(weft_ice *ice, weft_ice_local *base);
void weft_ice_gather_run(weft_ice *ice);
bool weft_ice_gather_response(weft_ice *ice, const weft_ice_local *base, const weft_addr *remote,
                              const weft_stun_msg *m);
weft_time weft_ice_gather_deadline(const weft_ice *ice);

/* remote.c */
bool weft_ice_has_remote(const weft_ice *ice);
weft_ice_remote *weft_ice_find_remote(const weft_ice *ice, const weft_addr *addr);
weft_ice_remote *weft_ice_remote_new(weft_ice *ice, weft_ice_candidate_type type, const weft_addr *addr,
                                     uint32_t priority, const char *foundation);
weft_ice_remote *weft_ice_remote_peer_reflexive(weft_ice *ice, const weft_addr *addr, uint32_t priority);

/* names.c */
int weft_ice_name_add(weft_ice *ice, const weft_ice_candidate *c);
void weft_ice_names_deliver(weft_ice *ice);
void weft_ice_names_free(weft_ice *ice);

/* pair.c */
weft_ice_pair *weft_ice_pair_find(const weft_ice *ice, const weft_ice_local *base, const weft_addr *remote, bool old);
weft_ice_pair *weft_ice_pair_new(weft_ice *ice, weft_ice_local *base, weft_ice_remote *remote);
void weft_ice_pair_with_bases(weft_ice *ice, weft_ice_remote *remote);
void weft_ice_pair_with_remotes(weft_ice *ice, weft_ice_local *base);
void weft_ice_pair_remove(weft_ice *ice, weft_ice_pair *p);
void weft_ice_pair_set(weft_ice *ice, weft_ice_pair *p, weft_ice_pair_state s);
void weft_ice_pair_reprioritise(weft_ice *ice);
void weft_ice_pair_fail(weft_ice *ice, weft_ice_pair *p);
bool weft_ice_pair_same_foundation(const weft_ice_pair *a, const weft_ice_pair *b);
void weft_ice_pair_drop_held(weft_ice *ice, weft_ice_pair *p);

/* check.c */
void weft_ice_check_start(weft_ice *ice, weft_ice_pair *p, bool use_candidate);
void weft_ice_check_once(weft_ice *ice, weft_ice_pair *p, bool use_candidate); /* consent: never repeated */
void weft_ice_check_trigger(weft_ice *ice, weft_ice_pair *p);
void weft_ice_check_run(weft_ice *ice);
weft_time weft_ice_check_deadline(const weft_ice *ice);
weft_time weft_ice_check_rto(const weft_ice *ice);

/* request.c, response.c */
void weft_ice_request(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const weft_stun_msg *m);
void weft_ice_response(weft_ice *ice, weft_ice_local *base, const weft_addr *remote, const weft_stun_msg *m);
void weft_ice_switch_role(weft_ice *ice, weft_ice_role role);

/* nominate.c */
void weft_ice_pair_validated(weft_ice *ice, weft_ice_pair *p);
void weft_ice_nominated(weft_ice *ice, weft_ice_pair *p);
void weft_ice_nominate_run(weft_ice *ice);
void weft_ice_reselect(weft_ice *ice);
weft_time weft_ice_nominate_deadline(const weft_ice *ice);

/* consent.c */
bool weft_ice_late(const weft_ice *ice);
void weft_ice_alive(weft_ice *ice);
void weft_ice_consent_begin(weft_ice *ice);
void weft_ice_consent_run(weft_ice *ice);
weft_time weft_ice_consent_deadline(const weft_ice *ice);

/* admit.c */
bool weft_ice_admitted(const weft_ice *ice, const weft_addr *local, const weft_addr *remote);

#endif
