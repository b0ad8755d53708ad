/* weft webrtc, private: connections by their deadlines - a binary heap, so that a listener with a thousand of them need not ask each.
 *
 *   weft_webrtc_schedule_set(&s, conn, deadline);      also moves it; fails only for want of memory
 *   for (c = weft_webrtc_schedule_due(&s, now); c; ...) weft_webrtc_tick(c, now);
 *   weft_webrtc_schedule_remove(&s, conn);
 */
#ifndef WEFT_WEBRTC_SCHEDULE_H
#define WEFT_WEBRTC_SCHEDULE_H

#include "webrtc/webrtc_int.h"

typedef struct weft_webrtc_schedule {
  const weft_alloc *alloc;
  weft_webrtc **heap;
  size_t len, cap;
} weft_webrtc_schedule;

void weft_webrtc_schedule_init(weft_webrtc_schedule *s, const weft_alloc *alloc);
void weft_webrtc_schedule_free(weft_webrtc_schedule *s);
int weft_webrtc_schedule_add(weft_webrtc_schedule *s, weft_webrtc *c); /* with c->due */
void weft_webrtc_schedule_move(weft_webrtc_schedule *s, weft_webrtc *c, weft_time due);
void weft_webrtc_schedule_remove(weft_webrtc_schedule *s, weft_webrtc *c); /* one that is not there: nothing */
weft_webrtc *weft_webrtc_schedule_due(const weft_webrtc_schedule *s, weft_time now); /* the earliest, if due */
weft_time weft_webrtc_schedule_deadline(const weft_webrtc_schedule *s);

#endif
