/* apps: the operations of vectors/SHIM.md on our own layers. `weft conform` calls them in process, `weft-shim` puts them behind standard
 * input and output; both go through conform_op().
 *
 *   static conform_status decode(conform_call *c) {
 *     size_t len;
 *     const uint8_t *data = conform_bytes(c, "hex", &len);
 *     if (!data) return CONFORM_BAD;                                   the request lacks a field
 *     ...
 *     json_put_u64(c->out, "value", value);
 *     return conform_code(rc);
 *   }
 *   const conform_entry conform_varint[] = {{"varint.decode", decode}, {NULL, NULL}};
 */
#ifndef APPS_CONFORM_OP_H
#define APPS_CONFORM_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/base/base.h>

#include "apps/json.h"

typedef enum conform_status {
  CONFORM_OK = 0,
  CONFORM_MALFORMED,   /* the bytes break the format */
  CONFORM_AUTH,        /* a checksum, MAC, signature or identity is wrong */
  CONFORM_STATE,       /* well formed, but not now */
  CONFORM_LIMIT,       /* larger or more than is accepted */
  CONFORM_UNSUPPORTED, /* an operation or option that this implementation does not have */
  CONFORM_BAD          /* the request itself is not as SHIM.md says */
} conform_status;

typedef struct conform_scratch conform_scratch;

typedef struct conform_call {
  const json *in;
  json *out;
  conform_scratch *scratch; /* lives until the call is answered */
} conform_call;

typedef conform_status (*conform_fn)(conform_call *c);

typedef struct conform_entry {
  const char *op;
  conform_fn run;
} conform_entry;

/* Fields are put into out; they count only with CONFORM_OK. */
conform_status conform_op(const char *op, const json *in, json *out);
/* "ok", "malformed", ... */
const char *conform_status_name(conform_status s);
/* The nth operation's name; NULL beyond the last. */
const char *conform_op_name(size_t nth);

/* ---- for the operations ---- */

void conform_release(conform_call *c); /* frees the scratch memory; conform_op does it */
conform_status conform_code(int rc);
/* A field of c->in; NULL when it is absent or of another kind. Bytes are at least one octet of memory. */
const uint8_t *conform_bytes(conform_call *c, const char *path, size_t *len);
const uint8_t *conform_bytes_of(conform_call *c, const json *field, size_t *len);
const uint8_t *conform_fixed(conform_call *c, const char *path, size_t len);
const json *conform_string(const conform_call *c, const char *path); /* with its length: it may hold zero bytes */
const char *conform_text(const conform_call *c, const char *path);
bool conform_u64(const conform_call *c, const char *path, uint64_t *out);
bool conform_u32(const conform_call *c, const char *path, uint32_t *out);
bool conform_u16(const conform_call *c, const char *path, uint16_t *out);
bool conform_is(const conform_call *c, const char *path, const char *text);
void *conform_memory(conform_call *c, size_t n); /* zeroed */
/* Gives out the bytes of in.rng in order, and fails when they are used up. False: no such field. */
bool conform_rng(conform_call *c, weft_rng *rng);

extern const conform_entry conform_varint[], conform_multiaddr[], conform_keys[], conform_stun[], conform_ice[],
    conform_sctp[], conform_dtls[], conform_datachannel[], conform_framing[], conform_sdp[], conform_noise[],
    conform_relay[], conform_libp2p[], conform_yamux[], conform_cookie[], conform_association[];

#endif
