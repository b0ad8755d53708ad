/* weft base: the words every layer shares - result codes, time, randomness, memory, how a layer closes, traces.
 *
 *   static int my_fill(void *ctx, uint8_t *dst, size_t n) { (void)ctx; return getrandom(dst, n, 0) == (ssize_t)n ? 0 : -1; }
 *
 *   weft_sctp_config cfg;                       every layer is used the same way:
 *   weft_sctp_config_default(&cfg);               1. fill the defaults
 *   cfg.rng = (weft_rng){my_fill, NULL};          2. hand in randomness (and memory, if not libc's)
 *   weft_sctp *s;
 *   int rc = weft_sctp_new(&s, &cfg, &callbacks, me);
 *   if (rc != WEFT_OK) fprintf(stderr, "%s\n", weft_strerror(rc));
 *   weft_sctp_input(s, packet, len, now);         3. give it what arrived, with the time
 *   poll_until(weft_sctp_deadline(s));            4. sleep at most until its deadline
 *   weft_sctp_tick(s, now);                       5. let it run what is due
 *   weft_sctp_close(s, WEFT_OK, now);             6. exactly one CLOSED event follows
 *   weft_sctp_free(s);
 *
 * No layer opens a socket, reads a clock, starts a thread, draws entropy, prints, or has a mutable global.
 * An object belongs to one thread at a time. Different objects may live in different threads without locks.
 */
#ifndef WEFT_BASE_BASE_H
#define WEFT_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION_NUM ((WEFT_VERSION_MAJOR << 16) | (WEFT_VERSION_MINOR << 8) | WEFT_VERSION_PATCH)

/* The version of the archive that was linked, as WEFT_VERSION_NUM. Callable from anywhere. */
unsigned weft_version(void);

/* ---- time ------------------------------------------------------------------------------------------------------ */

/* Microseconds from any origin; monotonic. A layer ignores `now` going backwards. */
typedef uint64_t weft_time;
#define WEFT_NEVER UINT64_MAX                  /* "no deadline" */
#define WEFT_MS(ms) ((weft_time)1000 * (ms))   /* milliseconds as weft_time */
#define WEFT_SEC(s) ((weft_time)1000000 * (s)) /* seconds as weft_time */

/* ---- result codes ---------------------------------------------------------------------------------------------- */

/* Every function that can fail returns 0 or one of these. Values never change; new ones go at the end. */
enum {
  WEFT_OK = 0,
  WEFT_EAGAIN = -1,       /* not now: nothing was taken; a WRITABLE event or the next tick is the time to try again */
  WEFT_EMALFORMED = -2,   /* bytes break the format */
  WEFT_ESTATE = -3,       /* the call does not fit the object's state */
  WEFT_ETOOBIG = -4,      /* larger than a stated limit, or than the buffer given */
  WEFT_ENOMEM = -5,       /* the allocator said no */
  WEFT_EAUTH = -6,        /* signature, MAC, certificate or identity is not what it must be */
  WEFT_ECLOSED = -7,      /* the object, stream or channel is closed */
  WEFT_EUNSUPPORTED = -8, /* well formed, but a version, protocol or option that this side does not speak */
  WEFT_EINVAL = -9,       /* an argument is out of range */
  WEFT_ETIMEDOUT = -10,   /* the other side did not answer in time */
  WEFT_EPROTO = -11,      /* the peer broke the protocol */
  WEFT_ELIMIT = -12,      /* a configured limit (streams, channels, reservations, bytes) is reached */
  WEFT_ENOTFOUND = -13,   /* no such stream, channel, attribute or component */
  WEFT_EREFUSED = -14,    /* the peer said no */
  WEFT_ERANDOM = -15,     /* the rng callback failed */
  WEFT_ERESET = -16,      /* the peer reset the stream or aborted the connection */
  WEFT_EINTERNAL = -17    /* a library underneath failed in a way that should not happen */
};

/* A short English text for a code above ("would block", ...); "unknown error" for any other value. Static storage. */
const char *weft_strerror(int code);
/* The code's name ("WEFT_EAGAIN"); "WEFT_E?" for any other value. Static storage. */
const char *weft_errname(int code);

