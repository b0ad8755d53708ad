/* Against mbedTLS's own records: a peer that is mbedTLS alone, in both roles, with every suite. */
#include "dtls/engine.h"

#include <mbedtls/ecp.h>

#include "test/support/unit.h"
#include "test/unit/dtls_pair.h"
#include "test/unit/mbed_peer.h"

typedef struct mixed {
  dtls_pair p;
  dtls_end *ours;
  mbed_peer theirs;
} mixed;

static void mixed_init(mixed *m, weft_dtls_role ours, bool peer_cert) {
  pair_init(&m->p, 21);
  m->ours = ours == WEFT_DTLS_CLIENT ? &m->p.client : &m->p.server;
  dtls_end *other = ours == WEFT_DTLS_CLIENT ? &m->p.server : &m->p.client;
  mbed_peer_init(&m->theirs, ours == WEFT_DTLS_CLIENT ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                 peer_cert ? other->cert : NULL, m->p.client.cfg.rng);
}

static void mixed_start(mixed *m) {
  weft_dtls_callbacks cb = {sizeof cb, pair_output, pair_event};
  ck_assert_int_eq(weft_dtls_new(&m->ours->d, &m->ours->cfg, &cb, m->ours), WEFT_OK);
  ck_assert_int_eq(weft_dtls_start(m->ours->d, m->p.now), WEFT_OK);
  if (m->ours == &m->p.server) mbed_peer_input(&m->theirs, NULL, 0);
}

static void mixed_run(mixed *m) {
  for (int i = 0; i < 20; i++) {
    while (m->p.head < m->p.tail) {
      wire_item w = m->p.wire[m->p.head++];
      mbed_peer_input(&m->theirs, w.data, w.len);
    }
    m->p.head = m->p.tail = 0;
    size_t n = m->theirs.out_n;
    static uint8_t out[MBED_OUT][2048];
    memcpy(out, m->theirs.out, sizeof out);
    mbed_peer_clear(&m->theirs);
    for (size_t k = 0; k < n; k++)
      ck_assert_int_eq(weft_dtls_input(m->ours->d, out[k], m->theirs.out_len[k], m->p.now), WEFT_OK);
  }
}

static void mixed_done(mixed *m) {
  mbed_peer_done(&m->theirs);
  pair_done(&m->p);
}

static void talk(mixed *m) {
  static const char text[] = "from mbedTLS", answer[] = "from us";
  ck_assert_int_eq(mbedtls_ssl_write(&m->theirs.ssl, (const uint8_t *)text, sizeof text), sizeof text);
  ck_assert_int_eq(weft_dtls_send(m->ours->d, (const uint8_t *)answer, sizeof answer, m->p.now), WEFT_OK);
  mixed_run(m);
  ck_assert_uint_eq(m->ours->got_len, sizeof text);
  ck_assert_mem_eq(m->ours->got, text, sizeof text);
  ck_assert_uint_eq(m->theirs.got_len, sizeof answer);
  ck_assert_mem_eq(m->theirs.got, answer, sizeof answer);
}

START_TEST(every_suite_both_roles) {
  for (size_t i = 0; i < 6; i++) {
    mixed m;
    mixed_init(&m, i % 2 ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT, true);
    int suites[2] = {weft_dtls_suite_ids[i / 2], 0};
    mbedtls_ssl_conf_ciphersuites(&m.theirs.conf, suites);
    mixed_start(&m);
    mixed_run(&m);
    ck_assert_int_eq(m.theirs.over, 1);
    ck_assert_uint_eq(m.ours->connected, 1);
    ck_assert_str_eq(m.ours->cipher, weft_dtls_suite_find(suites[0])->name);
    ck_assert_uint_eq(weft_dtls_max_data(m.ours->d), 1200 - (i / 2 == 2 ? 29 : 37));
    for (int k = 0; k < 3; k++) {
      m.ours->got_len = m.theirs.got_len = 0;
      talk(&m);
    }
    ck_assert_int_eq(mbedtls_ssl_close_notify(&m.theirs.ssl), 0);
    mixed_run(&m);
    ck_assert_uint_eq(m.ours->closed, 1);
    ck_assert_int_eq(m.ours->why.code, WEFT_OK);
    mixed_done(&m);
  }
}
END_TEST

