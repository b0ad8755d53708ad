#define _POSIX_C_SOURCE 200809L
#include "apps/conform/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8 << 20 };

__attribute__((format(printf, 3, 4))) static void set(conform_answer *a, conform_outcome outcome, const char *why,
                                                      ...) {
  va_list args;
  a->outcome = outcome;
  va_start(args, why);
  vsnprintf(a->why, sizeof a->why, why, args);
  va_end(args);
}

/* ---- the process ---- */

/* A shim has a process group of its own, which the terminal does not interrupt. */
static volatile sig_atomic_t running;

static void on_end(int sig) {
  if (running > 0) kill(-(pid_t)running, SIGKILL);
  signal(sig, SIG_DFL);
  raise(sig);
}

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDS = sizeof ends / sizeof *ends };

static void end_with_us(pid_t pid) {
  running = (sig_atomic_t)pid;
  for (size_t i = 0; i < ENDS; i++) {
    struct sigaction old, now = {.sa_handler = on_end};
    if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) sigaction(ends[i], &now, NULL);
  }
}

/* From before the fork until it is known whom to end. */
static void hold_ends(sigset_t *before) {
  sigset_t held;
  sigemptyset(&held);
  for (size_t i = 0; i < ENDS; i++) sigaddset(&held, ends[i]);
  sigprocmask(SIG_BLOCK, &held, before);
}

/* Whether text is one command whose first word is a plain name: neither quoted, nor an assignment, nor followed by shell syntax. */
static bool is_simple(const char *text, size_t *name_len) {
  *name_len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-");
  return *name_len > 0 && (text[*name_len] == ' ' || text[*name_len] == '\0') && !strpbrk(text, ";&|<>(){}`\n");
}

