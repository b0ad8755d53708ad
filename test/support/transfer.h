/* Bytes that go out over a stream to a peer that echoes must come back, the same ones: SHA-256 of both directions compared.
 *
 *   app_protocol p;
 *   transfer_protocol(&p, "/webrtc-chat/1.0.0");                                    give &p to app_host_init
 *   transfer t = {.bytes = 65536, .seed = 1, .closed = on_closed, .user = me};      closed(t, same) is the last call
 *   transfer_open(&t, peer, &p, now);                                               t must not move until then
 */
#ifndef TEST_SUPPORT_TRANSFER_H
#define TEST_SUPPORT_TRANSFER_H

#include <sodium.h>

#include "apps/host.h"

enum { TRANSFER_CHUNK = 16000 };

typedef struct transfer {
  uint64_t bytes, seed;
  void *user;
  void (*closed)(struct transfer *t, bool same, weft_time now);
  /* When set, FIN does not follow the last byte: echoed() is called when all came back, and transfer_finish() sends it. */
  void (*echoed)(struct transfer *t, weft_time now);
  bool unread; /* what comes is kept from the window until transfer_read_again() */

  app_stream *stream; /* NULL when over */
  uint64_t sent, received, held;
  crypto_hash_sha256_state out, in;
  int code; /* how it ended */
  bool shut;
  uint8_t chunk[TRANSFER_CHUNK];
  size_t chunk_at, chunk_len;
} transfer;

void transfer_protocol(app_protocol *p, const char *name);
int transfer_open(transfer *t, app_peer *peer, const app_protocol *p, weft_time now);
void transfer_finish(transfer *t, weft_time now);
void transfer_complain(const transfer *t); /* on stderr, why it is not the same */
void transfer_read_again(transfer *t, weft_time now);

#endif
