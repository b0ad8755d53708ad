/* weft webrtc, private: the two halves of a stream as flags see them, without any I/O (libp2p specs webrtc/README.md, "Multiplexing";
 * what peers do in fact is written at the rules).
 *
 *   write:  OPEN --shutdown, STOP_SENDING got--> FIN_OWED --FIN left--> FIN_SENT --FIN_ACK, or see write_done--> done
 *   read:   OPEN --FIN got--> ENDED        OPEN --stop--> STOPPED --FIN got--> ENDED
 *   both:   any --RESET either way, channel reset without FIN, broken frame--> reset != WEFT_OK
 */
#ifndef WEFT_WEBRTC_HALVES_H
#define WEFT_WEBRTC_HALVES_H

#include "webrtc/webrtc.h"

typedef enum weft_webrtc_write {
  WEFT_WEBRTC_WRITE_OPEN = 0,
  WEFT_WEBRTC_WRITE_FIN_OWED,
  WEFT_WEBRTC_WRITE_FIN_SENT
} weft_webrtc_write;
typedef enum weft_webrtc_read {
  WEFT_WEBRTC_READ_OPEN = 0,
  WEFT_WEBRTC_READ_STOPPED,
  WEFT_WEBRTC_READ_ENDED
} weft_webrtc_read;

enum { /* weft_webrtc_halves.owed: control frames that are still to go out; FIN is owed while write is FIN_OWED */
       WEFT_WEBRTC_OWED_FIN_ACK = 1,
       WEFT_WEBRTC_OWED_STOP = 2,
       WEFT_WEBRTC_OWED_RESET = 4
};

typedef struct weft_webrtc_halves {
  weft_webrtc_write write;
  weft_webrtc_read read;
  uint8_t owed;
  bool fin_acked;       /* or something that counts as such */
  bool stopped_by_peer; /* STOP_SENDING came: no more writes */
  bool drained;         /* all up to our FIN is acknowledged by the transport */
  bool channel_gone;    /* the peer reset the channel */
  int reset;            /* WEFT_OK, or why both halves ended at once */
  weft_time ack_at;     /* a held FIN_ACK goes out then at the latest */
  weft_time give_up_at; /* the wait for FIN_ACK, or for the FIN of a peer that was told to stop, ends then */
} weft_webrtc_halves;

/* With a peer that does not know FIN_ACK: how long ours is held while it has not had our FIN, and how long it has to read what
 * arrived before the channel is reset. */
#define WEFT_WEBRTC_FIN_ACK_HOLD WEFT_SEC(1)

void weft_webrtc_halves_init(weft_webrtc_halves *h);

/* What came. True when something changed that must be told: the read half ended, or the stream was reset. */
bool weft_webrtc_halves_flag(weft_webrtc_halves *h, int flag, weft_time now);
bool weft_webrtc_halves_channel_reset(weft_webrtc_halves *h);
void weft_webrtc_halves_drained(weft_webrtc_halves *h, bool no_fin_ack, weft_time fin_ack_limit, weft_time now);
/* False when the call does not fit. */
bool weft_webrtc_halves_shutdown(weft_webrtc_halves *h);
bool weft_webrtc_halves_stop(weft_webrtc_halves *h);
/* Resets both halves; tell: a RESET frame is owed to the peer. */
void weft_webrtc_halves_reset(weft_webrtc_halves *h, int code, bool tell);

/* The control frame that may go out now, or WEFT_WEBRTC_FLAG_NONE; say that it did with _sent. */
int weft_webrtc_halves_next(const weft_webrtc_halves *h, bool no_fin_ack, weft_time now);
void weft_webrtc_halves_sent(weft_webrtc_halves *h, int flag);
/* Both halves ended cleanly and nothing is owed: the channel may be reset. */
bool weft_webrtc_halves_finished(const weft_webrtc_halves *h, weft_time now);
/* When next() or finished() may change with time alone. */
weft_time weft_webrtc_halves_deadline(const weft_webrtc_halves *h, bool no_fin_ack);

bool weft_webrtc_halves_writable(const weft_webrtc_halves *h);
bool weft_webrtc_halves_readable(const weft_webrtc_halves *h);

#endif
