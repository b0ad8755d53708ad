#include "base/bytes.h"

#include <string.h>

bool weft_ct_equal(const void *a, const void *b, size_t n) {
  const volatile uint8_t *x = a, *y = b;
  unsigned diff = 0;
  for (size_t i = 0; i < n; i++) diff |= (unsigned)(x[i] ^ y[i]);
  return diff == 0;
}

void weft_wipe(void *p, size_t n) {
#if defined(__GNUC__)
  if (n > 0) memset(p, 0, n);
  __asm__ __volatile__("" : : "r"(p) : "memory"); /* the bytes may be looked at: the store is not dead */
#else
  volatile uint8_t *b = p;
  while (n-- > 0) *b++ = 0;
#endif
}
