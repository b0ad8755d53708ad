/* weft webrtc, private: which connection a datagram is for - by its addresses, or by the user name its source gave. Keyed hashes, so that
 * nobody can aim at one bucket; the tables are made once and do not grow.
 *
 *   weft_webrtc_routes_init(&r, &alloc, connections, key16);
 *   weft_webrtc_routes_add(&r, conn, &local, &remote);      conn->key is its user name's hash
 *   weft_webrtc *c = weft_webrtc_routes_find(&r, &local, &remote);
 *   weft_webrtc_routes_remove(&r, conn);                    all of it
 */
#ifndef WEFT_WEBRTC_ROUTES_H
#define WEFT_WEBRTC_ROUTES_H

#include "webrtc/webrtc_int.h"

typedef struct weft_webrtc_routes {
  const weft_alloc *alloc;
  uint8_t key[16];
  size_t buckets; /* a power of two */
  weft_webrtc_route **by_address;
  weft_webrtc **by_key;
} weft_webrtc_routes;

int weft_webrtc_routes_init(weft_webrtc_routes *r, const weft_alloc *alloc, size_t connections, const uint8_t key[16]);
void weft_webrtc_routes_free(weft_webrtc_routes *r);
weft_webrtc *weft_webrtc_routes_find(const weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote);
weft_webrtc *weft_webrtc_routes_find_key(const weft_webrtc_routes *r, const uint8_t key[WEFT_ICE_LITE_KEY_LEN]);
void weft_webrtc_routes_add_key(weft_webrtc_routes *r, weft_webrtc *c);
/* An address that another connection has is taken from it. */
int weft_webrtc_routes_add(weft_webrtc_routes *r, weft_webrtc *c, const weft_addr *local, const weft_addr *remote);
void weft_webrtc_routes_drop(weft_webrtc_routes *r, const weft_addr *local, const weft_addr *remote);
void weft_webrtc_routes_remove(weft_webrtc_routes *r, weft_webrtc *c);

#endif
