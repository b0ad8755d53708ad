/* apps: the chat with one remote peer, whatever carries it - the circuit through the relay, or the direct connection - and the hand-over from
 * one to the other. It decides; circuits, attempts and streams are the owner's. Sans-IO.
 *
 *   app_path_config_default(&cfg);  cfg.dialer = true;
 *   app_path *p = app_path_new(&cfg, &callbacks, me);
 *   app_path_start(p, now);                                dialer: asks for a circuit
 *   app_path_carrier_up(p, APP_RELAYED, now);              the circuit stands: the direct path is tried, or the chat stream opened
 *   app_path_direct_failed(p, &why, true, now);            the chat opens relayed; tried again after 5 s, doubling to 5 min
 *   app_path_opened/inbound/data/remote_closed/writable/closed(p, stream, ...)      what the chat streams do
 *   app_path_send(p, "hello", 5, now);                     queued while no stream is open
 *   app_path_tick(p, now) by app_path_deadline(p);
 *   app_path_finish(p, now);                               FIN after the last line; ENDED follows
 *   app_path_free(p);
 *
 * Hand-over: the dialer opens the chat stream on the new carrier. Whoever sees it open sends on it from there on, ends the old one with FIN, and
 * reads the old one to its end before it delivers from the new one. So nothing is lost, doubled or reordered while both carriers live. What
 * was on the way over a carrier that dies may be missing: GAP says so.
 *
 * Every function may be called from every callback; free takes effect when the outermost call returns.
 */
#ifndef APPS_PATH_H
#define APPS_PATH_H

#include <weft/base/base.h>

typedef enum app_carrier { APP_RELAYED = 0, APP_DIRECT = 1 } app_carrier;

typedef struct app_path app_path;

typedef struct app_path_config {
  bool dialer;
  bool echo;           /* every frame goes back, and FIN after FIN */
  bool relay_only;     /* dialer: the direct path is never tried */
  bool no_fallback;    /* dialer: never chats relayed */
  weft_time set_up;    /* dialer: from start, or from a loss, until the chat is open; default 90 s */
  weft_time wait;      /* listener: for the dialer to come back after a loss; default 60 s */
  weft_time retry;     /* dialer: first pause before the direct path is tried again, default 5 s, doubling ... */
  weft_time retry_max; /* ... to 5 min */
  weft_time stall;     /* the old stream says nothing for so long while the new one waits: it is reset; default 10 s */
  weft_time grace;     /* listener: for the dialer to close the circuit that is needed no more; default 5 s */
} app_path_config;

typedef enum app_path_event_type {
  APP_PATH_EVENT_OPEN = 1,  /* the chat opens for the first time */
  APP_PATH_EVENT_PATH,      /* lines go over `carrier` from now on: at first and at every change */
  APP_PATH_EVENT_FALLBACK,  /* no direct path, `why`; tried again in `again` (WEFT_NEVER: not) */
  APP_PATH_EVENT_LOST,      /* what carried the chat is gone, `why`; the dialer comes back */
  APP_PATH_EVENT_GAP,       /* lines of either side may be missing */
  APP_PATH_EVENT_PEER_LEFT, /* the peer ended the chat; the rest of ours still goes */
  APP_PATH_EVENT_ROOM,      /* after WEFT_EAGAIN: the queue takes lines again */
  APP_PATH_EVENT_ENDED      /* last; why.code WEFT_OK: both sides ended it */
} app_path_event_type;

typedef struct app_path_event {
  app_path_event_type type;
  app_carrier carrier;
  weft_time again;
  weft_closed why;
} app_path_event;

typedef struct app_path_callbacks {
  /* Dialer. Answered by carrier_up(APP_RELAYED) or circuit_failed. */
  void (*dial_circuit)(void *user, weft_time now);
  /* Dialer. Answered by carrier_up(APP_DIRECT) or direct_failed. */
  void (*try_direct)(void *user, weft_time now);
  /* Not needed any more; carrier_gone follows. */
  void (*close_circuit)(void *user, weft_time now);
  /* Opens a chat stream there; opened() or closed() follows. NULL: it cannot be. */
  void *(*open)(void *user, app_carrier on, weft_time now);
  ptrdiff_t (*send)(void *user, void *stream, const uint8_t *data, size_t len,
                    weft_time now);                        /* taken; writable() follows a short one */
  void (*finish)(void *user, void *stream, weft_time now); /* FIN */
  void (*reset)(void *user, void *stream, weft_time now);
  void (*consumed)(void *user, void *stream, size_t n, weft_time now);
  void (*message)(void *user, const uint8_t *data, size_t len, weft_time now);
  void (*event)(void *user, const app_path_event *ev, weft_time now);
} app_path_callbacks;

void app_path_config_default(app_path_config *c);
app_path *app_path_new(const app_path_config *cfg, const app_path_callbacks *cb, void *user);
void app_path_free(app_path *p);
void app_path_start(app_path *p, weft_time now);

/* ---- the carriers ---- */
void app_path_carrier_up(app_path *p, app_carrier c, weft_time now);
/* goodbye: the peer closed it; else it was lost, or closed here. Call it before the streams on it are told to be closed, or after. */
void app_path_carrier_gone(app_path *p, app_carrier c, const weft_closed *why, bool goodbye, weft_time now);
/* final: trying again makes no sense (another peer answered). */
void app_path_circuit_failed(app_path *p, const weft_closed *why, bool final, weft_time now);
/* The relay has no place now: asked again within the time for the set-up, at first too. Returns the pause; 0: no time is left, and `why` ended it.
 * What `why` points at must stay. */
weft_time app_path_circuit_busy(app_path *p, const weft_closed *why, weft_time now);
/* again: false when the peer does not speak the signaling protocol. */
void app_path_direct_failed(app_path *p, const weft_closed *why, bool again, weft_time now);
/* Signaling streams that are open: while there are any the circuit is kept. */
void app_path_signaling(app_path *p, bool open, weft_time now);

/* ---- the chat streams ---- */
void app_path_inbound(app_path *p, void *stream, app_carrier on, weft_time now); /* negotiated by the peer */
void app_path_opened(app_path *p, void *stream, weft_time now);                  /* ours: the peer agreed */
void app_path_data(app_path *p, void *stream, const uint8_t *data, size_t len, weft_time now);
void app_path_remote_closed(app_path *p, void *stream, weft_time now);
void app_path_writable(app_path *p, weft_time now);
void app_path_closed(app_path *p, void *stream, int code, weft_time now); /* it is gone */

/* ---- the user ---- */
/* WEFT_EAGAIN: nothing taken, ROOM follows; WEFT_ECLOSED after finish; WEFT_ENOMEM. */
int app_path_send(app_path *p, const uint8_t *data, size_t len, weft_time now);
void app_path_finish(app_path *p, weft_time now);
bool app_path_is_open(const app_path *p); /* lines can go out now */
void app_path_tick(app_path *p, weft_time now);
weft_time app_path_deadline(const app_path *p);

#endif
