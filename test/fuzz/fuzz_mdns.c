/* Answers to two questions: any bytes. The first two are the source port's distance from 5353. */
#include <stdlib.h>
#include <string.h>

#include "apps/mdns.h"
#include "test/support/rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) \
  do { \
    if (!(x)) abort(); \
  } while (0)

static void on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)data, (void)now;
  REQUIRE(len > 12 && len < 128);
}

static void on_found(void *user, const char *name, const weft_addr *ip, weft_time now) {
  unsigned *found = user;
  (void)now;
  REQUIRE(strcmp(name, "abc.local") == 0 || strcmp(name, "x-1.local") == 0);
  REQUIRE(ip->port == 0 && (ip->family == WEFT_AF_IP4 || ip->family == WEFT_AF_IP6));
  REQUIRE(++*found <= 2 * APP_MDNS_ADDRS);
}

static void on_ended(void *user, const char *name, unsigned addresses, weft_time now) {
  (void)user, (void)name, (void)now;
  REQUIRE(addresses <= APP_MDNS_ADDRS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t source[4] = {192, 0, 2, 1};
  app_mdns m;
  test_rng random;
  unsigned found = 0;
  weft_rng rng = test_rng_init(&random, 1);
  if (size < 1) return 0;
  weft_addr from = weft_addr_ip4(source, (uint16_t)(APP_MDNS_PORT + (data[0] == 255)));
  app_mdns_init(&m, &rng, &(app_mdns_callbacks){on_output, on_found, on_ended}, &found);
  REQUIRE(app_mdns_ask(&m, "abc.local", 0) == WEFT_OK && app_mdns_ask(&m, "x-1.local", 0) == WEFT_OK);
  app_mdns_input(&m, &from, data + 1, size - 1, 1);
  REQUIRE(found == 0 || from.port == APP_MDNS_PORT);
  app_mdns_tick(&m, WEFT_SEC(2));
  app_mdns_tick(&m, WEFT_SEC(4));
  app_mdns_tick(&m, WEFT_SEC(6));
  app_mdns_tick(&m, WEFT_SEC(8));
  REQUIRE(app_mdns_deadline(&m) == WEFT_NEVER);
  return 0;
}
