/* apps: standard input as lines, without blocking. A line longer than the chat allows is cut at a character border and goes out in parts. */
#ifndef APPS_LINE_INPUT_H
#define APPS_LINE_INPUT_H

#include "apps/chat.h"
#include "apps/loop.h"

/* A stripped line, never empty; false: not now, give it again after app_line_input_resume. */
typedef bool (*app_line_fn)(void *user, const uint8_t *line, size_t len, weft_time now);
typedef void (*app_line_end_fn)(void *user, weft_time now);

typedef struct app_line_input {
  app_loop *loop;
  app_line_fn line;
  app_line_end_fn end;
  void *user;
  uint8_t buf[APP_CHAT_LINE_MAX + 1];
  size_t len;
  bool eof, ended, blocked;
} app_line_input;

void app_line_input_start(app_line_input *in, app_loop *loop, app_line_fn line, app_line_end_fn end, void *user);
void app_line_input_resume(app_line_input *in, weft_time now);

#endif