START_TEST(ours_closes) {
  mixed m;
  mixed_init(&m, WEFT_DTLS_CLIENT, true);
  mixed_start(&m);
  mixed_run(&m);
  weft_dtls_close(m.ours->d, WEFT_OK, m.p.now);
  mixed_run(&m);
  ck_assert_int_eq(m.theirs.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  mixed_done(&m);
}
END_TEST

START_TEST(client_without_certificate) {
  mixed m;
  mixed_init(&m, WEFT_DTLS_SERVER, false);
  mixed_start(&m);
  mixed_run(&m);
  ck_assert_uint_eq(m.ours->connected, 0);
  ck_assert_uint_eq(m.ours->closed, 1);
  ck_assert_str_eq(m.ours->why.step, "certificate");
  ck_assert_int_eq(m.ours->why.code, WEFT_EAUTH);
  ck_assert_str_eq(m.ours->why_text, "the peer presented no certificate");
  ck_assert_int_eq(m.theirs.error, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
  mixed_done(&m);
}
END_TEST

/* The list of authorities in CertificateRequest is empty (RFC 5246 section 7.4.4): some clients answer a name they do
 * not know with no certificate. */
START_TEST(certificate_request_names_nobody) {
  mixed m;
  mixed_init(&m, WEFT_DTLS_SERVER, true);
  mixed_start(&m);
  const uint8_t *hello = m.theirs.out[0];
  ck_assert_int_eq(weft_dtls_input(m.ours->d, hello, m.theirs.out_len[0], m.p.now), WEFT_OK);
  const uint8_t *d = m.p.wire[0].data;
  size_t n = m.p.wire[0].len, at = 0;
  while (at < n && d[at + 13] != 13) at += 13 + (size_t)(d[at + 11] << 8 | d[at + 12]);
  ck_assert_uint_lt(at, n);
  d += at + 25;
  size_t body = (size_t)(d[-3] << 16 | d[-2] << 8 | d[-1]);
  size_t types = d[0], algs = (size_t)(d[1 + types] << 8 | d[2 + types]), names = 1 + types + 2 + algs;
  ck_assert_uint_eq(names + 2, body);
  ck_assert_uint_eq(d[names] | d[names + 1], 0);
  mixed_done(&m);
}
END_TEST

/* RFC 5764 section 4.1.1: a server that does not know the extension leaves it out; nothing here is sent as SRTP. */
START_TEST(server_without_srtp) {
  mixed m;
  mixed_init(&m, WEFT_DTLS_CLIENT, true);
  m.theirs.srtp[0] = MBEDTLS_TLS_SRTP_UNSET;
  mbedtls_ssl_conf_dtls_srtp_protection_profiles(&m.theirs.conf, m.theirs.srtp);
  mixed_start(&m);
  mixed_run(&m);
  ck_assert_uint_eq(m.ours->connected, 1);
  talk(&m);
  mixed_done(&m);
}
END_TEST

START_TEST(srtp_is_agreed_on) {
  for (int role = 0; role < 2; role++) {
    mixed m;
    mixed_init(&m, role ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT, true);
    mixed_start(&m);
    mixed_run(&m);
    mbedtls_dtls_srtp_info info;
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&m.theirs.ssl, &info);
    ck_assert_int_eq(info.MBEDTLS_PRIVATE(chosen_dtls_srtp_profile), MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80);
    ck_assert_int_eq(info.MBEDTLS_PRIVATE(mki_len), 0);
    mixed_done(&m);
  }
}
END_TEST

/* ---- certificates that others wrote ---- */

typedef struct foreign {
  mbedtls_pk_context leaf_key, ca_key;
  mbedtls_x509_crt chain; /* leaf, then what signed it */
  uint8_t leaf_hash[32], ca_hash[32];
} foreign;

static void make_key(mbedtls_pk_context *pk, weft_rng *rng) {
  mbedtls_pk_init(pk);
  ck_assert_int_eq(mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
  ck_assert_int_eq(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*pk), weft_dtls_mbed_rng, rng), 0);
}

