#include "apps/line_input.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apps/text.h"

static void stop_watching(app_line_input *in) { app_loop_unwatch(in->loop, STDIN_FILENO); }

static bool is_space(uint8_t c) { return c < 0x80 && isspace(c); }

/* As the original demo: a line is stripped, an empty one sends nothing. */
static bool give(app_line_input *in, const uint8_t *p, size_t n, weft_time now) {
  while (n > 0 && is_space(p[0])) p++, n--;
  while (n > 0 && is_space(p[n - 1])) n--;
  return n == 0 || in->line(in->user, p, n, now);
}

/* The next line in the buffer, or a cut one when the buffer is full, or the rest at the end; 0 when there is none yet. */
static size_t next_line(const app_line_input *in, size_t *take) {
  const uint8_t *nl = memchr(in->buf, '\n', in->len);
  if (nl) {
    *take = (size_t)(nl - in->buf) + 1;
    return *take;
  }
  *take = in->len;
  if (in->len < APP_CHAT_LINE_MAX) return in->eof ? in->len : 0;
  *take = APP_CHAT_LINE_MAX;
  *take -= app_utf8_tail(in->buf, *take);
  return *take;
}

static void drain(app_line_input *in, weft_time now) {
  size_t take;
  while (!in->blocked && next_line(in, &take) > 0) {
    if (!give(in, in->buf, take, now)) {
      in->blocked = true;
      return;
    }
    in->len -= take;
    memmove(in->buf, in->buf + take, in->len);
  }
  if (in->eof && !in->blocked && in->len == 0 && !in->ended) {
    in->ended = true;
    in->end(in->user, now);
  }
}

static void ready(void *user, short revents, weft_time now) {
  app_line_input *in = user;
  (void)revents;
  ssize_t n = read(STDIN_FILENO, in->buf + in->len, APP_CHAT_LINE_MAX - in->len);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    in->eof = true;
    stop_watching(in);
  } else {
    in->len += (size_t)n;
  }
  drain(in, now);
  if (in->blocked && !in->eof) stop_watching(in);
}

void app_line_input_start(app_line_input *in, app_loop *loop, app_line_fn line, app_line_end_fn end, void *user) {
  memset(in, 0, sizeof *in);
  in->loop = loop;
  in->line = line;
  in->end = end;
  in->user = user;
  app_loop_watch(loop, STDIN_FILENO, POLLIN, ready, in);
}

void app_line_input_resume(app_line_input *in, weft_time now) {
  if (!in->blocked) return;
  in->blocked = false;
  drain(in, now);
  if (!in->blocked && !in->eof) app_loop_watch(in->loop, STDIN_FILENO, POLLIN, ready, in);
}
