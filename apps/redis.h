/* apps: the few Redis commands that the interop tests need, blocking, each within a time limit. RESP2 (redis.io/docs/reference/protocol-spec).
 *
 *   app_redis r;
 *   char why[256], value[2048];
 *   if (app_redis_open(&r, "127.0.0.1:6379", why, sizeof why) == WEFT_OK &&
 *       app_redis_pop(&r, "key", 60, value, sizeof value, why, sizeof why) == WEFT_OK) use(value);
 *   app_redis_close(&r);
 */
#ifndef APPS_REDIS_H
#define APPS_REDIS_H

#include <weft/base/addr.h>

typedef struct app_redis {
  int fd;
  weft_addr local; /* our end: an address that the others of this network reach */
  uint8_t in[8192];
  size_t at, len;
} app_redis;

/* "host:port" or "host" (6379). Every failure is WEFT_EINTERNAL or WEFT_ETIMEDOUT with its reason in why. */
int app_redis_open(app_redis *r, const char *addr, char *why, size_t cap);
void app_redis_close(app_redis *r);
/* RPUSH: appends to the list at key. */
int app_redis_push(app_redis *r, const char *key, const char *value, char *why, size_t cap);
/* BLPOP: the first of the list at key, waiting for it that many seconds; GET where somebody has set a plain value. */
int app_redis_pop(app_redis *r, const char *key, unsigned seconds, char *out, size_t out_cap, char *why, size_t cap);

#endif