static void add_crt(foreign *f, mbedtls_pk_context *key, const char *name, uint8_t hash[32], weft_rng *rng) {
  mbedtls_x509write_cert w;
  mbedtls_mpi serial;
  uint8_t der[1024];
  mbedtls_x509write_crt_init(&w);
  mbedtls_mpi_init(&serial);
  mbedtls_mpi_lset(&serial, 77);
  mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&w, key);
  mbedtls_x509write_crt_set_issuer_key(&w, &f->ca_key);
  ck_assert_int_eq(mbedtls_x509write_crt_set_subject_name(&w, name), 0);
  ck_assert_int_eq(mbedtls_x509write_crt_set_issuer_name(&w, "CN=somebody"), 0);
  ck_assert_int_eq(mbedtls_x509write_crt_set_serial(&w, &serial), 0);
  ck_assert_int_eq(mbedtls_x509write_crt_set_validity(&w, "19990101000000", "20000101000000"), 0);
  int n = mbedtls_x509write_crt_der(&w, der, sizeof der, weft_dtls_mbed_rng, rng);
  ck_assert_int_gt(n, 0);
  const uint8_t *start = der + sizeof der - n;
  ck_assert_int_eq(mbedtls_x509_crt_parse_der(&f->chain, start, (size_t)n), 0);
  weft_dtls_sha256(hash, start, (size_t)n);
  mbedtls_x509write_crt_free(&w);
  mbedtls_mpi_free(&serial);
}

static void foreign_init(foreign *f, weft_rng *rng) {
  make_key(&f->leaf_key, rng);
  make_key(&f->ca_key, rng);
  mbedtls_x509_crt_init(&f->chain);
  add_crt(f, &f->leaf_key, "CN=leaf", f->leaf_hash, rng);
  add_crt(f, &f->ca_key, "CN=somebody", f->ca_hash, rng);
}

static void foreign_done(foreign *f) {
  mbedtls_x509_crt_free(&f->chain);
  mbedtls_pk_free(&f->leaf_key);
  mbedtls_pk_free(&f->ca_key);
}

/* A chain of two, both expired since 2000: only the hash of the first counts (RFC 8122 section 6.2), in both roles; the
 * hash of the one that signed it is as wrong as any other. */
START_TEST(expired_chain) {
  for (int i = 0; i < 6; i++) {
    mixed m;
    foreign f;
    mixed_init(&m, i % 2 ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT, false);
    foreign_init(&f, &m.theirs.rng);
    mbedtls_ssl_conf_ca_chain(&m.theirs.conf, &f.chain, NULL);
    ck_assert_int_eq(mbedtls_ssl_conf_own_cert(&m.theirs.conf, &f.chain, &f.leaf_key), 0);
    m.ours->cfg.pin = i / 2 == 0 ? NULL : i / 2 == 1 ? f.leaf_hash : f.ca_hash;
    mixed_start(&m);
    mixed_run(&m);
    ck_assert_uint_eq(m.ours->connected, i / 2 < 2);
    if (i / 2 < 2) {
      ck_assert_mem_eq(m.ours->fingerprint, f.leaf_hash, 32);
      talk(&m);
    } else {
      ck_assert_str_eq(m.ours->why_text, "certificate does not match certhash");
    }
    mixed_done(&m);
    foreign_done(&f);
  }
}
END_TEST

START_TEST(cbc_is_refused) {
  static const int cbc[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, 0};
  for (int role = 0; role < 2; role++) {
    mixed m;
    mixed_init(&m, role ? WEFT_DTLS_SERVER : WEFT_DTLS_CLIENT, true);
    mbedtls_ssl_conf_ciphersuites(&m.theirs.conf, cbc);
    mixed_start(&m);
    mixed_run(&m);
    ck_assert_uint_eq(m.ours->connected, 0);
    ck_assert_uint_eq(m.ours->closed, 1);
    ck_assert_int_lt(m.ours->why.code, 0);
    mixed_done(&m);
  }
}
END_TEST

START_TEST(renegotiation_is_not_answered) {
  mixed m;
  mixed_init(&m, WEFT_DTLS_SERVER, true);
  mbedtls_ssl_conf_renegotiation(&m.theirs.conf, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
  mixed_start(&m);
  mixed_run(&m);
  ck_assert_uint_eq(m.ours->connected, 1);
  unsigned sent = m.ours->sent;
  (void)mbedtls_ssl_renegotiate(&m.theirs.ssl);
  mixed_run(&m);
  ck_assert_uint_eq(m.ours->sent, sent);
  ck_assert_uint_eq(m.ours->closed, 0);
  mixed_done(&m);
}
END_TEST

Suite *test_dtls_engine(void) {
  static const unit_test tests[] = {UNIT(every_suite_both_roles),
                                    UNIT(ours_closes),
                                    UNIT(client_without_certificate),
                                    UNIT(certificate_request_names_nobody),
                                    UNIT(server_without_srtp),
                                    UNIT(srtp_is_agreed_on),
                                    UNIT(expired_chain),
                                    UNIT(cbc_is_refused),
                                    UNIT(renegotiation_is_not_answered)};
  return unit_suite("dtls/engine", tests, sizeof tests / sizeof tests[0]);
}
