#include "apps/due.h"

#include <string.h>

void app_due_init(app_due *d, weft_time (*deadline)(const void *thing), void (*tick)(void *thing, weft_time now)) {
  memset(d, 0, sizeof *d);
  d->at = WEFT_NEVER;
  d->deadline = deadline;
  d->tick = tick;
}

static void unlink_item(app_due_item *it) {
  if (!it->link) return;
  *it->link = it->next;
  if (it->next) it->next->link = it->link;
  it->link = NULL;
}

static void link_item(app_due_item **head, app_due_item *it) {
  it->next = *head;
  it->link = head;
  if (it->next) it->next->link = &it->next;
  *head = it;
}

void app_due_note(app_due *d, app_due_item *it, void *thing) {
  it->thing = thing;
  weft_time at = d->deadline(thing);
  if (at == WEFT_NEVER) {
    app_due_remove(d, it);
    return;
  }
  if (!it->link) link_item(&d->items, it);
  if (at < d->at) d->at = at;
}

void app_due_remove(app_due *d, app_due_item *it) {
  unlink_item(it);
  if (d->ticking == it) d->ticking = NULL;
}

/* A tick may take out any item and add others: each is moved over before its turn. */
void app_due_tick(app_due *d, weft_time now) {
  if (now < d->at) return;
  app_due_item *todo = d->items, *it;
  if (todo) todo->link = &todo;
  d->items = NULL;
  d->at = WEFT_NEVER;
  while ((it = todo) != NULL) {
    unlink_item(it);
    link_item(&d->items, it);
    d->ticking = it;
    if (d->deadline(it->thing) <= now) d->tick(it->thing, now);
    if (d->ticking) app_due_note(d, it, it->thing);
  }
  d->ticking = NULL;
}
