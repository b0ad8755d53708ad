#include "dtls/aead.h"

#include <stdlib.h>

#include "dtls/mbed.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

#define LONGEST 16384

/* Computed with Python's cryptography (OpenSSL): byte i of key, nonce, aad and text is a multiple of i plus the length;
 * the tag, and the SHA-256 of ciphertext and tag. */
static const struct {
  int suite;
  size_t len;
  const char *tag, *hash;
} cases[] = {
    {0xc02b, 0, "68cc956bffd5f62710cb5694c2bc05e1", "20568116496fbe6ebe2d2635a6ea66a43680bd96420e2ca25bb383ba92979949"},
    {0xc02b, 1, "910122b5f68ca7f5c8d707a09cfc95d4", "348d46e0c838c5b8fa7566f789816f64e973dc3dc5536b7d91cba2692e355db6"},
    {0xc02b, 15, "d699036f62f1d14d5a2a212cf2f224a4",
     "33b050c38919acfc993903398615a5a1cce7ee8ea846b9fd28ae547ed7cdcf10"},
    {0xc02b, 16, "f59cbad09b6435cf2227c42815cf489b",
     "53efe4e04b5254ce996fab0443f677dfa030370291c3b681d8989de2899b2eec"},
    {0xc02b, 17, "07077ebd382a1666ed8315cce0744f6d",
     "5ce62c3b2e62b2fcc0235d4f3aa5b09a5d1b14ded06ae4ad924161b769653645"},
    {0xc02b, 64, "28b17adb3fa6089dd98effb2ccdc7c36",
     "e7e4f097d5e4a7cc2747fe3269aae7234cf9fa0c8d0c36840b0a2d7f5370f6c0"},
    {0xc02b, 113, "ee56b9b4cc5394891c1e618008898288",
     "c56f0e4f540a4bd65921f19c8a8a5b7f77fda770c73bfa084dabeaab740bf932"},
    {0xc02b, 128, "40984af36c6c6658f5930d45d3893954",
     "dd705fbc07d69738c3d6de0b43cf39f79e5ba8480f869fbdb55f32d027d2e1a1"},
    {0xc02b, 129, "8d97095de1a77b11dd1cb1875d73b5d7",
     "ad515c05b6b11abf72b282e31cdcfa7352af7968bf4b648136d8477a574bfe8f"},
    {0xc02b, 255, "0e52b9def4c60156eb68fb457e730bbc",
     "97fea5160f5f14dfb4a4fefb83431e49a016d9f2c984a2df3f0dfde982f69771"},
    {0xc02b, 1163, "bc95c738379156a74389efcfab97fa25",
     "6c3b38bd76dd51308b6f47591fd0d378e9d562f87c118776f7553645961f0e96"},
    {0xc02b, 16384, "1dd489a77e2d5ddc2ae76aee6487f0d3",
     "ae162d793d9fbfca016cc05b2aa810dd0482cf2b87c2fe9d9c50513625e8df6e"},
    {0xc02c, 0, "1f4df3a25ace68c62718456e55377fc2", "db43b6a8970bddbff066c4da9275668fb4ad67719f322d99cec4900f1a696149"},
    {0xc02c, 1, "346a9103167e17ab2242c72d91b97fa2", "5eed5d177f77373afea9ee43b215f8480a7c41d0dd79142f05c089887cb665c5"},
    {0xc02c, 15, "0c3e496ce688e7fc6bc19ea620f48394",
     "cd28ce6f50e317b5f41a776c55caaf884f74edd36f2be0bce1107edb7b38b633"},
    {0xc02c, 16, "631f509c8f8012d254daa847b26fb0cc",
     "fa6f5b2adef451a7e0a6d93d18749a64fcc3bbc08cd2fce6446ace3c67c723e6"},
    {0xc02c, 17, "967ecfaf2868f94623b28c8b93410c75",
     "f241e13d55d015ff8222352956afc1962cf56eacc0434d802319f60095f08832"},
    {0xc02c, 64, "18531b4ebbd94aa9a7a59ab041138f54",
     "94b8e66b83fc0d863b4ef527c47b6703610dd0527cf505d1a79087a2ba115c71"},
    {0xc02c, 113, "60b0fc74672c7f70b83a280d553cfb73",
     "b50d11e5aae4e0111da578991dca8494b1e408ae0558e2d3a544632a94b4af69"},
    {0xc02c, 128, "67ae44832dbff023dfee88918a2b59f2",
     "1b803a5f83e98abea046b1ed793f2ff717e3fa12f6e5d3db6efa04d118886df5"},
    {0xc02c, 129, "6b1cf83c53ef1db6ce420d669e2d3b57",
     "656f9de518b92d218007169bde3e98b6ac5a34ee2555f6e84b7819dbd611a238"},
    {0xc02c, 255, "5d0d9a5cf2dadc4e06078316cd7aef9c",
     "5c4ee12dd0b50ee42b4468b0fe092b0f3d054242550f02a8ba337d7a458d9ff8"},
    {0xc02c, 1163, "646be9b032ae37b25edc68a1489e36d4",
     "814f813d04616fa77d0723817a458ac3ea14ed356551e27a225325f0e3097d3c"},
    {0xc02c, 16384, "093a6febe9e1d064ee4b93af35f4e282",
     "9c1060f148fdb1e3ac47068bfea1c349c578acb52c164da00251312c14d0df33"},
    {0xcca9, 0, "41d316a8151a253d806d6cf9f87be6fe", "b275543eb47501e851b5de25afd057c1da7e89e27e4ebe62519c28173d89cae0"},
    {0xcca9, 1, "54ce7b1ef7451105799682d8684bd331", "de0dc9a1d6e1399f345792ecf636578907b8249e1287d6d451bb73b6d2abd9b5"},
    {0xcca9, 15, "246b494be411e9cd7080dd16c3e3c619",
     "1f871d85c5dfef0f006f1554f9e03c55b244f36b3b396f767f21ef7f182682ec"},
    {0xcca9, 16, "be5064557fc3867d8f88074ed158e4a6",
     "92a0d3d3c8939f2bdb27c0de89dce9406e017521052660cdb9626925b6ddaf94"},
    {0xcca9, 17, "bbb8f8f7662c8313d55eebe342a8e7aa",
     "1f80b956124ece2245283d94fd5f51d01b2ffbb41340be330d8fec6ff1a3ef03"},
    {0xcca9, 64, "9cc2026513ddbca3b1cb84f09ca4997b",
     "1e39fd4105b40ffdd4d1804a84b53c62d0ae1c5879a3ad259c273cba17678a0f"},
    {0xcca9, 113, "976ed2c35319d986163f9ed713a7f634",
     "ab24fab962454c86754a7e4f50426273ec0647dfec9b31c5fbe35b236e014c49"},
    {0xcca9, 128, "fe6781e7787951daee1173d9378e712a",
     "3d38ca221496798713f33b36ba7656a3ad90c60f355b6f3f4cc5beac3ee90555"},
    {0xcca9, 129, "735e3adc0b79fee26d2210d88b071b39",
     "cbc661c9c3af50ec2273387054ed8b53dc75e22841ff0d086bc7a46dd7dbc62a"},
    {0xcca9, 255, "d96dbfc7614acc98d247ccdd6cea782b",
     "a4d1eb634d38ec23282d74cda746d1bef7f3763c34bf244524ce3becac11dcaf"},
    {0xcca9, 1163, "98059d4e4e7d37595fe3b87009e1532e",
     "eb6da571c9c14fda628d647e4de34ec5d9fdedf3eb9a86f0d9181d62bd7e2a11"},
    {0xcca9, 16384, "0b90fcde25a0ea09a6e47e027cfed726",
     "e3f73f18d22252fcf85a0e82d38d3c87e805fd501921215630ddc8f1dd576685"},
};

