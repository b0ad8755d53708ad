/* apps: the small JSON files by which programs on one machine find each other: {"addr","peer_id","pid"}, a relay's
 * with "direct_addr" too, its webrtc-direct address. */
#ifndef APPS_ADDR_FILE_H
#define APPS_ADDR_FILE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct app_addr_file {
  char addr[2048];
  char peer_id[128];
  char direct_addr[2048]; /* "": none */
  long pid;
} app_addr_file;

/* To a temporary name beside it, then renamed. direct_addr NULL: none. WEFT_EINTERNAL with errno. */
int app_addr_file_write(const char *path, const char *addr, const char *peer_id, const char *direct_addr);
/* WEFT_OK; WEFT_ENOTFOUND: no such file; WEFT_EMALFORMED; WEFT_ECLOSED: its writer (pid) is gone. */
int app_addr_file_read(const char *path, app_addr_file *f);
/* Removes it only while it still holds what this process wrote. */
void app_addr_file_remove(const char *path, const char *addr);

#endif
