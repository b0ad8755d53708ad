/* weft dtls (private): handshake headers (RFC 6347 section 4.2.2) and the ClientHello (section 4.2.1).
 */
#ifndef WEFT_DTLS_HELLO_H
#define WEFT_DTLS_HELLO_H

#include "base/bytes.h"

#define WEFT_DTLS_FRAGMENT_HEADER_LEN 12
#define WEFT_DTLS_COOKIE_LEN 32

enum { WEFT_DTLS_CLIENT_HELLO = 1, WEFT_DTLS_HELLO_VERIFY_REQUEST = 3, WEFT_DTLS_FINISHED = 20 };

/* One handshake message, or a piece of it, in a record. */
typedef struct weft_dtls_fragment {
  uint8_t type;
  uint32_t length; /* of the whole message */
  uint16_t seq;
  uint32_t offset;
  const uint8_t *data;
  uint32_t len;
} weft_dtls_fragment;

/* False, and r failed, when the piece runs past the record or past its message. */
bool weft_dtls_fragment_read(weft_rd *r, weft_dtls_fragment *f);
void weft_dtls_fragment_header(weft_wr *w, const weft_dtls_fragment *f);

/* Views into the message. */
typedef struct weft_dtls_hello {
  uint16_t version;
  const uint8_t *random; /* 32 bytes */
  const uint8_t *session_id, *cookie, *suites, *compression, *extensions;
  size_t session_id_len, cookie_len, suites_len, compression_len, extensions_len; /* suites_len in bytes */
} weft_dtls_hello;

/* As far as the cookie: what the first fragment must hold. */
bool weft_dtls_hello_read_start(weft_rd *r, weft_dtls_hello *h);
/* The whole message; extensions are walked. WEFT_EMALFORMED. */
int weft_dtls_hello_parse(weft_dtls_hello *h, const uint8_t *data, size_t len);
/* The next extension of h; r starts as a reader over h->extensions. */
bool weft_dtls_hello_extension(weft_rd *r, uint16_t *type, weft_rd *value);

#endif
