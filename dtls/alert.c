#include "dtls/alert.h"

#define SENT "the peer ended the connection with the alert "

typedef struct alert {
  uint8_t description;
  int code;
  const char *text;
} alert;

static const alert alerts[] = {
    {0, WEFT_OK, "the peer closed the connection"},
    {10, WEFT_EPROTO, SENT "unexpected_message"},
    {20, WEFT_EPROTO, SENT "bad_record_mac"},
    {22, WEFT_EPROTO, SENT "record_overflow"},
    {40, WEFT_EPROTO, SENT "handshake_failure: it found nothing in common, or a certificate was missing"},
    {41, WEFT_EAUTH, SENT "no_certificate"},
    {42, WEFT_EAUTH, SENT "bad_certificate: it expects another certificate from us"},
    {43, WEFT_EAUTH, SENT "unsupported_certificate"},
    {44, WEFT_EAUTH, SENT "certificate_revoked"},
    {45, WEFT_EAUTH, SENT "certificate_expired"},
    {46, WEFT_EAUTH, SENT "certificate_unknown"},
    {47, WEFT_EPROTO, SENT "illegal_parameter"},
    {48, WEFT_EAUTH, SENT "unknown_ca"},
    {49, WEFT_EAUTH, SENT "access_denied"},
    {50, WEFT_EPROTO, SENT "decode_error"},
    {51, WEFT_EAUTH, SENT "decrypt_error"},
    {70, WEFT_EUNSUPPORTED, SENT "protocol_version"},
    {71, WEFT_EUNSUPPORTED, SENT "insufficient_security"},
    {80, WEFT_EPROTO, SENT "internal_error"},
    {90, WEFT_EREFUSED, SENT "user_canceled"},
    {110, WEFT_EPROTO, SENT "unsupported_extension"},
};

static const alert other = {255, WEFT_EPROTO, SENT "of a kind we do not know"};

static const alert *find(uint8_t description) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(alerts); i++)
    if (alerts[i].description == description) return &alerts[i];
  return &other;
}

const char *weft_dtls_alert_text(uint8_t description) { return find(description)->text; }

int weft_dtls_alert_code(uint8_t description) { return find(description)->code; }

uint8_t weft_dtls_alert_for(int code) {
  if (code == WEFT_OK) return WEFT_DTLS_ALERT_CLOSE_NOTIFY;
  if (code == WEFT_EAUTH) return WEFT_DTLS_ALERT_ACCESS_DENIED;
  if (code == WEFT_EPROTO || code == WEFT_EMALFORMED) return WEFT_DTLS_ALERT_HANDSHAKE_FAILURE;
  if (code == WEFT_EREFUSED || code == WEFT_ECLOSED) return WEFT_DTLS_ALERT_USER_CANCELED;
  return WEFT_DTLS_ALERT_INTERNAL_ERROR;
}
