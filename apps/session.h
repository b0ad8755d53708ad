/* apps: chats with remote peers over circuits and direct connections - what joins app_circuit, app_private and app_path. Sans-IO.
 *
 *   app_sessions_init(&all, &callbacks, me);                   before app_host_init, which gets app_sessions_protocols()
 *   app_sessions_start(&all, &cfg);
 *   listener: sessions come by themselves; opened() tells of each
 *   dialer:   app_session *s = app_session_new(&all, &peer, &path_cfg, now);  app_session_start(s, now);
 *             need_circuit(s): connect to a relay, then app_session_circuit(s, relay_peer, now) or app_session_no_circuit(s, &why, ...)
 *   app_session_send(s, "hello", 5, now);  app_session_finish(s, now);
 *   app_sessions_tick(&all, now) by app_sessions_deadline(&all);
 *   app_sessions_close(&all, now);                             a goodbye to everybody; gone when app_sessions_idle(&all)
 *   app_sessions_end(&all, now);
 */
#ifndef APPS_SESSION_H
#define APPS_SESSION_H

#include "apps/circuit.h"
#include "apps/path.h"
#include "apps/private.h"
#include "apps/report.h"

#define APP_P2P_CHAT_PROTOCOL "/webrtc-p2p-chat/1.0.0"

typedef struct app_sessions app_sessions;

typedef struct app_session {
  app_sessions *all;
  weft_peer_id id;
  char peer_text[128];
  app_path_config path_cfg;
  app_path *path;
  app_circuit *circuit;                                       /* being made, or up */
  app_direct *direct;                                         /* up */
  bool met;                                                   /* the peer was proven once */
  bool on_direct;                                             /* the chat runs there */
  char local[WEFT_ADDR_TEXT_MAX], remote[WEFT_ADDR_TEXT_MAX]; /* of the direct path */
  void *data;                                                 /* the program's */
  struct app_session *next;
} app_session;

typedef struct app_sessions_callbacks {
  void (*need_circuit)(void *user, app_session *s, weft_time now); /* dialer */
  void (*attempt)(void *user, weft_time now); /* a set-up begins: the time for app_private_set_locals and _stun */
  int (*output)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                weft_time now);
  void (*opened)(void *user, app_session *s, weft_time now); /* the chat is open */
  void (*message)(void *user, app_session *s, const uint8_t *data, size_t len, weft_time now);
  void (*room)(void *user, app_session *s, weft_time now);                          /* takes lines again */
  void (*left)(void *user, app_session *s, weft_time now);                          /* the peer ended the chat */
  void (*ended)(void *user, app_session *s, const weft_closed *why, weft_time now); /* last */
  /* A candidate is behind this ".local" name: app_private_resolved(&a->direct, ...) when its address is known. May be NULL. */
  void (*resolve)(void *user, const char *name, weft_time now);
  /* The relay connection's own addresses as text, for the reports; "" when there are none. May be NULL. */
  void (*relay_path)(void *user, const app_circuit *c, char *local, char *remote);
} app_sessions_callbacks;

typedef struct app_sessions_config {
  app_host *host;
  app_report *report;
  app_path_config accept; /* for those who dial us */
  app_private_config direct;
} app_sessions_config;

struct app_sessions {
  app_protocol chat;
  app_circuits circuits;
  app_private direct;
  app_sessions_config cfg;
  app_sessions_callbacks cb;
  void *user;
  app_session *first;
  bool closing;
};

void app_sessions_init(app_sessions *a, const app_sessions_callbacks *cb, void *user);
/* stop, signaling, chat; how many. */
size_t app_sessions_protocols(app_sessions *a, const app_protocol **out);
int app_sessions_start(app_sessions *a, const app_sessions_config *cfg);
void app_sessions_end(app_sessions *a, weft_time now);
app_session *app_session_new(app_sessions *a, const weft_peer_id *peer, const app_path_config *cfg, weft_time now);
void app_session_start(app_session *s, weft_time now);
void app_session_circuit(app_session *s, app_peer *relay, weft_time now);
void app_session_no_circuit(app_session *s, const weft_closed *why, bool final, weft_time now);
int app_session_send(app_session *s, const uint8_t *data, size_t len, weft_time now);
void app_session_finish(app_session *s, weft_time now);
/* Everybody: FIN after the last line; or at once, with a goodbye on every connection. */
void app_sessions_finish(app_sessions *a, weft_time now);
void app_sessions_close(app_sessions *a, weft_time now);
bool app_sessions_idle(const app_sessions *a);
void app_sessions_tick(app_sessions *a, weft_time now);
weft_time app_sessions_deadline(const app_sessions *a);

#endif
