/* Status codes: libp2p specs relay/circuit-v2.md, "Status codes and errors". */
#include "relay/relay_int.h"

static const struct {
  int status;
  const char *name;
} names[] = {
    {WEFT_RELAY_OK, "OK"},
    {WEFT_RELAY_RESERVATION_REFUSED, "RESERVATION_REFUSED"},
    {WEFT_RELAY_RESOURCE_LIMIT_EXCEEDED, "RESOURCE_LIMIT_EXCEEDED"},
    {WEFT_RELAY_PERMISSION_DENIED, "PERMISSION_DENIED"},
    {WEFT_RELAY_CONNECTION_FAILED, "CONNECTION_FAILED"},
    {WEFT_RELAY_NO_RESERVATION, "NO_RESERVATION"},
    {WEFT_RELAY_MALFORMED_MESSAGE, "MALFORMED_MESSAGE"},
    {WEFT_RELAY_UNEXPECTED_MESSAGE, "UNEXPECTED_MESSAGE"},
};

const char *weft_relay_status_name(int status) {
  for (size_t i = 0; i < WEFT_ARRAY_LEN(names); i++)
    if (names[i].status == status) return names[i].name;
  return "unknown status";
}

int weft_relay_status_at(size_t index) { return index < WEFT_ARRAY_LEN(names) ? names[index].status : 0; }

size_t weft_relay_status_index(int status) {
  size_t i = 0;
  while (i < WEFT_ARRAY_LEN(names) && names[i].status != status) i++;
  return i;
}