typedef struct sample {
  uint8_t key[32], nonce[12], aad[13], text[LONGEST], sealed[LONGEST + 16], back[LONGEST];
} sample;

static void fill(uint8_t *p, size_t n, size_t step, size_t start) {
  for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(step * i + start);
}

static void run(size_t i, bool portable, sample *s) {
  size_t len = cases[i].len;
  weft_dtls_aead a;
  uint8_t hash[32];
  fill(s->key, 32, 7, len + 1);
  fill(s->nonce, 12, 11, len);
  fill(s->aad, 13, 3, len + 5);
  fill(s->text, len, 5, len + 2);
  ck_assert_int_eq(weft_dtls_aead_start(&a, weft_dtls_suite_find(cases[i].suite), s->key, portable), WEFT_OK);
  ck_assert_int_eq(weft_dtls_aead_seal(&a, s->nonce, s->aad, s->text, len, s->sealed), WEFT_OK);
  ck_assert_hex(s->sealed + len, 16, cases[i].tag);
  weft_dtls_sha256(hash, s->sealed, len + 16);
  ck_assert_hex(hash, 32, cases[i].hash);
  ck_assert_int_eq(weft_dtls_aead_open(&a, s->nonce, s->aad, s->sealed, len, s->back), WEFT_OK);
  ck_assert_mem_eq(s->back, s->text, len);
  for (size_t bit = 0; bit < 8 * (len + 16); bit += len < 200 ? 1 : 1009) {
    s->sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    ck_assert_int_eq(weft_dtls_aead_open(&a, s->nonce, s->aad, s->sealed, len, s->back), WEFT_EAUTH);
    s->sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t bit = 0; bit < 8 * 13; bit++) {
    s->aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
    ck_assert_int_eq(weft_dtls_aead_open(&a, s->nonce, s->aad, s->sealed, len, s->back), WEFT_EAUTH);
    s->aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  s->nonce[11] ^= 1;
  ck_assert_int_eq(weft_dtls_aead_open(&a, s->nonce, s->aad, s->sealed, len, s->back), WEFT_EAUTH);
  weft_dtls_aead_stop(&a);
}

START_TEST(known_answers) {
  sample *s = malloc(sizeof *s);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    run(i, true, s);
    run(i, false, s);
  }
  free(s);
}
END_TEST

