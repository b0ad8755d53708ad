package main

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

func records(g fields) fields {
	for _, b := range must(recordlayer.UnpackDatagram(octets(g, "hex"))) {
		var h recordlayer.Header
		check(h.Unmarshal(b))
		if h.Epoch == 0 && h.ContentType != 22 { // of a handshake message pion needs all fragments
			check((&recordlayer.RecordLayer{}).Unmarshal(b))
		}
	}
	return fields{}
}

func clientHello(g fields) fields {
	var m handshake.MessageClientHello
	check(m.Unmarshal(octets(g, "hex")))
	return fields{"cookie": hx(m.Cookie), "session_id": hx(m.SessionID)}
}

func prfSHA256(g fields) fields {
	seed := append([]byte(text(g, "label")), octets(g, "seed")...)
	return fields{"output": hx(must(prf.PHash(octets(g, "secret"), seed, int(number(g, "length")), sha256.New)))}
}

// pion reads a certificate, not any octets.
func certificate(g fields) fields {
	c, err := x509.ParseCertificate(octets(g, "der"))
	if err != nil {
		panic(errUnsupported)
	}
	return fields{"sha-256": must(fingerprint.Fingerprint(c, crypto.SHA256))}
}

// ---- a server that is handed datagrams; a source is a session of its own, as behind pion's listener ----

type wire struct{ in, out chan []byte }

func newWire() *wire                             { return &wire{make(chan []byte, 64), make(chan []byte, 256)} }
func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.UDPAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return &net.UDPAddr{} }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func (w *wire) Read(p []byte) (int, error) {
	b, open := <-w.in
	if !open {
		return 0, net.ErrClosed
	}
	return copy(p, b), nil
}

func (w *wire) Write(p []byte) (int, error) {
	w.out <- append([]byte{}, p...)
	return len(p), nil
}

func (w *wire) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := w.Read(p)
	return n, w.RemoteAddr(), err
}
func (w *wire) WriteTo(p []byte, _ net.Addr) (int, error) { return w.Write(p) }

// The first that comes out, if it does while one waits for it.
func (w *wire) first(limit time.Duration) []byte {
	select {
	case b := <-w.out:
		return b
	case <-time.After(limit):
		return nil
	}
}

// What comes out until nothing has for a while.
func (w *wire) heard(quiet time.Duration) (all [][]byte) {
	for b := w.first(quiet); b != nil; b = w.first(quiet) {
		all = append(all, b)
	}
	return
}

const (
	handshakeType = 13                     // in a datagram, behind the record's header
	answerLimit   = 500 * time.Millisecond // what has not come by then does not
)

func answersTo(sessions map[string]*wire, source string, datagram []byte, own *tls.Certificate) []byte {
	w := sessions[source]
	if w == nil {
		w = newWire()
		sessions[source] = w
		c := must(dtls.Server(w, w.RemoteAddr(), &dtls.Config{Certificates: []tls.Certificate{*own}}))
		go c.Handshake()
	}
	w.in <- datagram
	return w.first(answerLimit)
}

func source(g fields, k string) string {
	s := g[k].(map[string]any)
	return s["ip"].(string) + " " + hx([]byte{byte(number(s, "port") >> 8), byte(number(s, "port"))})
}

func cookieExchange(g fields) fields {
	second, hello := fields(g["second"].(map[string]any)), octets(g, "hello")
	if number(second, "after_us") > 0 {
		panic(errUnsupported) // it has no clock of ours
	}
	own, sessions := must(selfsign.GenerateSelfSigned()), map[string]*wire{}
	defer func() {
		for _, w := range sessions {
			close(w.in)
		}
	}()
	verify := answersTo(sessions, source(g, "first"), hello, &own)
	if len(verify) < 28 || verify[handshakeType] != 3 {
		panic("no HelloVerifyRequest")
	}
	cookie := spoil(verify[28:], text(second, "cookie"))
	if answer := answersTo(sessions, source(g, "second"), withCookie(hello, cookie, text(second, "random")), &own); answer == nil || answer[0] != 22 || answer[handshakeType] != 2 {
		panic(errAuth)
	}
	return fields{"amplified": len(verify) > len(hello)}
}

// The second hello: message and record number 1, the cookie, all else the same.
func withCookie(hello, cookie []byte, random string) []byte {
	head, body := append([]byte{}, hello[:25]...), append([]byte{}, hello[25:]...)
	if random == "changed" {
		body[2] ^= 1
	}
	at := 35 + int(body[34])
	body = append(append(append(append([]byte{}, body[:at]...), byte(len(cookie))), cookie...), body[at+1+int(body[at]):]...)
	head[10], head[11], head[12] = 1, byte((len(body)+12)>>8), byte(len(body)+12)
	head[15], head[16], head[18] = byte(len(body)>>8), byte(len(body)), 1
	head[23], head[24] = byte(len(body)>>8), byte(len(body))
	return append(head, body...)
}

func spoil(cookie []byte, how string) []byte {
	out := append([]byte{}, cookie...)
	switch how {
	case "flipped":
		out[len(out)/2] ^= 1
	case "first":
		out[0] ^= 1
	case "last":
		out[len(out)-1] ^= 1
	case "truncated":
		return out[:len(out)-1]
	case "extended":
		return append(out, 0)
	case "zero":
		return make([]byte, len(out))
	case "empty":
		return nil
	}
	return out
}
