/* weft dtls (private): what a session needs of a certificate. */
#ifndef WEFT_DTLS_CERT_H
#define WEFT_DTLS_CERT_H

#include "dtls/dtls.h"
#include "dtls/mbed.h"

struct weft_dtls_cert {
  weft_alloc alloc;
  mbedtls_pk_context key;
  mbedtls_x509_crt crt;
  uint8_t der[512]; /* about 300 are used */
  size_t der_len;
  uint8_t fingerprint[WEFT_DTLS_FINGERPRINT_LEN];
};

#endif
