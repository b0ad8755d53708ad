/* A network in virtual time: datagrams between addresses over links with delay, jitter, loss, reordering, duplication, corruption, a rate and an
 * MTU. The same seed and the same sends give the same deliveries.
 *
 *   net n;
 *   net_init(&n, 42);
 *   net_bind(&n, &a, on_datagram_a, me);                what arrives for a
 *   net_link *up = net_link_of(&n, &a);                 what leaves a
 *   up->delay = WEFT_MS(20); up->loss_ppm = 50000;      5 in 100 are lost
 *   net_send(&n, &a, &b, data, len, now);
 *   while ((t = net_deadline(&n)) <= until) net_deliver(&n, t);
 *   net_free(&n);
 */
#ifndef TEST_SUPPORT_NET_H
#define TEST_SUPPORT_NET_H

#include "base/addr.h"
#include "base/base.h"
#include "test/support/rng.h"

typedef void (*net_receive)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data,
                            size_t len, weft_time now);

/* One direction: from one bound address to anywhere. All zero: at once, lossless. */
typedef struct net_link {
  weft_time delay, jitter;                                   /* jitter: up to that much more */
  uint32_t loss_ppm, duplicate_ppm, corrupt_ppm, refuse_ppm; /* refuse: net_send answers WEFT_EAGAIN */
  uint32_t reorder_ppm;                                      /* held back by reorder_by */
  weft_time reorder_by;
  uint64_t loss_mask; /* bit i: the i-th datagram (0..63) is lost */
  uint64_t rate;      /* bytes per second, 0: no limit */
  uint32_t queue;     /* bytes waiting for the rate; more is lost; 0: no limit */
  uint32_t mtu;       /* larger datagrams vanish; 0: no limit */
  bool cut;           /* everything vanishes */
  /* counted */
  uint64_t sent, bytes, lost;
  weft_time busy_until;
} net_link;

enum { NET_BINDINGS = 64 };

typedef struct net_binding {
  weft_addr addr;
  net_receive fn;
  void *user;
  net_link link;
  bool used;
} net_binding;

typedef struct net_packet {
  weft_time at;
  uint64_t order;
  weft_addr from, to;
  size_t len;
  uint8_t *data;
} net_packet;

typedef struct net {
  test_rng rng;
  net_binding bindings[NET_BINDINGS];
  net_packet *heap;
  size_t len, cap;
  uint64_t order, hash; /* hash of everything sent so far: times, addresses, bytes */
  uint64_t delivered, nobody;
  /* Sees every datagram that is sent; false: it vanishes. May send others. */
  bool (*filter)(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                 weft_time now);
  void *filter_user;
} net;

void net_init(net *n, uint64_t seed);
void net_free(net *n);
void net_bind(net *n, const weft_addr *addr, net_receive fn, void *user);
void net_unbind(net *n, const weft_addr *addr);
net_link *net_link_of(net *n, const weft_addr *addr);
/* `from` need not be bound: then it goes over a perfect link (spoofed sources). WEFT_OK also for what is lost. */
int net_send(net *n, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now);
/* To whoever is bound at `to`, now: the last hop of something that was delivered. */
void net_hand_over(net *n, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now);
weft_time net_deadline(const net *n);
/* Everything due at `now`. */
void net_deliver(net *n, weft_time now);

/* "a.b.c.d:port" or "[v6]:port"; aborts on anything else. */
weft_addr net_addr(const char *text);

#endif
