/* weft decode: captures and bytes as an outline of their layers. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/args.h"
#include "apps/capture.h"
#include "apps/decode.h"
#include "apps/node.h"
#include "apps/weft.h"
#include "base/hash.h"

enum { INPUT_MAX = 1 << 30 };

/* ---- files ---- */

static uint8_t *read_all(FILE *f, size_t *len) {
  size_t cap = 1 << 16, n = 0;
  uint8_t *data = malloc(cap);
  while (data) {
    n += fread(data + n, 1, cap - n, f);
    if (n < cap) break;
    uint8_t *more = cap < INPUT_MAX ? realloc(data, cap * 2) : NULL;
    if (!more) free(data);
    data = more;
    cap *= 2;
  }
  *len = n;
  return data;
}

static uint8_t *read_file(const char *path, size_t *len) {
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  uint8_t *data = f ? read_all(f, len) : NULL;
  if (f && ferror(f)) {
    free(data);
    data = NULL;
  }
  if (!data) fprintf(stderr, "weft decode: %s: %s\n", path, errno ? strerror(errno) : "too large to hold in memory");
  if (f && f != stdin) fclose(f);
  return data;
}

/* ---- hex: a unit per line, white space and colons between digits ---- */

static bool is_hex_text(const uint8_t *data, size_t len) {
  bool digit = false;
  for (size_t i = 0; i < len; i++) {
    if (isxdigit(data[i]))
      digit = true;
    else if (!isspace(data[i]) && data[i] != ':')
      return false;
  }
  return digit;
}

static int hex_line(decode *d, decode_layer layer, const char *text, size_t len, unsigned number) {
  char *digits = malloc(len + 1);
  uint8_t *bytes = malloc(len / 2 + 1);
  size_t n = 0;
  int rc = digits && bytes ? WEFT_OK : WEFT_ENOMEM;
  for (size_t i = 0; i < len && rc == WEFT_OK; i++)
    if (isxdigit((unsigned char)text[i])) digits[n++] = text[i];
  if (rc == WEFT_OK && n % 2) {
    fprintf(stderr, "weft decode: line %u: %zu hex digits, an even number is needed\n", number, n);
    rc = WEFT_EMALFORMED;
  }
  if (rc == WEFT_OK && n > 0 && weft_hex_decode(bytes, n / 2, digits, n) == WEFT_OK)
    decode_unit(d, layer, bytes, n / 2);
  free(digits);
  free(bytes);
  return rc;
}

static int decode_hex(decode *d, decode_layer layer, const char *text, size_t len) {
  int rc = WEFT_OK;
  for (unsigned number = 1; len > 0 && rc == WEFT_OK; number++) {
    const char *end = memchr(text, '\n', len);
    size_t n = end ? (size_t)(end - text) : len;
    rc = hex_line(d, layer, text, n, number);
    text += end ? n + 1 : n;
    len -= end ? n + 1 : n;
  }
  return rc;
}

/* ---- captures ---- */

static void on_packet(void *user, const capture_packet *p) {
  decode_packet(user, p->link, p->unix_us, p->data, p->len);
}

static void on_keylog(void *user, const uint8_t *text, size_t len) { decode_keylog(user, (const char *)text, len); }

static void ignore_packet(void *user, const capture_packet *p) { (void)user, (void)p; }

/* Secrets may stand behind the packets that need them. */
static int decode_capture(decode *d, const uint8_t *data, size_t len) {
  char why[256];
  const capture_callbacks secrets = {ignore_packet, on_keylog}, packets = {on_packet, on_keylog};
  (void)capture_read(data, len, &secrets, d, why, sizeof why);
  int rc = capture_read(data, len, &packets, d, why, sizeof why);
  if (rc != WEFT_OK) fprintf(stderr, "weft decode: %s; decoded as far as that\n", why);
  return rc;
}

/* ---- the command ---- */

static int add_keylog(decode *d, const char *path) {
  size_t len;
  uint8_t *text = path ? read_file(path, &len) : NULL;
  if (!path) return APP_EXIT_OK;
  if (!text) return APP_EXIT_USAGE;
  if (decode_keylog(d, (const char *)text, len) == 0)
    fprintf(stderr, "weft decode: %s: no CLIENT_RANDOM line: nothing will be decrypted with it\n", path);
  free(text);
  return APP_EXIT_OK;
}

static int run(decode *d, const char *path, const char *keylog, decode_layer layer, const outline *o) {
  size_t len;
  int code = add_keylog(d, keylog), rc;
  if (code != APP_EXIT_OK) return code;
  uint8_t *data = read_file(path, &len);
  if (!data) return APP_EXIT_USAGE;
  if (capture_is(data, len)) {
    rc = decode_capture(d, data, len);
  } else if (is_hex_text(data, len)) {
    rc = decode_hex(d, layer, (const char *)data, len);
    if (rc == WEFT_EMALFORMED) code = APP_EXIT_USAGE;
  } else {
    fprintf(stderr, "weft decode: %s: neither pcap, pcapng nor hex\n", path);
    rc = WEFT_OK;
    code = APP_EXIT_USAGE;
  }
  free(data);
  if (code != APP_EXIT_OK) return code;
  return rc == WEFT_OK && o->broken == 0 ? APP_EXIT_OK : APP_EXIT_INTERNAL;
}

int weft_decode(int argc, char **argv) {
  static bool json;
  static const char *keylog, *layer_name = "datagram";
  static const app_option options[] = {
      {"json", 0, APP_ARG_FLAG, &json, 0, 0, NULL, "one JSON object per packet or line"},
      {"keylog", 0, APP_ARG_TEXT, &keylog, 0, 0, "FILE", "DTLS secrets (NSS key log), beside those inside a pcapng"},
      {"layer", 0, APP_ARG_TEXT, &layer_name, 0, 0, "NAME",
       "hex is of this layer: datagram (default), stun, dtls, sctp, dcep, frames, multistream, yamux"},
  };
  static const app_usage usage = {
      "weft decode",
      "[OPTIONS] FILE|-",
      "Shows the layers of a capture (pcap, pcapng) or of hex, a unit per line, and why a byte breaks a rule.\n"
      "Exit code: 0, 1 something broke a rule or the capture was cut off, 2 not readable.",
      options,
      sizeof options / sizeof options[0],
      1,
      "  weft decode session.pcapng\n"
      "  weft decode --keylog keylog.txt --json dump.pcap\n"
      "  echo 000100002112a442... | weft decode -\n"};
  const char *positional[1] = {NULL};
  decode_layer layer;
  outline o;
  int n = app_args_parse(&usage, argc, argv, positional);
  if (n < 0) return n == APP_ARGS_DONE ? APP_EXIT_OK : APP_EXIT_USAGE;
  if (n == 0 || !decode_layer_named(layer_name, &layer)) {
    fprintf(stderr, "weft decode: %s\nTry 'weft decode --help'.\n",
            n == 0 ? "a file is needed, or - for standard input" : "no such layer");
    return APP_EXIT_USAGE;
  }
  outline_init(&o, stdout, json);
  decode *d = decode_new(&o);
  if (!d) return APP_EXIT_INTERNAL;
  int code = run(d, positional[0], keylog, layer, &o);
  decode_free(d);
  return code;
}