/* Whatever code the CPU gets, it agrees with mbedTLS's at every length and alignment. */
START_TEST(both_codes_agree) {
  sample *s = malloc(sizeof *s);
  uint8_t *other = malloc(LONGEST + 16);
  test_rng r;
  test_rng_init(&r, 11);
  weft_dtls_aead fast, slow;
  for (size_t len = 0; len < 700; len++) {
    const weft_dtls_suite *suite = weft_dtls_suite_find(len % 2 ? 0xc02b : 0xc02c);
    test_rng_bytes(&r, s->key, 32);
    test_rng_bytes(&r, s->nonce, 12);
    test_rng_bytes(&r, s->aad, 13);
    size_t shift = len % 16;
    test_rng_bytes(&r, s->text, len + shift);
    ck_assert_int_eq(weft_dtls_aead_start(&fast, suite, s->key, false), WEFT_OK);
    ck_assert_int_eq(weft_dtls_aead_start(&slow, suite, s->key, true), WEFT_OK);
    weft_dtls_aead_seal(&fast, s->nonce, s->aad, s->text + shift, len, s->sealed);
    weft_dtls_aead_seal(&slow, s->nonce, s->aad, s->text + shift, len, other);
    ck_assert_mem_eq(s->sealed, other, len + 16);
    ck_assert_int_eq(weft_dtls_aead_open(&fast, s->nonce, s->aad, other, len, s->back + shift), WEFT_OK);
    ck_assert_mem_eq(s->back + shift, s->text + shift, len);
    weft_dtls_aead_stop(&fast);
    weft_dtls_aead_stop(&slow);
  }
  free(other);
  free(s);
}
END_TEST

START_TEST(suites) {
  ck_assert_ptr_null(weft_dtls_suite_find(0xc02f));
  ck_assert_ptr_null(weft_dtls_suite_find(0xc009)); /* CBC */
  ck_assert_int_eq(weft_dtls_suite_ids[0], 0xc02b);
  for (size_t i = 0; i < 3; i++) ck_assert_ptr_nonnull(weft_dtls_suite_find(weft_dtls_suite_ids[i]));
  ck_assert_int_eq(weft_dtls_suite_ids[3], 0);
}
END_TEST

Suite *test_dtls_aead(void) {
  static const unit_test tests[] = {UNIT(known_answers), UNIT(both_codes_agree), UNIT(suites)};
  return unit_suite("dtls/aead", tests, sizeof tests / sizeof tests[0]);
}
