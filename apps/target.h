/* apps: what webrtc-p2p-peer is given to dial - <relay>/p2p-circuit/webrtc/p2p/<peer>, or the part behind the relay alone. Pure. */
#ifndef APPS_TARGET_H
#define APPS_TARGET_H

#include <weft/multiaddr/multiaddr.h>

typedef struct app_target {
  bool has_relay;
  weft_multiaddr relay; /* up to /p2p-circuit */
  weft_peer_id peer;
} app_target;

/* /p2p-circuit/webrtc/p2p/X, /webrtc/p2p/X and /p2p/X name no relay. WEFT_EMALFORMED, and what to change in `why`. */
int app_target_parse(app_target *t, const char *text, char *why, size_t cap);

#endif
