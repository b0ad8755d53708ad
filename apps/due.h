/* apps: many things with a deadline each, of which few are ever due. Asking for the earliest costs nothing, and they are walked
 * only when that time has come: the time kept is the earliest, or one before it.
 *
 *   app_due_init(&set, deadline_of, tick_of);
 *   app_due_note(&set, &thing->due, thing);         added, or its deadline may have changed; WEFT_NEVER takes it out
 *   app_due_tick(&set, now) by set.at;              tick_of(thing, now) for each that is due
 *   app_due_remove(&set, &thing->due);              before the thing goes; at any time, in its own tick too
 */
#ifndef APPS_DUE_H
#define APPS_DUE_H

#include <weft/base/base.h>

typedef struct app_due_item app_due_item;
struct app_due_item { /* zeroed: in no set */
  void *thing;
  app_due_item *next, **link;
};

typedef struct app_due {
  weft_time at; /* nothing is due before this */
  app_due_item *items;
  app_due_item *ticking; /* NULL when its tick took it out */
  weft_time (*deadline)(const void *thing);
  void (*tick)(void *thing, weft_time now);
} app_due;

void app_due_init(app_due *d, weft_time (*deadline)(const void *thing), void (*tick)(void *thing, weft_time now));
void app_due_note(app_due *d, app_due_item *it, void *thing);
void app_due_remove(app_due *d, app_due_item *it);
void app_due_tick(app_due *d, weft_time now);

#endif
