/* weft base (private to the project's layers): intrusive doubly linked list; the head is a node.
 *
 *   struct item { int v; weft_list node; };
 *   weft_list head; weft_list_init(&head);
 *   weft_list_push_back(&head, &it->node);
 *   for (weft_list *n = head.next; n != &head; n = n->next) use(WEFT_LIST_ITEM(n, struct item, node));
 */
#ifndef WEFT_BASE_LIST_H
#define WEFT_BASE_LIST_H

#include "base.h"

/* GCC 12 moves the load of an embedded head's `next` out of a loop that empties the list when another loop of the same
 * function walks it by its items (endless loop at -O2). Nodes are reached through many types, so say that. */
#if defined(__GNUC__)
#define WEFT_LIST_ALIAS __attribute__((may_alias))
#else
#define WEFT_LIST_ALIAS
#endif

typedef struct WEFT_LIST_ALIAS weft_list {
  struct weft_list *prev, *next;
} weft_list;

#define WEFT_LIST_ITEM(n, type, member) ((type *)(void *)((char *)(n)-offsetof(type, member)))

static inline void weft_list_init(weft_list *l) { l->prev = l->next = l; }
static inline bool weft_list_empty(const weft_list *l) { return l->next == l; }
static inline void weft_list_insert_before(weft_list *at, weft_list *n) {
  n->prev = at->prev;
  n->next = at;
  at->prev->next = n;
  at->prev = n;
}
static inline void weft_list_push_back(weft_list *head, weft_list *n) { weft_list_insert_before(head, n); }
static inline void weft_list_push_front(weft_list *head, weft_list *n) { weft_list_insert_before(head->next, n); }
static inline void weft_list_remove(weft_list *n) {
  n->prev->next = n->next;
  n->next->prev = n->prev;
  n->prev = n->next = n;
}

#endif
