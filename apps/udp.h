/* apps: non-blocking UDP sockets. A wildcard socket learns each datagram's local address (PKTINFO) and answers from it; IPv6 sockets are V6ONLY.
 * What `app_udp_send` takes is gathered and leaves at app_udp_flush, equal-sized runs to one destination in one call (UDP_SEGMENT).
 */
#ifndef APPS_UDP_H
#define APPS_UDP_H

#include <weft/base/addr.h>

typedef void (*app_udp_fn)(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                           weft_time now);

enum { APP_UDP_QUEUE = 64, APP_UDP_DATAGRAM = 1500 };

typedef struct app_udp_item {
  weft_addr local, remote;
  uint16_t len;
  uint8_t data[APP_UDP_DATAGRAM];
} app_udp_item;

typedef struct app_udp {
  int fd;
  weft_addr bound; /* with the real port */
  bool wildcard;
  bool segment; /* UDP_SEGMENT works here */
  app_udp_item *queue;
  size_t head, count;
  uint8_t *in; /* one receive buffer of 64 KiB */
  uint64_t sent, received, send_errors;
} app_udp;

/* WEFT_OK or WEFT_EINTERNAL with errno set by the call that failed. */
int app_udp_open(app_udp *u, const weft_addr *bind_to);
/* The same with a port from min to max, those included; bind_to's own port does not matter. The search begins at
 * min + start % (max - min + 1) and goes once round: hand in something random, or 0 for the lowest that is free.
 * WEFT_EINVAL: min 0 or above max. WEFT_ELIMIT: every port of the range is taken (errno EADDRINUSE). */
int app_udp_open_range(app_udp *u, const weft_addr *bind_to, uint16_t min, uint16_t max, uint32_t start);
void app_udp_close(app_udp *u);
/* WEFT_EAGAIN when the queue is full: nothing taken. */
int app_udp_send(app_udp *u, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len);
/* True when all is sent; false: wait for POLLOUT and flush again. */
bool app_udp_flush(app_udp *u);
/* Reads a bounded batch, so that one busy socket does not starve the others. */
void app_udp_receive(app_udp *u, app_udp_fn fn, void *user, weft_time now);
/* Our own address towards `remote`, with port 0; asks the kernel's routing table, sends nothing. */
int app_udp_source(const weft_addr *remote, weft_addr *source);

#endif
