/* apps: a plain STUN binding server beside the webrtc-direct listener on one UDP port: it answers requests without credentials with header and XOR-MAPPED-ADDRESS,
 * and nothing else. Sources that may be forged get 44 bytes for 20, so each source is answered at most 10 times a second.
 *
 *   app_stun_service_init(&stun, &rng);
 *   if (app_stun_service_input(&stun, remote, data, len, out, &out_len, now)) ...;    true: it was such a request; send out_len bytes
 *
 * Source: RFC 8489 sections 3, 12. No allocation: a table of fixed size, in which two sources may share a place, and then
 * share the ten answers.
 */
#ifndef APPS_STUN_SERVICE_H
#define APPS_STUN_SERVICE_H

#include <weft/base/addr.h>

enum { APP_STUN_PLACES = 4096, APP_STUN_PER_SECOND = 10, APP_STUN_ANSWER_MAX = 44 };

typedef struct app_stun_service {
  uint64_t key;
  struct {
    uint32_t second;
    uint8_t answers;
  } places[APP_STUN_PLACES];
  uint64_t answered, silent;
} app_stun_service;

int app_stun_service_init(app_stun_service *s, const weft_rng *rng);
/* False: not a plain binding request, the listener's to read. *out_len 0: not to be answered. */
bool app_stun_service_input(app_stun_service *s, const weft_addr *from, const uint8_t *data, size_t len,
                            uint8_t out[APP_STUN_ANSWER_MAX], size_t *out_len, weft_time now);

#endif
