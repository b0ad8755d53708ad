/* weft dtls (private): from the master secret to the keys of both directions (RFC 5246 section 6.3), and the key log
 * line. */
#ifndef WEFT_DTLS_KEYS_H
#define WEFT_DTLS_KEYS_H

#include "dtls/mbed.h"
#include "dtls/record.h"

typedef struct weft_dtls_keys {
  uint8_t client_key[32], server_key[32];
  uint8_t client_iv[12], server_iv[12];
} weft_dtls_keys;

int weft_dtls_keys_derive(weft_dtls_keys *k, const weft_dtls_suite *suite, const weft_dtls_secrets *s);

/* "CLIENT_RANDOM <64 digits> <96 digits>", the NSS key log format. */
#define WEFT_DTLS_KEYLOG_LEN (14 + 64 + 1 + 96 + 1)
void weft_dtls_keylog_line(char line[WEFT_DTLS_KEYLOG_LEN], const weft_dtls_secrets *s);

#endif
