/* apps: the state of webrtc-p2p-peer, and its parts.
 *
 *   webrtc-p2p-peer.c   the command line, the life of the program, leaving
 *   p2p_relays.c        its relays: connections, reservations (listen), circuits when a session asks for one (dial)
 *   p2p_chat.c          its chats: sessions, typed lines, --send
 */
#ifndef APPS_P2P_H
#define APPS_P2P_H

#include "apps/args.h"
#include "apps/dialer.h"
#include "apps/gather.h"
#include "apps/line_input.h"
#include "apps/mdns_net.h"
#include "apps/reservation.h"
#include "apps/session.h"
#include "apps/target.h"

enum { P2P_RELAYS = 8, P2P_RELAY_ADDRS = APP_DIALER_ADDRS };

typedef struct p2p p2p;

/* One peer, whatever its addresses: one connection, one reservation. */
typedef struct p2p_relay {
  p2p *program;
  app_dialer dialer;
  app_reservation res;
  app_uplink_addr
      addrs[P2P_RELAY_ADDRS]; /* those given, the one that works first, then those it tells with the reservation */
  size_t given, addrs_len;
  bool failed; /* its first try, at every address */
} p2p_relay;

struct p2p {
  app_node node; /* first: app_node_keylog */
  app_tcp_pool tcp;
  app_sessions sessions;
  app_gather gather;
  app_mdns_net mdns; /* opened for the first name */
  bool mdns_tried;
  app_path_config path;
  p2p_relay relays[P2P_RELAYS];
  size_t relays_len;
  app_line_input input;

  bool listen, echo, stun_given;
  const char *addr_file, *relay_file;
  weft_addr stun[APP_PRIVATE_STUN];
  size_t stun_len;
  weft_time limit, ice_limit; /* --timeout, --ice-timeout (0: the default) */
  app_list relay_list;
  uint32_t types; /* --candidates; 0: all */

  bool ever_reserved;
  char saved[WEFT_MULTIADDR_TEXT_MAX]; /* what the address file holds */

  app_target target;
  app_session *session;        /* dial: the one chat */
  app_session *wants_circuit;  /* dial: until a relay is connected */
  size_t relay_at;             /* dial: which one is tried */
  weft_time poll_at, poll_end; /* dial: for the address file */
  bool opened;                 /* dial: the chat was open */

  app_list send;
  size_t sent;
  bool reading, done; /* done: our side of the chat is over */
  weft_time reply_until;

  bool leaving, goodbye_said;
  int code;
  weft_time leave_at;
};

/* webrtc-p2p-peer.c */
void p2p_leave(p2p *p, int code, weft_time now);

/* p2p_relays.c */
int p2p_add_relay(p2p *p, const weft_multiaddr *ma, const char *where);
int p2p_add_relays(p2p *p, const app_list *given); /* those of --relay, else that of the file */
void p2p_reserve(p2p *p, weft_time now);
void p2p_need_circuit(void *user, app_session *s, weft_time now);
void p2p_relay_path(void *user, const app_circuit *c, char *local, char *remote);
void p2p_attempt(void *user, weft_time now);
void p2p_resolve(void *user, const char *name, weft_time now);
void p2p_relays_close(p2p *p, weft_time now);
bool p2p_relays_busy(const p2p *p);
void p2p_relays_tick(p2p *p, weft_time now);
weft_time p2p_relays_deadline(const p2p *p);

/* p2p_chat.c */
void p2p_sessions_init(p2p *p);
int p2p_dial(p2p *p, weft_time now);
void p2p_read_lines(p2p *p);
void p2p_chat_tick(p2p *p, weft_time now);
weft_time p2p_chat_deadline(const p2p *p);
const char *p2p_hint(const weft_closed *why);

#endif