/* ---- what is handed in ------------------------------------------------------------------------------------------ */

/* Randomness. `fill` writes n bytes and returns 0, or non-zero when it cannot (the caller then fails with WEFT_ERANDOM).
 * The same byte sequence gives the same wire bytes. Called from inside any entry function. */
typedef struct weft_rng {
  int (*fill)(void *ctx, uint8_t *dst, size_t n);
  void *ctx;
} weft_rng;

/* Memory. p == NULL allocates new_n bytes; new_n == 0 frees p; otherwise resizes from old_n to new_n. Returns NULL on
 * failure, and p is then still valid. Where a config takes `const weft_alloc *`, NULL means libc's realloc and free.
 * The struct is copied, its ctx is kept. Called from inside any entry function. */
typedef struct weft_alloc {
  void *(*realloc)(void *ctx, void *p, size_t old_n, size_t new_n);
  void *ctx;
} weft_alloc;

/* ---- how an object ends ----------------------------------------------------------------------------------------- */

typedef enum weft_who {
  WEFT_WHO_SELF = 1,   /* close() was called here */
  WEFT_WHO_PEER = 2,   /* the peer closed, or broke a rule */
  WEFT_WHO_TIMEOUT = 3 /* nobody answered in time */
} weft_who;

/* The payload of every CLOSED event and of every refusal. `layer` and `step` are static words ("dtls", "certificate");
 * `text` says what happened and what to do, and is valid during the callback only. `wire_code` is the alert, cause or
 * status number on the wire, 0 if there was none. */
typedef struct weft_closed {
  weft_who who;
  const char *layer;
  const char *step;
  int code; /* WEFT_OK for a clean end, else WEFT_E... */
  uint32_t wire_code;
  const char *text;
} weft_closed;

/* ---- traces ------------------------------------------------------------------------------------------------------ */

typedef enum weft_trace_kind {
  WEFT_TRACE_IN = 1,    /* a unit (packet, record, frame) as this layer received it, before it is processed */
  WEFT_TRACE_OUT = 2,   /* a unit as this layer handed it to output, which took it */
  WEFT_TRACE_STATE = 3, /* text: "ESTABLISHED" */
  WEFT_TRACE_DROP = 4   /* a unit that was dropped; text: the counter's name */
} weft_trace_kind;

struct weft_addr;

/* What a layer calls its units, where more than one layer traces through one hook:
 *   "webrtc"       datagrams, with their addresses; STATE: NEW ICE DTLS SCTP NOISE READY ENDED
 *   "ice" "stun"   STUN messages          "dtls"   records' contents, and hellos at the gate
 *   "sctp"         packets                "datachannel"   messages, with stream and ppid
 *   "stream"       libp2p frames' payloads, with stream; text: the flag ("FIN"), NULL: none
 *   "upgrade"      octets of the stream beneath; text "FIN": its end came in; STATE: SECURITY NOISE MUXER READY CLOSING ENDED
 *   "noise"        messages: as they travel while the handshake lasts (text "handshake"), in clear afterwards
 *   "yamux"        frames; IN: the header, then the data behind it (text "data") piece by piece */
typedef struct weft_trace {
  weft_trace_kind kind;
  const char *layer;   /* "sctp" */
  const char *text;    /* static, or NULL */
  const uint8_t *data; /* valid during the call */
  size_t len;
  weft_time now;
  /* The weft_webrtc or weft_upgrade it belongs to, in all layers beneath and above; NULL: none yet, or used alone. */
  const void *conn;
  const struct weft_addr *local, *remote; /* datagrams, else NULL; valid during the call */
  uint32_t stream, ppid;                  /* datachannel, stream, else 0 */
} weft_trace;

/* Optional hook of every config: for debugging, recordings and captures. fn NULL: off, and costs one test per unit.
 * No call on the same object is allowed from it. */
typedef struct weft_tracer {
  void (*fn)(void *user, const weft_trace *t);
  void *user;
} weft_tracer;

#define WEFT_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#ifdef __cplusplus
}
#endif
#endif
