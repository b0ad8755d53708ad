/* What the base layer gives an embedder: addresses without sockaddr, result codes with texts, time as a number. */
#include <stdio.h>
#include <string.h>
#include <weft/base/addr.h>
#include <weft/base/base.h>
#include <weft/base/stream.h>

static int same_after_a_round_trip(const char *text) {
  weft_addr a;
  char back[WEFT_ADDR_TEXT_MAX];
  if (weft_addr_parse(&a, text) != WEFT_OK) return 0;
  return strcmp(weft_addr_format(&a, back, sizeof back), text) == 0;
}

int main(void) {
  weft_addr bad;
  int rc = weft_addr_parse(&bad, "203.0.113.7:70000");
  if (weft_version() != WEFT_VERSION_NUM) return 1;
  if (!same_after_a_round_trip("203.0.113.7:4001") || !same_after_a_round_trip("[2001:db8::1]:4001")) return 1;
  if (rc != WEFT_EMALFORMED || WEFT_SEC(2) != WEFT_MS(2000)) return 1;
  printf("base: addresses come back as written; a port of 70000 is %s (%s)\n", weft_strerror(rc), weft_errname(rc));
  return 0;
}
