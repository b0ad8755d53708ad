/* What a relay says of itself: any text is read or refused, and what was read is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "apps/relay_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  app_relay_status st, again;
  char line[APP_RELAY_STATUS_MAX];
  char *text = malloc(len + 1);
  if (!text) return 0;
  if (len > 0) memcpy(text, data, len);
  text[len] = 0;
  if (app_relay_status_parse(&st, text) == WEFT_OK && app_relay_status_format(&st, line, sizeof line) > 0) {
    if (app_relay_status_parse(&again, line) != WEFT_OK || memcmp(&st, &again, sizeof st) != 0) abort();
  }
  free(text);
  return 0;
}
