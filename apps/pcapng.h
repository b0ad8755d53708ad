/* apps: writes a pcapng file that Wireshark opens: of UDP datagrams decrypted, since the key log stands in a Decryption Secrets Block in front of
 * the packets; of what a TCP socket carried as a conversation made up for it. One interface of raw IP, time in microseconds.
 * Source: draft-ietf-opsawg-pcapng.
 *
 *   app_pcapng p;
 *   app_pcapng_begin(&p, file);
 *   app_pcapng_datagram(&p, &from, &to, data, len, unix_us);       kept in memory until the first key log line
 *   app_pcapng_keylog(&p, "CLIENT_RANDOM ...");
 *   app_pcapng_flow f;
 *   app_pcapng_flow_open(&p, &f, &dialer, &listener, unix_us);     SYN, SYN and ACK, ACK; no keys are waited for
 *   app_pcapng_flow_data(&p, &f, true, data, len, unix_us);        of the dialer
 *   app_pcapng_flow_end(&p, &f, true, false, unix_us);             its FIN
 *   bool ok = app_pcapng_end(&p);                                  writes what is kept; the file stays the caller's
 */
#ifndef APPS_PCAPNG_H
#define APPS_PCAPNG_H

#include <stdio.h>

#include <weft/base/addr.h>

/* What waits for the keys: a handshake and its retransmissions. More is written without waiting. */
enum { APP_PCAPNG_HELD = 256 * 1024 };

typedef struct app_pcapng {
  FILE *file;
  uint8_t *held;
  size_t held_len;
  bool keyed;
  uint16_t ip_id;
} app_pcapng;

/* A TCP conversation: the socket gives octets, the segments around them are ours. Nothing is lost or sent twice in it. */
typedef struct app_pcapng_flow {
  weft_addr ends[2]; /* listener, dialer */
  uint32_t next[2];  /* the sequence number of what each sends next */
  bool ended[2];
} app_pcapng_flow;

void app_pcapng_begin(app_pcapng *p, FILE *file);
/* At most 65,000 bytes of data. */
void app_pcapng_datagram(app_pcapng *p, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len,
                         uint64_t unix_us);
void app_pcapng_flow_open(app_pcapng *p, app_pcapng_flow *f, const weft_addr *dialer, const weft_addr *listener,
                          uint64_t unix_us);
void app_pcapng_flow_data(app_pcapng *p, app_pcapng_flow *f, bool dialer, const uint8_t *data, size_t len,
                          uint64_t unix_us);
/* FIN, or RST; once a side. */
void app_pcapng_flow_end(app_pcapng *p, app_pcapng_flow *f, bool dialer, bool reset, uint64_t unix_us);
void app_pcapng_keylog(app_pcapng *p, const char *line);
/* False when something could not be written. */
bool app_pcapng_end(app_pcapng *p);

#endif
