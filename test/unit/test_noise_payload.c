#include "base/pb.h"
#include "test/unit/noise_rig.h"

static const uint8_t noise_static[32] = {9, 9, 9};

static weft_identity identity(void) {
  weft_identity id;
  uint8_t seed[32] = {3};
  ck_assert(sodium_init() >= 0);
  ck_assert_int_eq(weft_identity_from_seed(&id, seed), WEFT_OK);
  return id;
}

/* Fields in the order given: "k" identity_key, "s" identity_sig, "e" empty extensions, "u" an unknown field. */
static size_t compose(const char *fields, uint8_t *out, size_t cap) {
  weft_identity id = identity();
  uint8_t text[24 + 32], sig[WEFT_SIGNATURE_MAX];
  size_t sig_len = 0;
  memcpy(text, "noise-libp2p-static-key:", 24);
  memcpy(text + 24, noise_static, 32);
  ck_assert_int_eq(weft_identity_sign(&id, text, sizeof text, sig, &sig_len), WEFT_OK);
  weft_wr w;
  weft_wr_init(&w, out, cap);
  for (; *fields; fields++) {
    if (*fields == 'k') weft_pb_put_bytes(&w, 1, id.key_protobuf, sizeof id.key_protobuf);
    if (*fields == 's') weft_pb_put_bytes(&w, 2, sig, sig_len);
    if (*fields == 'e') weft_pb_put_bytes(&w, 4, "", 0);
    if (*fields == 'u') weft_pb_put_bytes(&w, 3, "early data of old", 17);
    if (*fields == 'v') weft_pb_put_varint(&w, 2, 1);
    if (*fields == 'x') weft_pb_put_varint(&w, 4, 1);
  }
  ck_assert(weft_wr_ok(&w));
  return weft_wr_len(&w);
}

START_TEST(reads_fields_in_any_order) {
  static const char *const good[] = {"ks", "sk", "kse", "esk", "uksu"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++) {
    uint8_t buf[512];
    weft_noise_payload p;
    ck_assert_int_eq(weft_noise_payload_decode(&p, buf, compose(good[i], buf, sizeof buf)), WEFT_OK);
    ck_assert_int_eq(weft_noise_payload_verify(&p, noise_static), WEFT_OK);
    ck_assert_int_eq(p.extensions != NULL, strchr(good[i], 'e') != NULL);
  }
}
END_TEST

