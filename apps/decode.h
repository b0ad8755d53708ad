/* apps: what `weft decode` does with bytes - datagrams of many conversations in, an outline of their layers out, down to libp2p's streams.
 *
 *   outline o; outline_init(&o, stdout, false);
 *   decode *d = decode_new(&o);
 *   decode_keylog(d, text, len);                            NSS key log lines; more may come later
 *   decode_packet(d, link, unix_us, data, len);             a frame of a capture
 *   decode_unit(d, DECODE_STUN, data, len);                 or bytes of which the layer is known
 *   decode_free(d);
 *
 * Everything kept is bounded: conversations, streams, fragments that miss their other half. Nothing here trusts its input.
 */
#ifndef APPS_DECODE_H
#define APPS_DECODE_H

#include "apps/outline.h"
#include "apps/packet.h"

typedef struct decode decode;

typedef enum decode_layer {
  DECODE_DATAGRAM, /* STUN or DTLS by its first byte, SCTP by its ports, else unknown */
  DECODE_STUN,
  DECODE_DTLS,
  DECODE_SCTP,
  DECODE_DCEP,
  DECODE_FRAMES, /* libp2p frames with their length prefixes */
  DECODE_MULTISTREAM,
  DECODE_YAMUX
} decode_layer;

decode *decode_new(outline *o);
void decode_free(decode *d);
/* The number of secrets found; text need not be terminated. */
size_t decode_keylog(decode *d, const char *text, size_t len);
void decode_packet(decode *d, uint32_t link, uint64_t unix_us, const uint8_t *data, size_t len);
void decode_unit(decode *d, decode_layer layer, const uint8_t *data, size_t len);
/* False: no layer of that name ("stun", "dtls", "sctp", "dcep", "frames", "multistream", "yamux", "datagram"). */
bool decode_layer_named(const char *name, decode_layer *layer);

#endif
