package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

type command struct {
	Do       string
	Addr     string
	Version  int
	Seconds  float64
	N        int
	Parallel int
	Bytes    int
	Fin      string
	Text     string
}

type answer map[string]any

type dialer struct {
	host     host.Host
	protocol protocol.ID
	conn     network.Conn
	closed   <-chan struct{}
	chat     network.Stream
}

func (d *dialer) open(c command) (answer, error) {
	d.close()
	h, err := newHost(c.Version)
	if err != nil {
		return nil, err
	}
	d.host = h
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(max(c.Seconds, 15))*time.Second)
	defer cancel()
	began := time.Now()
	d.conn, err = dial(ctx, h, c.Addr)
	if err != nil {
		return nil, err
	}
	d.closed = closedSignal(h, d.conn)
	d.chat = nil
	return answer{"peer": d.conn.RemotePeer().String(), "ms": ms(began)}, nil
}

func ms(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

func (d *dialer) stream() (network.Stream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return d.host.NewStream(network.WithAllowLimitedConn(ctx, "chat"), d.conn.RemotePeer(), d.protocol)
}

func (d *dialer) identify() (answer, error) {
	// go identifies every new connection by itself; what it learnt is in the peer store.
	for i := 0; i < 50; i++ {
		agent, err := d.host.Peerstore().Get(d.conn.RemotePeer(), "AgentVersion")
		if err == nil {
			protocols, err := d.host.Peerstore().GetProtocols(d.conn.RemotePeer())
			return answer{"agent": agent, "protocols": protocols}, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("identify was not answered within 5 s")
}

func (d *dialer) ping(n int) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	rtts := []float64{}
	for r := range ping.Ping(network.WithAllowLimitedConn(ctx, "ping"), d.host, d.conn.RemotePeer()) {
		if r.Error != nil {
			return nil, r.Error
		}
		rtts = append(rtts, float64(r.RTT.Microseconds())/1000)
		if len(rtts) == n {
			break
		}
	}
	return answer{"rtt_ms": rtts}, nil
}

func pattern(n int, seed int64) []byte {
	out := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(out)
	return out
}

type readResult struct {
	data []byte
	err  error
}

// readSome reads up to limit bytes in the background, to the end if limit is negative.
func readSome(s io.Reader, limit int) <-chan readResult {
	done := make(chan readResult, 1)
	go func() {
		if limit >= 0 {
			s = io.LimitReader(s, int64(limit))
		}
		data, err := io.ReadAll(s)
		done <- readResult{data, err}
	}()
	return done
}

func compare(got, sent []byte) error {
	if len(got) != len(sent) {
		return fmt.Errorf("%d of %d bytes came back", len(got), len(sent))
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("other bytes came back than were sent")
	}
	return nil
}

func (d *dialer) echo(c command) (answer, error) {
	s, err := d.stream()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.SetDeadline(time.Now().Add(120 * time.Second))
	sent := pattern(c.Bytes, 1)
	limit := c.Bytes
	if c.Fin == "first" {
		limit = -1
	}
	began := time.Now()
	reading := readSome(s, limit)
	if _, err := s.Write(sent); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	if c.Fin == "first" {
		if err := s.CloseWrite(); err != nil {
			return nil, fmt.Errorf("FIN: %w", err)
		}
	}
	got := <-reading
	if got.err != nil {
		return nil, fmt.Errorf("read after %d bytes: %w", len(got.data), got.err)
	}
	if c.Fin != "first" {
		s.CloseWrite()
		rest := <-readSome(s, -1)
		if rest.err != nil || len(rest.data) != 0 {
			return nil, fmt.Errorf("after FIN: %d bytes more, %v", len(rest.data), rest.err)
		}
	}
	hash := sha256.Sum256(got.data)
	return answer{"bytes": len(got.data), "sha256": hex.EncodeToString(hash[:]), "ms": ms(began)}, compare(got.data, sent)
}

func (d *dialer) oneStream(i, n int) error {
	s, err := d.stream()
	if err != nil {
		return fmt.Errorf("stream %d: %w", i, err)
	}
	defer s.Close()
	s.SetDeadline(time.Now().Add(30 * time.Second))
	sent := pattern(n, int64(i)+1)
	if _, err := s.Write(sent); err != nil {
		return fmt.Errorf("stream %d: write: %w", i, err)
	}
	s.CloseWrite()
	got := <-readSome(s, -1)
	if got.err != nil {
		return fmt.Errorf("stream %d: read: %w", i, got.err)
	}
	return compare(got.data, sent)
}

func (d *dialer) streams(c command) (answer, error) {
	began := time.Now()
	size := c.Bytes
	if size == 0 {
		size = 64
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, failed := 0, error(nil)
	for range c.Parallel {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= c.N {
					return
				}
				if err := d.oneStream(i, size); err != nil {
					mu.Lock()
					failed, next = err, c.N
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return answer{"n": c.N, "ms": ms(began)}, failed
}

func (d *dialer) send(text string) (answer, error) {
	if d.chat == nil {
		s, err := d.stream()
		if err != nil {
			return nil, err
		}
		d.chat = s
	}
	_, err := d.chat.Write([]byte(text))
	return answer{}, err
}

func (d *dialer) recv(n int) (answer, error) {
	d.chat.SetReadDeadline(time.Now().Add(15 * time.Second))
	buf := make([]byte, n)
	got, err := io.ReadFull(d.chat, buf)
	return answer{"text": string(buf[:got])}, err
}

func (d *dialer) waitClosed(seconds float64) (answer, error) {
	began := time.Now()
	select {
	case <-d.closed:
		return answer{"why": "closed", "ms": ms(began)}, nil
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return nil, fmt.Errorf("not closed within %v s", seconds)
	}
}

func (d *dialer) close() {
	if d.host != nil {
		d.host.Close()
		d.host = nil
	}
}

func (d *dialer) run(c command) (answer, error) {
	if d.conn == nil && c.Do != "open" && c.Do != "close" {
		return nil, fmt.Errorf("not connected")
	}
	switch c.Do {
	case "open":
		return d.open(c)
	case "identify":
		return d.identify()
	case "ping":
		return d.ping(c.N)
	case "echo":
		return d.echo(c)
	case "streams":
		return d.streams(c)
	case "send":
		return d.send(c.Text)
	case "recv":
		return d.recv(c.Bytes)
	case "closed":
		return d.waitClosed(c.Seconds)
	case "close":
		d.close()
		return answer{}, nil
	}
	return nil, fmt.Errorf("no such command: %s", c.Do)
}

func runDialer() {
	say(answer{"ok": true, "ready": true, "version": libraryVersion(), "pid": os.Getpid()})
	d := &dialer{protocol: chat}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var c command
		if err := json.Unmarshal(in.Bytes(), &c); err != nil || c.Do == "quit" {
			break
		}
		got, err := d.run(c)
		if err != nil {
			say(answer{"ok": false, "error": err.Error()})
			continue
		}
		got["ok"] = true
		say(got)
	}
	d.close()
}
