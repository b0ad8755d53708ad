/* weft dtls (private): alert numbers (RFC 5246 section 7.2) as words and as results. */
#ifndef WEFT_DTLS_ALERT_H
#define WEFT_DTLS_ALERT_H

#include "base/base.h"

enum {
  WEFT_DTLS_ALERT_CLOSE_NOTIFY = 0,
  WEFT_DTLS_ALERT_UNEXPECTED_MESSAGE = 10,
  WEFT_DTLS_ALERT_HANDSHAKE_FAILURE = 40,
  WEFT_DTLS_ALERT_BAD_CERTIFICATE = 42,
  WEFT_DTLS_ALERT_ACCESS_DENIED = 49,
  WEFT_DTLS_ALERT_DECRYPT_ERROR = 51,
  WEFT_DTLS_ALERT_PROTOCOL_VERSION = 70,
  WEFT_DTLS_ALERT_INTERNAL_ERROR = 80,
  WEFT_DTLS_ALERT_USER_CANCELED = 90
};

/* "the peer refused with the alert bad_certificate"; static. */
const char *weft_dtls_alert_text(uint8_t description);
/* The result a peer's fatal alert means. */
int weft_dtls_alert_code(uint8_t description);
/* The alert that says why we end with this code. */
uint8_t weft_dtls_alert_for(int code);

#endif
