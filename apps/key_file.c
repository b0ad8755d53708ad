#define _GNU_SOURCE
#include "apps/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { KEY_LEN = 68 };

static int create(const char *path, weft_identity *id, const weft_rng *rng, const char **why) {
  uint8_t pb[KEY_LEN];
  int rc = weft_identity_generate(id, rng);
  if (rc != WEFT_OK) return rc;
  rc = weft_identity_to_private_key(id, pb);
  if (rc != WEFT_OK) return rc;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    *why = strerror(errno);
    return WEFT_EINTERNAL;
  }
  ssize_t n = write(fd, pb, sizeof pb);
  if (n != (ssize_t)sizeof pb || close(fd) != 0) {
    *why = "could not write the whole key";
    return WEFT_EINTERNAL;
  }
  return WEFT_OK;
}

int app_key_file_load(const char *path, weft_identity *id, const weft_rng *rng, const char **why) {
  uint8_t pb[KEY_LEN + 1];
  *why = "no randomness";
  if (!path) return weft_identity_generate(id, rng);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return create(path, id, rng, why);
  if (fd < 0) {
    *why = strerror(errno);
    return WEFT_EINTERNAL;
  }
  ssize_t n = read(fd, pb, sizeof pb);
  close(fd);
  *why = "not an Ed25519 PrivateKey message of 68 bytes";
  int rc = n == KEY_LEN ? weft_identity_from_private_key(id, pb, KEY_LEN) : WEFT_EMALFORMED;
  memset(pb, 0, sizeof pb);
  return rc;
}
