/* apps: UTF-8 as the chat needs it - validity, a cut inside a character, and safe printing of what a peer sent. */
#ifndef APPS_TEXT_H
#define APPS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* RFC 3629: no surrogates, no overlong forms, at most U+10FFFF. */
bool app_utf8_valid(const uint8_t *s, size_t n);
/* How many bytes at the end are the beginning of a character whose rest is missing: 0..3. */
size_t app_utf8_tail(const uint8_t *s, size_t n);
/* Prints with control characters, DEL, C1 and invalid bytes as \xNN, so that a peer cannot steer the terminal. */
void app_print_escaped(FILE *out, const uint8_t *s, size_t n);
/* Prints a JSON string with quotes; invalid UTF-8 bytes become U+FFFD; '/' is not escaped. */
void app_print_json_string(FILE *out, const char *s, size_t n);

#endif
