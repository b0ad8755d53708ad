/* apps: what `weft decode` prints - nodes with fields, nodes inside nodes, as indented text or as one JSON object per outermost node.
 *
 *   outline o;
 *   outline_init(&o, stdout, json);
 *   outline_begin(&o, "sctp");
 *   outline_number(&o, "tag", 7);                           fields come before the first node inside
 *   outline_begin(&o, "DATA"); outline_end(&o);
 *   outline_broken(&o, data, len, 12, "the chunk's length is %u, %zu bytes are left (RFC 9260 section 3.2)", n, left);
 *   outline_end(&o);
 */
#ifndef APPS_OUTLINE_H
#define APPS_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { OUTLINE_DEPTH = 16 };

typedef struct outline {
  FILE *out;
  bool json;
  unsigned depth;
  bool has_inside[OUTLINE_DEPTH];
  unsigned long nodes, broken; /* counted */
} outline;

void outline_init(outline *o, FILE *out, bool json);
void outline_begin(outline *o, const char *name);
void outline_end(outline *o);
void outline_text(outline *o, const char *key, const char *text, size_t len);
void outline_word(outline *o, const char *key, const char *text); /* terminated */
void outline_number(outline *o, const char *key, uint64_t v);
void outline_code(outline *o, const char *key, uint64_t v, unsigned digits); /* hex, as a word: "0x0008" */
void outline_flag(outline *o, const char *key);
/* Text mode shows the first 32 bytes, JSON all. */
void outline_bytes(outline *o, const char *key, const uint8_t *data, size_t len);
/* A rule is broken at byte `at` of the unit `data`: a node of its own. data NULL: there is no such byte. */
void outline_broken(outline *o, const uint8_t *data, size_t len, size_t at, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Something the reader should know that is no fault. */
void outline_note(outline *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
