#include "dtls/hello.h"

bool weft_dtls_fragment_read(weft_rd *r, weft_dtls_fragment *f) {
  f->type = weft_rd_u8(r);
  f->length = weft_rd_u24(r);
  f->seq = weft_rd_u16(r);
  f->offset = weft_rd_u24(r);
  f->len = weft_rd_u24(r);
  f->data = weft_rd_bytes(r, f->len);
  if (f->offset > f->length || f->len > f->length - f->offset) weft_rd_fail(r);
  return weft_rd_ok(r);
}

void weft_dtls_fragment_header(weft_wr *w, const weft_dtls_fragment *f) {
  weft_wr_u8(w, f->type);
  weft_wr_u24(w, f->length);
  weft_wr_u16(w, f->seq);
  weft_wr_u24(w, f->offset);
  weft_wr_u24(w, f->len);
}

bool weft_dtls_hello_read_start(weft_rd *r, weft_dtls_hello *h) {
  *h = (weft_dtls_hello){0};
  h->version = weft_rd_u16(r);
  h->random = weft_rd_bytes(r, 32);
  h->session_id_len = weft_rd_u8(r);
  if (h->session_id_len > 32) weft_rd_fail(r); /* RFC 5246 section 7.4.1.2 */
  h->session_id = weft_rd_bytes(r, h->session_id_len);
  h->cookie_len = weft_rd_u8(r);
  h->cookie = weft_rd_bytes(r, h->cookie_len);
  return weft_rd_ok(r);
}

bool weft_dtls_hello_extension(weft_rd *r, uint16_t *type, weft_rd *value) {
  if (weft_rd_left(r) == 0) return false;
  *type = weft_rd_u16(r);
  weft_rd_sub(r, weft_rd_u16(r), value);
  return weft_rd_ok(r);
}

/* A hello may end before the extensions (RFC 5246 section 7.4.1.2). */
static bool read_extensions(weft_rd *r, weft_dtls_hello *h) {
  if (weft_rd_left(r) == 0) return weft_rd_ok(r);
  h->extensions_len = weft_rd_u16(r);
  h->extensions = weft_rd_bytes(r, h->extensions_len);
  if (!weft_rd_done(r)) return false;
  weft_rd list, value;
  uint16_t type;
  weft_rd_init(&list, h->extensions, h->extensions_len);
  while (weft_dtls_hello_extension(&list, &type, &value)) continue;
  return weft_rd_done(&list);
}

int weft_dtls_hello_parse(weft_dtls_hello *h, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_rd_init(&r, data, len);
  weft_dtls_hello_read_start(&r, h);
  h->suites_len = weft_rd_u16(&r);
  h->suites = weft_rd_bytes(&r, h->suites_len);
  h->compression_len = weft_rd_u8(&r);
  h->compression = weft_rd_bytes(&r, h->compression_len);
  if (h->suites_len == 0 || h->suites_len % 2 || h->compression_len == 0) return WEFT_EMALFORMED;
  return read_extensions(&r, h) ? WEFT_OK : WEFT_EMALFORMED;
}
