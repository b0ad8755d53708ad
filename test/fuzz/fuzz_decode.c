/* weft decode: any capture, and any bytes as a unit of any layer. What breaks rules is said; nothing crashes, nothing grows without bound. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/capture.h"
#include "apps/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_packet(void *user, const capture_packet *p) {
  decode_packet(user, p->link, p->unix_us, p->data, p->len);
}

static void on_keylog(void *user, const uint8_t *text, size_t len) { decode_keylog(user, (const char *)text, len); }

/* Bytes after the first are units of up to 255 bytes, each behind its length: some rules need more than one. */
static void units(decode *d, const uint8_t *data, size_t size) {
  decode_layer layer = (decode_layer)(data[0] % (DECODE_YAMUX + 1));
  data++, size--;
  while (size > 0) {
    size_t n = data[0] < size - 1 ? data[0] : size - 1;
    decode_unit(d, layer, data + 1, n);
    data += 1 + n;
    size -= 1 + n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *nowhere;
  const capture_callbacks cb = {on_packet, on_keylog};
  char why[256];
  outline o;
  if (size == 0) return 0;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  outline_init(&o, nowhere, data[0] & 1);
  decode *d = decode_new(&o);
  if (!nowhere || !d) abort();
  if (capture_is(data, size))
    (void)capture_read(data, size, &cb, d, why, sizeof why);
  else
    units(d, data, size);
  if (o.depth != 0) abort(); /* every node that was begun has an end */
  decode_free(d);
  return 0;
}
