/* Bytes written down as hex, and files, in tests.
 *
 *   uint8_t buf[64];
 *   size_t n = hex_into(buf, sizeof buf, "0001 2112a442");      white space is skipped; aborts the test on anything else
 *   ck_assert_hex(buf, n, "00012112a442");
 */
#ifndef TEST_SUPPORT_HEX_H
#define TEST_SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>

size_t hex_into(uint8_t *dst, size_t cap, const char *text);
/* The same, allocated (at least one byte, so never NULL); free() it. */
uint8_t *hex_bytes(const char *text, size_t *len);
/* Lower-case hex of n bytes, allocated; free() it. */
char *hex_text(const uint8_t *data, size_t n);
/* A whole file, allocated, with a 0 behind it; NULL when it cannot be read. free() it. */
uint8_t *file_bytes(const char *path, size_t *len);

void hex_assert_equal(const char *file, int line, const uint8_t *data, size_t n, const char *want);
#define ck_assert_hex(data, n, want) hex_assert_equal(__FILE__, __LINE__, (data), (n), (want))

#endif
