/* Of stun.jsonl: every message read, its fingerprint and integrity checked under the password that USERNAME names, and ours written again. */
#include <string.h>

#include "apps/conform/questions.h"

/* Attributes in front of integrity and fingerprint, as octets. False: it does not end in these two, so no one else could write it again. */
static bool put_attributes(json *list, const weft_stun_msg *m) {
  size_t cursor = 0;
  weft_stun_attr a;
  uint16_t last[2] = {0, 0};
  for (; weft_stun_next(m, &cursor, &a); last[0] = last[1], last[1] = a.type) {
    if (a.type == WEFT_STUN_MESSAGE_INTEGRITY || a.type == WEFT_STUN_FINGERPRINT) continue;
    json *to = json_put_object(list, NULL);
    json_put_u64(to, "type", a.type);
    json_put_hex(to, "value", a.value, a.len);
  }
  return last[0] == WEFT_STUN_MESSAGE_INTEGRITY && last[1] == WEFT_STUN_FINGERPRINT;
}

static void ask_to_write(questions *q, const session_unit *u, const weft_stun_msg *m, const char *password) {
  static const char *const classes[] = {"request", "indication", "success", "error"};
  json *in = json_new(JSON_OBJECT);
  json_put_string(in, "class", classes[m->cls]);
  json_put_u64(in, "method", m->method);
  json_put_hex(in, "transaction_id", m->txid, WEFT_STUN_TXID_LEN);
  json_put_string(in, "password", password);
  json_put_string(in, "algorithm", "sha1");
  json_put_bool(in, "fingerprint", true);
  if (put_attributes(json_put_array(in, "attributes"), m))
    question(q, u, "stun_message.encode", in, question_octets(u->wire, u->len));
  else
    json_free(in);
}

static void ask_for_integrity(questions *q, const session_unit *u, const char *password) {
  json *in = question_octets(u->wire, u->len), *want = json_new(JSON_OBJECT);
  json_put_string(in, "algorithm", "sha1");
  json_put_string(in, "password", password);
  json_put_hex(want, "key", (const uint8_t *)password,
               strlen(password)); /* RFC 8489 section 9.1.1: the password itself */
  question(q, u, "stun_integrity.check", in, want);
}

void questions_stun(questions *q) {
  for (size_t i = 0; i < q->s->cuts[SESSION_STUN].len; i++) {
    const session_unit *u = &q->s->cuts[SESSION_STUN].units[i];
    char password[WEFT_STUN_USERNAME_MAX];
    weft_stun_msg m;
    question_as_read(q, u, "stun_message.decode", question_octets(u->wire, u->len));
    if (weft_stun_parse(&m, u->wire, u->len) != WEFT_OK) continue;
    if (m.fingerprint_at)
      question(q, u, "stun_fingerprint.check", question_octets(u->wire, u->len), json_new(JSON_OBJECT));
    if (!m.integrity_at || !session_stun_password(q->s, &m, password)) continue;
    ask_for_integrity(q, u, password);
    if (session_is_ours(q->s, u->dialer)) ask_to_write(q, u, &m, password);
  }
}
