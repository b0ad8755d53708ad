#define _GNU_SOURCE
#include "apps/addr_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/base/base.h>

#include "apps/text.h"

enum { FILE_MAX = 8192 };

int app_addr_file_write(const char *path, const char *addr, const char *peer_id, const char *direct_addr) {
  char temporary[4096];
  if (snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof temporary) {
    errno = ENAMETOOLONG;
    return WEFT_EINTERNAL;
  }
  FILE *f = fopen(temporary, "w");
  if (!f) return WEFT_EINTERNAL;
  fputs("{\"addr\": ", f);
  app_print_json_string(f, addr, strlen(addr));
  fputs(", \"peer_id\": ", f);
  app_print_json_string(f, peer_id, strlen(peer_id));
  if (direct_addr) {
    fputs(", \"direct_addr\": ", f);
    app_print_json_string(f, direct_addr, strlen(direct_addr));
  }
  fprintf(f, ", \"pid\": %ld}\n", (long)getpid());
  bool failed = ferror(f) != 0;
  if (fclose(f) != 0) failed = true;
  if (!failed && rename(temporary, path) == 0) return WEFT_OK;
  int saved = errno;
  unlink(temporary);
  errno = saved;
  return WEFT_EINTERNAL;
}

static const char *find_value(const char *json, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\"", key);
  const char *p = strstr(json, quoted);
  if (!p) return NULL;
  p += strlen(quoted);
  while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') p++;
  if (*p++ != ':') return NULL;
  while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') p++;
  return p;
}

/* Multiaddrs and peer ids hold no character that JSON must escape; '/' may come escaped from other writers. */
static bool read_string(const char *json, const char *key, char *out, size_t cap) {
  const char *p = find_value(json, key);
  size_t n = 0;
  if (!p || *p++ != '"') return false;
  for (; *p && *p != '"'; p++) {
    if (*p == '\\' && *++p != '/') return false;
    if (n + 1 >= cap) return false;
    out[n++] = *p;
  }
  out[n] = 0;
  return *p == '"';
}

static int read_all(const char *path, char *buf, size_t cap) {
  FILE *f = fopen(path, "r");
  if (!f) return errno == ENOENT ? WEFT_ENOTFOUND : WEFT_EINTERNAL;
  size_t n = fread(buf, 1, cap - 1, f);
  fclose(f);
  buf[n] = 0;
  return WEFT_OK;
}

int app_addr_file_read(const char *path, app_addr_file *out) {
  char buf[FILE_MAX];
  memset(out, 0, sizeof *out);
  int rc = read_all(path, buf, sizeof buf);
  if (rc != WEFT_OK) return rc;
  if (!read_string(buf, "addr", out->addr, sizeof out->addr)) return WEFT_EMALFORMED;
  (void)read_string(buf, "peer_id", out->peer_id, sizeof out->peer_id); /* the original demo writes addr alone */
  (void)read_string(buf, "direct_addr", out->direct_addr, sizeof out->direct_addr);
  const char *pid = find_value(buf, "pid");
  if (!pid) return WEFT_OK;
  out->pid = strtol(pid, NULL, 10);
  if (out->pid <= 0) return WEFT_EMALFORMED;
  if (kill((pid_t)out->pid, 0) != 0 && errno == ESRCH) return WEFT_ECLOSED;
  return WEFT_OK;
}

void app_addr_file_remove(const char *path, const char *addr) {
  app_addr_file f;
  if (app_addr_file_read(path, &f) != WEFT_OK) return;
  if (f.pid == (long)getpid() && strcmp(f.addr, addr) == 0) unlink(path);
}
