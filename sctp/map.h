/* weft sctp (private): an intrusive hash map from a 32-bit key. The multiplier is random, so a peer cannot choose keys that
 * collide; it grows with its contents and putting never fails. */
#ifndef WEFT_SCTP_MAP_H
#define WEFT_SCTP_MAP_H

#include "base/mem.h"

typedef struct weft_sctp_node {
  struct weft_sctp_node *next;
  uint32_t key;
} weft_sctp_node;

typedef struct weft_sctp_map {
  const weft_alloc *alloc;
  weft_sctp_node **bucket;
  uint32_t bits, count, multiplier;
} weft_sctp_map;

int weft_sctp_map_init(weft_sctp_map *m, const weft_alloc *alloc, uint32_t random);
void weft_sctp_map_free(weft_sctp_map *m); /* the nodes are the caller's */
weft_sctp_node *weft_sctp_map_get(const weft_sctp_map *m, uint32_t key);
void weft_sctp_map_put(weft_sctp_map *m, weft_sctp_node *n, uint32_t key); /* the key is not in it */
void weft_sctp_map_remove(weft_sctp_map *m, weft_sctp_node *n);

#endif
