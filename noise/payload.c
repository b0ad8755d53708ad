#include <string.h>

#include "base/pb.h"
#include "noise/noise_int.h"

enum { IDENTITY_KEY = 1, IDENTITY_SIG = 2, EXTENSIONS = 4 }; /* payload.proto of libp2p noise */
enum { STREAM_MUXERS = 2 };                                  /* NoiseExtensions */

static const char PREFIX[] = "noise-libp2p-static-key:";
enum { PREFIX_LEN = sizeof PREFIX - 1, SIGNED = PREFIX_LEN + 32 };

static bool take(const weft_pb_field *f, const uint8_t **data, size_t *len) {
  if (f->wire != WEFT_PB_BYTES || *data) return false;
  *data = f->data;
  *len = f->len;
  return true;
}

static bool take_field(weft_noise_payload *p, const weft_pb_field *f) {
  switch (f->number) {
  case IDENTITY_KEY: return take(f, &p->key, &p->key_len);
  case IDENTITY_SIG: return take(f, &p->sig, &p->sig_len);
  case EXTENSIONS: return take(f, &p->extensions, &p->extensions_len);
  default: return true; /* field 3 was early data once; what is unknown is ignored */
  }
}

int weft_noise_payload_decode(weft_noise_payload *p, const uint8_t *data, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  *p = (weft_noise_payload){0};
  weft_pb_init(&pb, data, len);
  while (weft_pb_next(&pb, &f))
    if (!take_field(p, &f)) return WEFT_EMALFORMED;
  return weft_pb_ok(&pb) && p->key && p->sig ? WEFT_OK : WEFT_EMALFORMED;
}

static void signed_text(uint8_t out[SIGNED], const uint8_t noise_static[32]) {
  memcpy(out, PREFIX, PREFIX_LEN);
  memcpy(out + PREFIX_LEN, noise_static, 32);
}

int weft_noise_payload_verify(const weft_noise_payload *p, const uint8_t noise_static[32]) {
  uint8_t text[SIGNED];
  signed_text(text, noise_static);
  return weft_identity_verify(p->key, p->key_len, text, sizeof text, p->sig, p->sig_len);
}

static size_t muxer_size(const char *name) {
  size_t len = strlen(name);
  return 1 + weft_uvarint_size(len) + len;
}

static size_t extensions_size(const char *const *muxers, size_t n) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++) size += muxer_size(muxers[i]);
  return size;
}

size_t weft_noise_payload_size(const char *const *muxers, size_t n) {
  size_t ext = extensions_size(muxers, n);
  return 2 + 36 + 2 + 64 + (ext > 0 ? 1 + weft_uvarint_size(ext) + ext : 0);
}

int weft_noise_payload_encode(const weft_identity *id, const uint8_t noise_static[32], const char *const *muxers,
                              size_t n, uint8_t *out, size_t cap, size_t *len) {
  uint8_t text[SIGNED], sig[WEFT_SIGNATURE_MAX];
  size_t sig_len = 0, ext = extensions_size(muxers, n);
  signed_text(text, noise_static);
  int rc = weft_identity_sign(id, text, sizeof text, sig, &sig_len);
  if (rc != WEFT_OK) return rc;
  weft_wr w;
  weft_wr_init(&w, out, cap);
  weft_pb_put_bytes(&w, IDENTITY_KEY, id->key_protobuf, sizeof id->key_protobuf);
  weft_pb_put_bytes(&w, IDENTITY_SIG, sig, sig_len);
  if (ext > 0) {
    weft_wr_u8(&w, EXTENSIONS << 3 | WEFT_PB_BYTES);
    weft_wr_uvarint(&w, ext);
    for (size_t i = 0; i < n; i++) weft_pb_put_bytes(&w, STREAM_MUXERS, muxers[i], strlen(muxers[i]));
  }
  if (!weft_wr_ok(&w)) return WEFT_ETOOBIG;
  *len = weft_wr_len(&w);
  return WEFT_OK;
}

int weft_noise_muxers_decode(weft_noise_muxers *m, const uint8_t *extensions, size_t len) {
  weft_pb pb;
  weft_pb_field f;
  size_t used = 0;
  m->n = 0;
  weft_pb_init(&pb, extensions, len);
  while (weft_pb_next(&pb, &f)) {
    if (f.number != STREAM_MUXERS || f.wire != WEFT_PB_BYTES || f.len == 0) continue;
    if (m->n == WEFT_NOISE_MUXERS_MAX || f.len >= sizeof m->text - used || memchr(f.data, 0, f.len)) continue;
    m->list[m->n++] = memcpy(m->text + used, f.data, f.len);
    m->text[used + f.len] = 0;
    used += f.len + 1;
  }
  return weft_pb_ok(&pb) ? WEFT_OK : WEFT_EMALFORMED;
}
