/* Identify messages: every view lies inside the input, and the reader gives the same message whatever the cuts. */
#include <stdlib.h>
#include <string.h>

#include "libp2p/identify.h"

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *data, size_t size, const void *view, size_t len) {
  const uint8_t *p = view;
  REQUIRE(!p || (p >= data && len <= size && p + len <= data + size));
}

static void check_views(const weft_identify *m, const uint8_t *data, size_t size) {
  inside(data, size, m->protocol_version, m->protocol_version_len);
  inside(data, size, m->agent_version, m->agent_version_len);
  inside(data, size, m->public_key, m->public_key_len);
  inside(data, size, m->observed_addr, m->observed_addr_len);
  inside(data, size, m->signed_peer_record, m->signed_peer_record_len);
  REQUIRE(m->got_protocols_len <= WEFT_IDENTIFY_LIST_MAX && m->got_addrs_len <= WEFT_IDENTIFY_LIST_MAX);
  for (size_t i = 0; i < m->got_protocols_len; i++)
    inside(data, size, m->got_protocols[i].data, m->got_protocols[i].len);
  for (size_t i = 0; i < m->got_addrs_len; i++) inside(data, size, m->got_addrs[i].data, m->got_addrs[i].len);
  weft_identify_has_protocol(m, "/ipfs/id/1.0.0");
}

/* What decodes can be sent again (without the lists, whose strings have no terminator) and read again. */
static void and_back(const weft_identify *m) {
  static uint8_t out[WEFT_IDENTIFY_MAX + 2];
  weft_identify again, same = {.public_key = m->public_key,
                               .public_key_len = m->public_key_len,
                               .listen_addrs = m->got_addrs,
                               .listen_addrs_len = m->got_addrs_len};
  size_t len;
  if (weft_identify_encode(&same, out, sizeof out, &len) != WEFT_OK) return;
  size_t prefix = len > 0x80 ? 2 : 1;
  REQUIRE(weft_identify_decode(&again, out + prefix, len - prefix) == WEFT_OK);
  REQUIRE(again.got_addrs_len == m->got_addrs_len && again.public_key_len == m->public_key_len);
}

static int read_in_cuts(weft_identify_reader *r, const uint8_t *data, size_t size, size_t cut) {
  int rc = WEFT_EAGAIN;
  weft_identify_reader_init(r);
  for (size_t at = 0; at < size && rc == WEFT_EAGAIN; at += cut)
    rc = weft_identify_reader_input(r, data + at, size - at < cut ? size - at : cut);
  return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weft_identify_reader whole, cut;
  static weft_identify m;
  if (size > 10000) return 0;
  if (weft_identify_decode(&m, data, size) == WEFT_OK) {
    check_views(&m, data, size);
    and_back(&m);
  }
  int rc = read_in_cuts(&whole, data, size, SIZE_MAX / 2);
  REQUIRE(rc == read_in_cuts(&cut, data, size, 7));
  if (rc != WEFT_OK) return 0;
  check_views(&whole.message, whole.buf, sizeof whole.buf);
  REQUIRE(whole.message.got_addrs_len == cut.message.got_addrs_len);
  REQUIRE(whole.message.agent_version_len == cut.message.agent_version_len);
  return 0;
}
