/* weft libp2p: ping (/ipfs/ping/1.0.0), both sides, over a negotiated stream.
 *
 *   weft_ping_config cfg;
 *   weft_ping_config_default(&cfg);
 *   cfg.rng = rng; cfg.count = 10;                          cfg.responder = true: echo, no rng needed
 *   weft_ping *p;
 *   weft_ping_new(&p, &cfg, &(weft_ping_callbacks){sizeof(weft_ping_callbacks), my_output, my_event}, me);
 *   weft_ping_start(p, now);
 *   on bytes:  weft_ping_input(p, data, len, now);
 *   on RTT:    printf("%llu us\n", ev->rtt);
 *   weft_ping_tick(p, now) by weft_ping_deadline(p);
 *   weft_ping_free(p);
 *
 * Source: libp2p specs ping/ping.md.
 */
#ifndef WEFT_LIBP2P_PING_H
#define WEFT_LIBP2P_PING_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_PING_PROTOCOL "/ipfs/ping/1.0.0"
#define WEFT_PING_SIZE 32

typedef struct weft_ping weft_ping;

typedef struct weft_ping_config {
  size_t size;
  weft_rng rng;            /* client: required */
  const weft_alloc *alloc; /* NULL: libc */
  bool responder;
  uint32_t count;     /* client: pings, then CLOSED; 0: until closed */
  weft_time interval; /* client: from one answer to the next ping; default 0: at once */
  weft_time timeout;  /* client: per ping, default 10 s */
} weft_ping_config;

typedef enum weft_ping_event_type { WEFT_PING_EVENT_RTT = 1, WEFT_PING_EVENT_CLOSED = 2 } weft_ping_event_type;

typedef struct weft_ping_event {
  weft_ping_event_type type;
  weft_time rtt; /* RTT */
  weft_closed
      closed; /* CLOSED: WEFT_OK after count pings or the peer's end; WEFT_EPROTO: wrong bytes; WEFT_ETIMEDOUT */
} weft_ping_event;

typedef struct weft_ping_callbacks {
  size_t size;
  ptrdiff_t (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const weft_ping_event *ev, weft_time now);
} weft_ping_callbacks;

#define weft_ping_config_default(c) weft_ping_config_init((c), sizeof *(c))
void weft_ping_config_init(weft_ping_config *c, size_t size);
int weft_ping_new(weft_ping **out, const weft_ping_config *cfg, const weft_ping_callbacks *cb, void *user);
void weft_ping_free(weft_ping *p);
int weft_ping_start(weft_ping *p, weft_time now);
int weft_ping_input(weft_ping *p, const uint8_t *data, size_t len, weft_time now);
int weft_ping_input_end(weft_ping *p, weft_time now);
int weft_ping_tick(weft_ping *p, weft_time now);
weft_time weft_ping_deadline(const weft_ping *p);

#ifdef __cplusplus
}
#endif
#endif
