/* apps: /weft/relay-status/1.0.0 - a relay says what it carries, to programs on its own machine alone. The answer is one line of JSON,
 * then the end of the stream.
 *
 *   app_relay_status_serve(&protocol, &service);            &protocol is for app_host_init; others than loopback are reset
 *   app_relay_status_ask(peer, &asker, now);                asker.done(user, &status or NULL, now)
 */
#ifndef APPS_RELAY_STATUS_H
#define APPS_RELAY_STATUS_H

#include "apps/relay_service.h"

#define APP_RELAY_STATUS_PROTOCOL "/weft/relay-status/1.0.0"
enum { APP_RELAY_STATUS_MAX = 2048, APP_RELAY_REFUSALS = 16 };

typedef struct app_relay_status {
  uint64_t reservations, circuits, circuits_total, bytes, bytes_a_to_b, bytes_b_to_a; /* a: who dialed the circuit */
  uint64_t refused[APP_RELAY_REFUSALS]; /* by weft_relay_status_at(index) */
} app_relay_status;

typedef struct app_relay_status_server {
  app_protocol protocol;
  app_relay_service *relay;
} app_relay_status_server;

typedef struct app_relay_status_asker {
  app_protocol protocol;
  /* Once. NULL: the peer does not speak it, refused, or answered something else; why says which. */
  void (*done)(void *user, const app_relay_status *st, const char *why, weft_time now);
  void *user;
  char text[APP_RELAY_STATUS_MAX];
  size_t len;
  bool told;
} app_relay_status_asker;

void app_relay_status_get(app_relay_status *st, const app_relay_service *relay);
/* Without a newline; the length, or 0 when cap is too small. */
size_t app_relay_status_format(const app_relay_status *st, char *out, size_t cap);
int app_relay_status_parse(app_relay_status *st, const char *text);

void app_relay_status_serve(app_relay_status_server *s, app_relay_service *relay);
void app_relay_status_asker_init(app_relay_status_asker *a,
                                 void (*done)(void *user, const app_relay_status *st, const char *why, weft_time now),
                                 void *user);
int app_relay_status_ask(app_relay_status_asker *a, app_peer *p, weft_time now);

#endif
