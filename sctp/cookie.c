#include "base/hash.h"
#include "sctp/sctp_int.h"

/* The state cookie, RFC 9260 section 5.1.3: a fixed layout behind a MAC that is checked before anything else is read.
 *
 *   0  MAC (16, SipHash-2-4-128 of the rest)      16 made (8)         24 my tag, 28 peer tag, 32 my TSN, 36 peer TSN
 *   40 peer window   44 streams out, 46 streams in   48 abilities (4)   52 tie tag of mine, 56 tie tag of the peer's
 */
enum { MAC = 16, FORWARD = 1, RECONFIG = 2, ZERO_CHECKSUM = 4 };

void weft_sctp_cookie_write(weft_wr *w, const uint8_t key[16], const weft_sctp_cookie *c) {
  uint8_t buf[WEFT_SCTP_COOKIE_SIZE];
  weft_wr b;
  weft_wr_init(&b, buf, sizeof buf);
  weft_wr_zero(&b, MAC);
  weft_wr_u64(&b, c->made);
  weft_wr_u32(&b, c->peer.my_tag);
  weft_wr_u32(&b, c->peer.peer_tag);
  weft_wr_u32(&b, c->peer.my_tsn);
  weft_wr_u32(&b, c->peer.peer_tsn);
  weft_wr_u32(&b, c->peer.peer_window);
  weft_wr_u16(&b, c->peer.streams_out);
  weft_wr_u16(&b, c->peer.streams_in);
  weft_wr_u32(&b, (c->peer.forward ? FORWARD : 0u) | (c->peer.reconfig ? RECONFIG : 0u) |
                      (c->peer.zero_checksum ? ZERO_CHECKSUM : 0u));
  weft_wr_u32(&b, c->tie_my_tag);
  weft_wr_u32(&b, c->tie_peer_tag);
  weft_siphash128(buf, key, buf + MAC, sizeof buf - MAC);
  weft_wr_bytes(w, buf, sizeof buf);
}

int weft_sctp_cookie_read(weft_sctp_cookie *c, const uint8_t key[16], const uint8_t *data, size_t len) {
  uint8_t mac[MAC];
  if (len != WEFT_SCTP_COOKIE_SIZE) return WEFT_EAUTH;
  weft_siphash128(mac, key, data + MAC, len - MAC);
  if (!weft_ct_equal(mac, data, MAC)) return WEFT_EAUTH;
  weft_rd r;
  weft_rd_init(&r, data + MAC, len - MAC);
  c->made = weft_rd_u64(&r);
  c->peer.my_tag = weft_rd_u32(&r);
  c->peer.peer_tag = weft_rd_u32(&r);
  c->peer.my_tsn = weft_rd_u32(&r);
  c->peer.peer_tsn = weft_rd_u32(&r);
  c->peer.peer_window = weft_rd_u32(&r);
  c->peer.streams_out = weft_rd_u16(&r);
  c->peer.streams_in = weft_rd_u16(&r);
  uint32_t abilities = weft_rd_u32(&r);
  c->peer.forward = abilities & FORWARD;
  c->peer.reconfig = abilities & RECONFIG;
  c->peer.zero_checksum = abilities & ZERO_CHECKSUM;
  c->tie_my_tag = weft_rd_u32(&r);
  c->tie_peer_tag = weft_rd_u32(&r);
  return weft_rd_done(&r) ? WEFT_OK : WEFT_EAUTH;
}
