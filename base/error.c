#include "base/base.h"

/* Indexed by the negated code: values are part of the interface and dense from 0. */
static const struct {
  const char *name, *text;
} codes[] = {
    {"WEFT_OK", "ok"},
    {"WEFT_EAGAIN", "would block"},
    {"WEFT_EMALFORMED", "malformed"},
    {"WEFT_ESTATE", "wrong state for this call"},
    {"WEFT_ETOOBIG", "too big"},
    {"WEFT_ENOMEM", "out of memory"},
    {"WEFT_EAUTH", "authentication failed"},
    {"WEFT_ECLOSED", "closed"},
    {"WEFT_EUNSUPPORTED", "not supported"},
    {"WEFT_EINVAL", "invalid argument"},
    {"WEFT_ETIMEDOUT", "timed out"},
    {"WEFT_EPROTO", "protocol violation by the peer"},
    {"WEFT_ELIMIT", "limit reached"},
    {"WEFT_ENOTFOUND", "not found"},
    {"WEFT_EREFUSED", "refused by the peer"},
    {"WEFT_ERANDOM", "no randomness"},
    {"WEFT_ERESET", "reset by the peer"},
    {"WEFT_EINTERNAL", "internal error"},
};

static bool known(int code) { return code <= 0 && code > -(int)WEFT_ARRAY_LEN(codes); }

const char *weft_strerror(int code) { return known(code) ? codes[-code].text : "unknown error"; }

const char *weft_errname(int code) { return known(code) ? codes[-code].name : "WEFT_E?"; }
