/* weft dtls (private): DER (X.690) written into a weft_wr, lengths always minimal.
 *
 *   size_t seq = weft_dtls_der_open(&w, WEFT_DTLS_DER_SEQUENCE);
 *   weft_dtls_der_put(&w, WEFT_DTLS_DER_OID, oid, sizeof oid);
 *   weft_dtls_der_close(&w, seq);
 */
#ifndef WEFT_DTLS_DER_H
#define WEFT_DTLS_DER_H

#include "base/bytes.h"

enum {
  WEFT_DTLS_DER_INTEGER = 0x02,
  WEFT_DTLS_DER_BIT_STRING = 0x03,
  WEFT_DTLS_DER_OCTET_STRING = 0x04,
  WEFT_DTLS_DER_OID = 0x06,
  WEFT_DTLS_DER_UTF8 = 0x0c,
  WEFT_DTLS_DER_UTC_TIME = 0x17,
  WEFT_DTLS_DER_GENERALIZED_TIME = 0x18,
  WEFT_DTLS_DER_SEQUENCE = 0x30,
  WEFT_DTLS_DER_SET = 0x31,
  WEFT_DTLS_DER_CONTEXT0 = 0xa0
};

size_t weft_dtls_der_open(weft_wr *w, uint8_t tag); /* returns where the content begins */
void weft_dtls_der_close(weft_wr *w, size_t at);    /* content below 65,536 bytes */
void weft_dtls_der_put(weft_wr *w, uint8_t tag, const void *content, size_t len);

#endif
