/* A peer on a world's network that speaks ICE correctly and then DTLS as mbedTLS does, with a wrong step where the test wants one.
 *
 *   static hostile h;
 *   hostile_client(&h, &w, cert, cert);        from 10.0.0.99:6000 towards the listener; no certificate: NULL, NULL
 *   h.skip_verify = true;
 *   hostile_begin(&h);                         its binding request goes out; the rest follows in world_run
 *   ck_assert_int_eq(h.dtls.over, 0);          h.alert, h.answered, h.bytes_in say what came back
 *   hostile_end(&h);
 */
#ifndef TEST_SUPPORT_HOSTILE_H
#define TEST_SUPPORT_HOSTILE_H

#include <weft/stun/stun.h>

#include "test/support/webrtc_world.h"
#include "test/unit/mbed_peer.h"

typedef struct hostile {
  world *w;
  weft_addr addr;
  bool server, skip_verify; /* client: no CertificateVerify */
  weft_ice_lite *lite;      /* server: its answers to checks */
  mbed_peer dtls;
  mbedtls_ssl_key_cert *key_cert; /* taken out while the message is left out */
  unsigned answered;              /* binding responses seen */
  unsigned alert;                 /* the last one that came in the clear, 0: none */
  size_t bytes_in, bytes_out;
} hostile;

/* A binding request under `username` with `key`; its length. */
size_t hostile_request(uint8_t *buf, size_t cap, const char *username, const char *key, uint32_t number);
/* "libp2p+webrtc+v1/..." twice: a user name that the listener takes, and its password. */
#define HOSTILE_KEY "libp2p+webrtc+v1/hostilehostilehostile"
#define HOSTILE_NAME HOSTILE_KEY ":" HOSTILE_KEY

/* The certificate that is shown and the one whose key signs. */
void hostile_client(hostile *h, world *w, const weft_dtls_cert *shown, const weft_dtls_cert *signing);
/* In the place of the world's listener, which must not be there. */
void hostile_server(hostile *h, world *w, const weft_dtls_cert *shown, const weft_dtls_cert *signing);
void hostile_begin(hostile *h);
/* Bytes over its finished DTLS session. */
void hostile_write(hostile *h, const uint8_t *data, size_t len);
void hostile_end(hostile *h);

#endif
