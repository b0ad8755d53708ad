package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"time"

	"github.com/pion/logging"
	"github.com/pion/sctp"
)

const (
	sack, heartbeat, cookieEcho, cookieAck = 3, 4, 10, 11
	paramCookie                            = 7
	settle, sackDelay                      = 15 * time.Millisecond, 250 * time.Millisecond // RFC 9260 section 6.2: 200 ms
)

func packet(tag uint32, crcWrong bool, chunks ...[]byte) []byte {
	p := binary.BigEndian.AppendUint32([]byte{5000 >> 8, 5000 & 255, 5000 >> 8, 5000 & 255}, tag)
	p = append(p, 0, 0, 0, 0)
	for _, c := range chunks {
		p = append(append(p, c...), make([]byte, -len(c)&3)...)
	}
	crc := crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli))
	if crcWrong {
		crc ^= 1
	}
	binary.LittleEndian.PutUint32(p[8:], crc)
	return p
}

func chunk(kind, flags byte, value []byte) []byte {
	return append([]byte{kind, flags, byte((len(value) + 4) >> 8), byte(len(value) + 4)}, value...)
}

// Type, length and value one after the other: chunks, whose type is one octet, or parameters.
func walk(b []byte, each func(kind uint16, whole []byte)) {
	for len(b) >= 4 {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return
		}
		each(binary.BigEndian.Uint16(b), b[:n])
		b = b[min(len(b), (n+3)&^3):]
	}
}

// An association of pion's with a peer that the case plays.
type peer struct {
	*wire
	a        *sctp.Association
	tag      uint32 // pion's
	streams  chan *sctp.Stream
	accepted []*sctp.Stream
	ended    chan bool
	messages []fields
	resets   []int
}

func associate(g fields) *peer {
	p, ready := &peer{wire: newWire(), streams: make(chan *sctp.Stream, 64), ended: make(chan bool), messages: []fields{}, resets: []int{}}, make(chan *sctp.Association, 1)
	go func() {
		a, _ := sctp.Server(sctp.Config{NetConn: p, LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard}})
		ready <- a
	}()
	p.in <- packet(0, false, octets(g, "init"))
	var cookie []byte
	if out := p.first(answerLimit); out != nil {
		walk(out[12:], func(kind uint16, c []byte) {
			if kind>>8 == 2 {
				p.tag = binary.BigEndian.Uint32(c[4:])
				walk(c[20:], func(kind uint16, t []byte) {
					if kind == paramCookie {
						cookie = t[4:]
					}
				})
			}
		})
	}
	if cookie == nil {
		panic("no INIT ACK")
	}
	tag := p.tag
	if text(g, "cookie_tag") == "wrong" {
		tag ^= 1
	}
	p.in <- packet(tag, false, chunk(cookieEcho, 0, spoil(cookie, text(g, "cookie"))))
	select {
	case p.a = <-ready:
	case <-time.After(answerLimit):
	}
	if p.a == nil {
		panic(errAuth)
	}
	p.heard(settle)
	go p.accept()
	return p
}

func (p *peer) accept() {
	for {
		s, err := p.a.AcceptStream()
		if err != nil {
			close(p.ended)
			return
		}
		p.streams <- s
	}
}

// What each stream has, in the order in which they were opened. pion does not tell whether a message was unordered.
func (p *peer) read() {
	for len(p.streams) > 0 {
		p.accepted = append(p.accepted, <-p.streams)
	}
	for i := 0; i < len(p.accepted); i++ {
		s, buffer := p.accepted[i], make([]byte, 65536)
		check(s.SetReadDeadline(time.Now().Add(2 * time.Millisecond)))
		n, ppid, err := s.ReadSCTP(buffer)
		for ; err == nil; n, ppid, err = s.ReadSCTP(buffer) {
			p.messages = append(p.messages, fields{"stream": s.StreamIdentifier(), "ppid": uint32(ppid), "data": hx(buffer[:n])})
		}
		if errors.Is(err, io.EOF) && !p.closed() {
			p.resets = append(p.resets, int(s.StreamIdentifier()))
			p.accepted = append(p.accepted[:i], p.accepted[i+1:]...)
			i--
		}
	}
}

func (p *peer) closed() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func associationReceive(g fields) fields {
	if number(g, "cookie_after_us") > 0 {
		panic(errUnsupported) // it has no clock of ours
	}
	p := associate(g)
	defer close(p.in)
	var all [][]byte
	for _, raw := range g["packets"].([]any) {
		given, chunks, tag := fields(raw.(map[string]any)), [][]byte{}, p.tag
		for _, c := range given["chunks"].([]any) {
			chunks = append(chunks, must(hex.DecodeString(c.(string))))
		}
		if text(given, "tag") == "wrong" {
			tag ^= 1
		}
		p.in <- packet(tag, text(given, "crc") == "wrong", chunks...)
		all = append(all, p.heard(settle)...)
		p.read()
	}
	all = append(all, p.heard(sackDelay)...)
	p.read()
	out := fields{"state": map[bool]string{true: "closed", false: "established"}[p.closed()], "messages": p.messages, "reset_streams": p.resets, "sack": nil}
	out["sent"] = p.sent(all, out)
	return out
}

func (p *peer) sent(all [][]byte, out fields) []int {
	types := []int{}
	for _, b := range all {
		walk(b[12:], func(kind uint16, c []byte) {
			switch kind >> 8 {
			case sack:
				out["sack"] = sackOf(c[4:])
			case heartbeat, cookieAck:
			default:
				types = append(types, int(kind>>8))
			}
		})
	}
	return types
}

func sackOf(b []byte) fields {
	blocks, again, n := [][]int{}, []uint32{}, int(binary.BigEndian.Uint16(b[8:]))
	for i := 0; i < n; i++ {
		blocks = append(blocks, []int{int(binary.BigEndian.Uint16(b[12+4*i:])), int(binary.BigEndian.Uint16(b[14+4*i:]))})
	}
	for at := 12 + 4*n; at < len(b); at += 4 {
		again = append(again, binary.BigEndian.Uint32(b[at:]))
	}
	return fields{"cumulative_tsn": binary.BigEndian.Uint32(b), "gap_blocks": blocks, "duplicates": again}
}
