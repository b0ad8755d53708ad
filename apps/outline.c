#include "apps/outline.h"

#include <stdarg.h>
#include <string.h>

#include "apps/text.h"
#include "base/hash.h"

enum { SHOWN = 32 };

void outline_init(outline *o, FILE *out, bool json) {
  memset(o, 0, sizeof *o);
  o->out = out;
  o->json = json;
}

static void begin_inside(outline *o) {
  if (o->depth == 0) return;
  bool *has = &o->has_inside[o->depth - 1];
  if (o->json)
    fputs(*has ? "," : ",\"inside\":[", o->out);
  else if (!*has)
    fputc('\n', o->out);
  *has = true;
}

void outline_begin(outline *o, const char *name) {
  begin_inside(o);
  if (o->json)
    fprintf(o->out, "{\"node\":\"%s\"", name);
  else
    fprintf(o->out, "%*s%s", (int)(2 * o->depth), "", name);
  if (o->depth < OUTLINE_DEPTH) o->has_inside[o->depth] = false;
  o->depth++;
  o->nodes++;
}

void outline_end(outline *o) {
  bool inside = o->has_inside[--o->depth];
  if (o->json)
    fputs(inside ? "]}" : "}", o->out);
  else if (!inside)
    fputc('\n', o->out);
  if (o->json && o->depth == 0) fputc('\n', o->out);
}

static void begin_field(outline *o, const char *key) {
  if (o->json)
    fprintf(o->out, ",\"%s\":", key);
  else
    fprintf(o->out, "  %s ", key);
}

void outline_text(outline *o, const char *key, const char *text, size_t len) {
  begin_field(o, key);
  app_print_json_string(o->out, text, len);
}

void outline_word(outline *o, const char *key, const char *text) {
  begin_field(o, key);
  fprintf(o->out, o->json ? "\"%s\"" : "%s", text);
}

void outline_number(outline *o, const char *key, uint64_t v) {
  begin_field(o, key);
  fprintf(o->out, "%llu", (unsigned long long)v);
}

void outline_code(outline *o, const char *key, uint64_t v, unsigned digits) {
  char text[24];
  snprintf(text, sizeof text, "0x%0*llx", (int)digits, (unsigned long long)v);
  outline_word(o, key, text);
}

void outline_flag(outline *o, const char *key) {
  if (o->json)
    fprintf(o->out, ",\"%s\":true", key);
  else
    fprintf(o->out, "  %s", key);
}

void outline_bytes(outline *o, const char *key, const uint8_t *data, size_t len) {
  char hex[2 * SHOWN + 1];
  begin_field(o, key);
  if (o->json) fputc('"', o->out);
  for (size_t at = 0; at < len && (o->json || at < SHOWN); at += SHOWN) {
    weft_hex_encode(hex, data + at, len - at < SHOWN ? len - at : SHOWN);
    fputs(hex, o->out);
  }
  if (o->json)
    fputc('"', o->out);
  else if (len > SHOWN)
    fprintf(o->out, "... (%zu bytes)", len);
}

static void tell(outline *o, const char *name, const char *format, va_list args) {
  char text[256];
  vsnprintf(text, sizeof text, format, args);
  if (o->json) {
    begin_field(o, name);
    app_print_json_string(o->out, text, strlen(text));
  } else {
    fprintf(o->out, ": %s", text);
  }
}

void outline_broken(outline *o, const uint8_t *data, size_t len, size_t at, const char *format, ...) {
  va_list args;
  outline_begin(o, o->json ? "broken" : "!!");
  outline_number(o, o->json ? "at" : "byte", at);
  if (data && at < len) outline_code(o, "value", data[at], 2);
  va_start(args, format);
  tell(o, "reason", format, args);
  va_end(args);
  outline_end(o);
  o->broken++;
}

void outline_note(outline *o, const char *format, ...) {
  va_list args;
  outline_begin(o, "note");
  va_start(args, format);
  tell(o, "text", format, args);
  va_end(args);
  outline_end(o);
}