/* A program takes the shell's place: a shell that waits for it would hold the output open after the program has closed it. */
static void run_command(const char *command) {
  char *script;
  size_t name_len, cap = 3 * strlen(command) + 80;
  if (is_simple(command, &name_len) && (script = malloc(cap)) != NULL) {
    snprintf(script, cap, "case $(command -v %.*s) in */*) exec %s;; esac; %s", (int)name_len, command, command,
             command);
    command = script;
  }
  execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

static void become(const char *command, const int in[2], const int out[2], const sigset_t *mask) {
  setpgid(0, 0);
  for (size_t i = 0; i < ENDS; i++) {
    struct sigaction old; /* what we handle is the default for a shim; what is ignored stays so */
    if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) signal(ends[i], SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, mask, NULL);
  dup2(in[0], STDIN_FILENO);
  dup2(out[1], STDOUT_FILENO);
  close(in[0]), close(in[1]), close(out[0]), close(out[1]);
  signal(SIGPIPE, SIG_DFL);
  run_command(command);
}

static bool launch(conform_child *c) {
  int in[2], out[2];
  if (pipe(in) != 0) return false;
  if (pipe(out) != 0) {
    close(in[0]), close(in[1]);
    return false;
  }
  sigset_t mask;
  fflush(NULL);
  hold_ends(&mask);
  pid_t pid = fork();
  if (pid == 0) become(c->command, in, out, &mask);
  if (pid > 0) setpgid(pid, pid), end_with_us(pid);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  close(in[0]), close(out[1]);
  if (pid < 0) {
    close(in[1]), close(out[0]);
    return false;
  }
  signal(SIGPIPE, SIG_IGN);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  fcntl(in[1], F_SETFD, FD_CLOEXEC);
  fcntl(out[0], F_SETFD, FD_CLOEXEC);
  c->pid = pid;
  c->fresh = c->reads = true;
  c->to = in[1];
  c->from = out[0];
  c->len = 0;
  return true;
}

/* Ends it and says how it ended; "was still running" when it did not end by itself. */
static void reap(conform_child *c, bool by_force, char *how, size_t cap) {
  int status = 0;
  bool lived = false;
  close(c->to), close(c->from);
  if (by_force) kill(-c->pid, SIGKILL);
  for (int waited = 0; waitpid(c->pid, &status, WNOHANG) == 0; waited++) {
    if (waited == 100) lived = kill(-c->pid, SIGKILL) == 0;
    nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
  }
  kill(-c->pid, SIGKILL); /* what it may have left behind */
  running = 0;
  c->pid = 0;
  c->status = status;
  if (lived)
    snprintf(how, cap, "was still running");
  else if (WIFSIGNALED(status))
    snprintf(how, cap, "signal %d", WTERMSIG(status));
  else
    snprintf(how, cap, "exit %d", WEXITSTATUS(status));
}

void conform_child_end(conform_child *c) {
  char how[32];
  if (c->pid) reap(c, false, how, sizeof how);
  free(c->line);
  c->line = NULL;
  c->cap = 0;
}

/* ---- one question ---- */

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Bytes of the answer; < 0: an end, 0: none now. */
static ssize_t read_some(conform_child *c) {
  if (c->cap - c->len < 4096) {
    c->cap = 2 * c->cap + 8192;
    c->line = realloc(c->line, c->cap);
    if (!c->line) abort();
  }
  ssize_t n = read(c->from, c->line + c->len, c->cap - c->len - 1);
  if (n < 0 && errno == EINTR) return 0;
  if (n <= 0) return -1;
  c->len += (size_t)n;
  return n;
}

static bool answered(const conform_child *c) { return c->len > 0 && memchr(c->line, '\n', c->len) != NULL; }

/* Writes the question and reads until a line is there; both at once, for a shim that answers before it has read everything. */
static void talk(conform_child *c, const char *text, size_t len, conform_answer *a) {
  int limit = c->fresh ? c->start_ms : c->limit_ms;
  int64_t end = now_ms() + limit;
  size_t sent = 0;
  while (!answered(c)) {
    struct pollfd fds[2] = {{c->from, POLLIN, 0}, {sent < len ? c->to : -1, POLLOUT, 0}};
    int64_t left = end - now_ms();
    int ready = left > 0 ? poll(fds, 2, (int)left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      set(a, CONFORM_HUNG, "no answer within %d.%03d s%s", limit / 1000, limit % 1000,
          c->reads ? "" : "; it has closed its input");
      return;
    }
    if (fds[1].revents) {
      ssize_t n = write(c->to, text + sent, len - sent);
      if (n > 0) sent += (size_t)n;
      if (n < 0 && errno != EAGAIN && errno != EINTR)
        sent = len, c->reads = false; /* its end is seen on the other pipe */
    }
    if (fds[0].revents && read_some(c) < 0) {
      set(a, CONFORM_CRASHED, "closed its output");
      return;
    }
    if (c->len > LINE_MAX_BYTES) {
      set(a, CONFORM_GARBAGE, "a line of more than %d bytes", LINE_MAX_BYTES);
      return;
    }
  }
}

static conform_status error_class(const char *name) {
  for (conform_status s = CONFORM_MALFORMED; s <= CONFORM_LIMIT; s++)
    if (name && strcmp(name, conform_status_name(s)) == 0) return s;
  return CONFORM_BAD;
}

/* The beginning of a line as one may print it: what is no visible ASCII as \xNN. */
static void set_shown(char *out, size_t cap, const char *line, size_t len) {
  size_t n = 0;
  out[0] = '\0';
  for (size_t i = 0; i < len && i < 60 && n + 5 < cap; i++) {
    unsigned char c = (unsigned char)line[i];
    n += (size_t)snprintf(out + n, cap - n, c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
  }
}

static void read_answer(conform_child *c, conform_answer *a) {
  char err[96], shown[100];
  size_t len = (size_t)((char *)memchr(c->line, '\n', c->len) - c->line);
  uint64_t id;
  json *j = json_parse(c->line, len, err, sizeof err);
  const char *status = json_text(json_get(j, "status"));
  if (!j) {
    set_shown(shown, sizeof shown, c->line, len);
    set(a, CONFORM_GARBAGE, "not JSON (%s): %s", err, shown);
  } else if (json_repeated(j)) {
    set_shown(shown, sizeof shown, json_repeated(j)->key, strlen(json_repeated(j)->key));
    set(a, CONFORM_GARBAGE, "'%s' is there twice in one object", shown);
  } else if (!json_u64(json_get(j, "id"), &id) || id != c->id) {
    set(a, CONFORM_GARBAGE, "'id' is not %u", c->id);
  } else if (status && strcmp(status, "ok") == 0) {
    const json *out = json_get(j, "out");
    a->status = CONFORM_OK;
    a->out = out && out->type == JSON_OBJECT ? json_copy(out) : json_new(JSON_OBJECT);
    a->partial = json_bool(json_get(j, "partial"), false);
  } else if (status && strcmp(status, "error") == 0) {
    a->status = error_class(json_text(json_get(j, "error")));
    if (a->status == CONFORM_BAD) set(a, CONFORM_GARBAGE, "'error' is not malformed, auth, state or limit");
  } else if (status && strcmp(status, "unsupported") == 0) {
    a->status = CONFORM_UNSUPPORTED;
  } else {
    set(a, CONFORM_GARBAGE, "'status' is not ok, error or unsupported");
  }
  json_free(j);
  if (len + 1 < c->len) set(a, CONFORM_GARBAGE, "more than one line for one question");
  c->len = 0;
}

static char *question(conform_child *c, const char *op, const json *in, size_t *len) {
  json *q = json_new(JSON_OBJECT);
  json_put_u64(q, "id", ++c->id);
  json_put_string(q, "op", op);
  json_put(q, "in", json_copy(in));
  char *text = json_write(q, len);
  json_free(q);
  text[(*len)++] = '\n'; /* in place of the terminator */
  return text;
}

void conform_child_ask(conform_child *c, const char *op, const json *in, conform_answer *a) {
  char how[32];
  size_t len;
  *a = (conform_answer){.outcome = CONFORM_ANSWERED};
  if (!c->pid && !launch(c)) {
    set(a, CONFORM_CRASHED, "could not be started: %s", strerror(errno));
    return;
  }
  char *text = question(c, op, in, &len);
  talk(c, text, len, a);
  free(text);
  if (a->outcome == CONFORM_ANSWERED) read_answer(c, a);
  bool first = c->fresh && !c->answered_once;
  c->fresh = false;
  if (a->outcome == CONFORM_ANSWERED) c->answered_once = true;
  if (a->outcome == CONFORM_ANSWERED) return;
  reap(c, a->outcome != CONFORM_CRASHED, how, sizeof how);
  if (a->outcome != CONFORM_CRASHED) return;
  set(a, CONFORM_CRASHED, "closed its output before it answered (%s)", how);
  c->not_started = first && WIFEXITED(c->status) && (WEXITSTATUS(c->status) == 126 || WEXITSTATUS(c->status) == 127);
}

void conform_answer_free(conform_answer *a) {
  json_free(a->out);
  a->out = NULL;
}