START_TEST(refuses_missing_and_doubled_fields) {
  static const char *const bad[] = {"", "k", "s", "kks", "kss", "ksee", "kv", "ksx", "u"};
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++) {
    uint8_t buf[512];
    weft_noise_payload p;
    ck_assert_int_eq(weft_noise_payload_decode(&p, buf, compose(bad[i], buf, sizeof buf)), WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(refuses_every_truncation) {
  uint8_t buf[512];
  weft_noise_payload p;
  size_t len = compose("ks", buf, sizeof buf);
  for (size_t n = 0; n < len; n++) ck_assert_int_eq(weft_noise_payload_decode(&p, buf, n), WEFT_EMALFORMED);
}
END_TEST

START_TEST(the_signature_binds_the_static_key) {
  uint8_t buf[512], other[32] = {9, 9, 8};
  weft_noise_payload p;
  ck_assert_int_eq(weft_noise_payload_decode(&p, buf, compose("ks", buf, sizeof buf)), WEFT_OK);
  ck_assert_int_eq(weft_noise_payload_verify(&p, other), WEFT_EAUTH);
  for (size_t i = 0; i < p.sig_len; i++) {
    uint8_t *sig = buf + (p.sig - buf);
    sig[i] ^= 1;
    ck_assert_int_eq(weft_noise_payload_verify(&p, noise_static), WEFT_EAUTH);
    sig[i] ^= 1;
  }
}
END_TEST

START_TEST(encodes_what_it_decodes) {
  static const char *const muxers[] = {"/yamux/1.0.0", "/mplex/6.7.0"};
  weft_identity id = identity();
  for (size_t n = 0; n < 3; n++) {
    uint8_t buf[512];
    size_t len = 0, size = weft_noise_payload_size(muxers, n);
    ck_assert_int_eq(weft_noise_payload_encode(&id, noise_static, muxers, n, buf, size, &len), WEFT_OK);
    ck_assert_uint_eq(len, size);
    ck_assert_int_eq(weft_noise_payload_encode(&id, noise_static, muxers, n, buf, size - 1, &len), WEFT_ETOOBIG);
    weft_noise_payload p;
    weft_noise_muxers m = {.n = 0};
    ck_assert_int_eq(weft_noise_payload_decode(&p, buf, size), WEFT_OK);
    ck_assert_int_eq(weft_noise_payload_verify(&p, noise_static), WEFT_OK);
    ck_assert_int_eq(p.extensions != NULL, n > 0);
    if (n > 0) ck_assert_int_eq(weft_noise_muxers_decode(&m, p.extensions, p.extensions_len), WEFT_OK);
    ck_assert_uint_eq(m.n, n);
    for (size_t i = 0; i < n; i++) ck_assert_str_eq(m.list[i], muxers[i]);
  }
}
END_TEST

/* Field numbers of libp2p noise: extensions 4 { stream_muxers 2 }; written out by hand. */
START_TEST(the_extension_is_where_the_specification_has_it) {
  static const char *const muxers[] = {"/yamux/1.0.0"};
  weft_identity id = identity();
  uint8_t buf[512];
  size_t len = 0;
  ck_assert_int_eq(weft_noise_payload_encode(&id, noise_static, muxers, 1, buf, sizeof buf, &len), WEFT_OK);
  ck_assert_hex(buf + len - 16, 16, "220e120c2f79616d75782f312e302e30");
  ck_assert_hex(buf, 6, "0a2408011220");
  ck_assert_hex(buf + 38, 2, "1240");
}
END_TEST

START_TEST(muxer_lists_are_bounded) {
  uint8_t buf[4096];
  char name[600];
  weft_wr w;
  weft_noise_muxers m;
  memset(name, 'm', sizeof name);
  weft_wr_init(&w, buf, sizeof buf);
  weft_pb_put_bytes(&w, 1, "a certhash", 10);
  weft_pb_put_bytes(&w, 2, "", 0);
  weft_pb_put_bytes(&w, 2, "with\0zero", 9);
  weft_pb_put_bytes(&w, 2, name, sizeof name);
  for (unsigned i = 0; i < 20; i++) weft_pb_put_bytes(&w, 2, name, i + 1);
  weft_pb_put_varint(&w, 2, 7);
  ck_assert_int_eq(weft_noise_muxers_decode(&m, buf, weft_wr_len(&w)), WEFT_OK);
  ck_assert_uint_eq(m.n, 8);
  for (size_t i = 0; i < 8; i++) ck_assert_uint_eq(strlen(m.list[i]), i + 1);
  ck_assert_int_eq(weft_noise_muxers_decode(&m, buf, weft_wr_len(&w) - 1), WEFT_EMALFORMED);
}
END_TEST

START_TEST(muxer_names_fill_the_room_exactly) {
  uint8_t buf[1024];
  char name[511];
  weft_wr w;
  weft_noise_muxers m;
  memset(name, 'm', sizeof name);
  weft_wr_init(&w, buf, sizeof buf);
  weft_pb_put_bytes(&w, 2, name, 511);
  weft_pb_put_bytes(&w, 2, "x", 1);
  ck_assert_int_eq(weft_noise_muxers_decode(&m, buf, weft_wr_len(&w)), WEFT_OK);
  ck_assert_uint_eq(m.n, 1);
  ck_assert_uint_eq(strlen(m.list[0]), 511);
}
END_TEST

Suite *test_noise_payload(void) {
  static const unit_test tests[] = {
      UNIT(reads_fields_in_any_order), UNIT(refuses_missing_and_doubled_fields),
      UNIT(refuses_every_truncation),  UNIT(the_signature_binds_the_static_key),
      UNIT(encodes_what_it_decodes),   UNIT(the_extension_is_where_the_specification_has_it),
      UNIT(muxer_lists_are_bounded),   UNIT(muxer_names_fill_the_room_exactly)};
  return unit_suite("noise/payload", tests, sizeof tests / sizeof tests[0]);
}
