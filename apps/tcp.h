/* apps: non-blocking TCP on the loop. IPv6 sockets are V6ONLY, and all are TCP_NODELAY: what is written comes in batches already.
 *
 *   app_tcp_pool_init(&pool, &loop);
 *   app_tcp_listen(&listener, &pool, &addr, &(app_tcp_listener_callbacks){accepted, starved}, me);     app_tcp_use() in accepted
 *   app_tcp_connect(&t, &pool, &remote, &(app_tcp_callbacks){connected, data, end, writable, broken}, me);
 *   n = app_tcp_send(t, data, len);               bytes the kernel took: nothing is kept here; writable() follows a short one
 *   app_tcp_shutdown(t);                          half close: reading goes on
 *   app_tcp_close(t, now);                        FIN behind what was sent; the socket stays for up to a second to deliver it
 *   app_tcp_pool_end(&pool);
 *
 * Everything may be called from every callback. After app_tcp_close and app_tcp_abort t is gone, and no callback follows.
 */
#ifndef APPS_TCP_H
#define APPS_TCP_H

#include <weft/base/addr.h>

#include "apps/loop.h"

typedef struct app_tcp app_tcp;
typedef struct app_tcp_listener app_tcp_listener;

typedef struct app_tcp_callbacks {
  void (*connected)(void *user, app_tcp *t, weft_time now); /* of app_tcp_connect alone */
  void (*data)(void *user, app_tcp *t, const uint8_t *data, size_t len, weft_time now);
  void (*end)(void *user, app_tcp *t, weft_time now); /* the peer sends no more; we may */
  void (*writable)(void *user, app_tcp *t, weft_time now);
  void (*broken)(void *user, app_tcp *t, int error, weft_time now); /* an errno; close it */
} app_tcp_callbacks;

typedef struct app_tcp_pool {
  app_loop *loop;
  app_tcp *lingering; /* closed here; their last bytes are on the way */
  size_t lingering_len;
  app_tcp_listener *listeners;
} app_tcp_pool;

typedef struct app_tcp_listener_callbacks {
  /* A connection: app_tcp_use(t, ...), or app_tcp_abort(t). */
  void (*accepted)(void *user, app_tcp *t, weft_time now);
  /* The system has no descriptor or memory for another connection (an errno). It is tried again in 100 ms; meanwhile
   * connections wait in the backlog. May be NULL. */
  void (*starved)(void *user, int error, weft_time now);
} app_tcp_listener_callbacks;

struct app_tcp_listener {
  app_tcp_pool *pool;
  int fd;
  weft_addr bound; /* with the real port */
  bool wildcard;
  app_tcp_listener_callbacks cb;
  void *user;
  weft_time resume_at; /* WEFT_NEVER: it accepts */
  app_tcp_listener *next;
};

/* Adds its timer to the loop. */
int app_tcp_pool_init(app_tcp_pool *p, app_loop *loop);
void app_tcp_pool_end(app_tcp_pool *p); /* aborts what lingers */

/* WEFT_OK or WEFT_EINTERNAL with errno set by the call that failed; the address is that of `l`, which is the caller's. */
int app_tcp_listen(app_tcp_listener *l, app_tcp_pool *p, const weft_addr *bind_to, const app_tcp_listener_callbacks *cb,
                   void *user);
void app_tcp_listener_close(app_tcp_listener *l);
/* WEFT_ENOMEM; WEFT_EINTERNAL with errno: refused at once. */
int app_tcp_connect(app_tcp **out, app_tcp_pool *p, const weft_addr *remote, const app_tcp_callbacks *cb, void *user);
void app_tcp_use(app_tcp *t, const app_tcp_callbacks *cb, void *user);
/* 0: not now; WEFT_ECLOSED after shutdown, or when the connection is broken (broken() follows). */
ptrdiff_t app_tcp_send(app_tcp *t, const uint8_t *data, size_t len);
void app_tcp_shutdown(app_tcp *t);
void app_tcp_read(app_tcp *t, bool on); /* off: what comes waits in the kernel, and the peer's window closes */
void app_tcp_close(app_tcp *t, weft_time now);
void app_tcp_abort(app_tcp *t); /* without waiting for anything */
const weft_addr *app_tcp_local(const app_tcp *t);
const weft_addr *app_tcp_remote(const app_tcp *t);

#endif
