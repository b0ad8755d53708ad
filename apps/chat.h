/* apps: the chat protocol, /webrtc-chat/1.0.0: one line per write, no delimiter; on receiving, each frame is one message and a character cut at its
 * end waits for the next.
 *
 *   app_chat_init(&chat, &callbacks, echo, me);
 *   app_stream *s = app_chat_open(&chat, peer, &rc, now);
 *   app_chat_send(s, "hello", 5, now);                       queued when the stream is full; WEFT_EAGAIN when the queue is
 *   app_chat_finish(s, now);                                  FIN after the last queued line
 */
#ifndef APPS_CHAT_H
#define APPS_CHAT_H

#include "apps/host.h"

#define APP_CHAT_PROTOCOL "/webrtc-chat/1.0.0"
enum { APP_CHAT_LINE_MAX = 4096 };

typedef struct app_chat_callbacks {
  void (*opened)(void *user, app_stream *s, weft_time now);
  void (*message)(void *user, app_stream *s, const uint8_t *data, size_t len, weft_time now);
  void (*remote_closed)(void *user, app_stream *s, weft_time now);
  void (*room)(void *user, app_stream *s, weft_time now); /* the queue is empty again */
  void (*closed)(void *user, app_stream *s, int code, weft_time now);
} app_chat_callbacks;

typedef struct app_chat {
  app_protocol protocol; /* give its address to app_host_init */
  app_chat_callbacks cb;
  bool echo; /* one frame back per frame, and FIN after FIN */
  void *user;
} app_chat;

void app_chat_init(app_chat *c, const app_chat_callbacks *cb, bool echo, void *user);
app_stream *app_chat_open(app_chat *c, app_peer *p, int *rc, weft_time now);
/* len 1..APP_CHAT_LINE_MAX. WEFT_EAGAIN: nothing taken, room() follows. */
int app_chat_send(app_stream *s, const uint8_t *data, size_t len, weft_time now);
bool app_chat_busy(const app_stream *s); /* lines are waiting */
void app_chat_finish(app_stream *s, weft_time now);
bool app_chat_is(const app_stream *s);

#endif
