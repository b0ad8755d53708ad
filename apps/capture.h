/* apps: reads captures held in memory - classic pcap (both byte orders, micro- and nanoseconds) and pcapng (sections of either order, several
 * interfaces, enhanced, simple and obsolete packet blocks, decryption secrets). Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 *
 *   if (capture_is(data, len)) rc = capture_read(data, len, &(capture_callbacks){on_packet, on_keylog}, me, why, sizeof why);
 *
 * What comes before the first fault is handed out; then WEFT_EMALFORMED and the fault in `why`.
 */
#ifndef APPS_CAPTURE_H
#define APPS_CAPTURE_H

#include <weft/base/base.h>

typedef struct capture_packet {
  uint64_t unix_us;
  uint32_t link; /* tcpdump.org/linktypes.html */
  const uint8_t *data;
  size_t len, wire_len; /* captured, and as it was on the wire */
} capture_packet;

typedef struct capture_callbacks {
  void (*packet)(void *user, const capture_packet *p);
  void (*keylog)(void *user, const uint8_t *text, size_t len); /* of a Decryption Secrets Block */
} capture_callbacks;

bool capture_is(const uint8_t *data, size_t len);
int capture_read(const uint8_t *data, size_t len, const capture_callbacks *cb, void *user, char *why, size_t cap);

#endif
