/* apps: the identity key on disk, as libp2p's PrivateKey protobuf, readable by its owner alone. */
#ifndef APPS_KEY_FILE_H
#define APPS_KEY_FILE_H

#include <weft/noise/identity.h>

/* path NULL: a fresh identity. Reads it, or makes it when there is no such file (mode 0600). *why says what failed. */
int app_key_file_load(const char *path, weft_identity *id, const weft_rng *rng, const char **why);

#endif
