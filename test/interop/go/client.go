package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

type clientArgs struct {
	addr    string
	version int
	send    []string
	pings   int
	timeout time.Duration
}

func parseClient(args []string) (clientArgs, error) {
	a := clientArgs{version: 1, timeout: 60 * time.Second}
	for i := 0; i < len(args); i++ {
		value := func() string {
			i++
			if i >= len(args) {
				return ""
			}
			return args[i]
		}
		var err error
		switch args[i] {
		case "--json":
		case "--send":
			a.send = append(a.send, value())
		case "--direct-version":
			a.version, err = strconv.Atoi(value())
		case "--ping":
			a.pings, err = strconv.Atoi(value())
		case "--timeout":
			var s int
			s, err = strconv.Atoi(value())
			a.timeout = time.Duration(s) * time.Second
		default:
			a.addr = args[i]
		}
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

func readEvents(s network.Stream, peer string, got chan<- string) {
	defer close(got)
	buf := make([]byte, 16384)
	for {
		n, err := s.Read(buf)
		if n > 512 {
			say(map[string]any{"event": "data", "peer": peer, "bytes": n})
		} else if n > 0 {
			say(map[string]any{"event": "message", "peer": peer, "text": string(buf[:n])})
		}
		if n > 0 {
			select {
			case got <- "":
			default:
			}
		}
		if err != nil {
			if err != io.EOF {
				say(map[string]any{"event": "error", "text": "read: " + err.Error()})
			}
			return
		}
	}
}

// lockStep sends each line after the first answer to the one before.
func lockStep(s network.Stream, lines []string, got <-chan string) bool {
	for _, line := range lines {
		if _, err := s.Write([]byte(line)); err != nil {
			return false
		}
		if _, ok := <-got; !ok {
			return false
		}
	}
	return true
}

func interactive(s network.Stream, closed <-chan struct{}, got <-chan string) {
	lines := make(chan string)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- in.Text()
		}
		close(lines)
	}()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return
			}
			s.Write([]byte(line))
		case <-got:
		case <-closed:
			return
		}
	}
}

func runClient(args []string) int {
	a, err := parseClient(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	h, err := newHost(a.version)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer h.Close()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		h.Close()
		os.Exit(130)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), a.timeout)
	defer cancel()
	say(map[string]any{"event": "connecting", "addr": a.addr})
	c, err := dial(ctx, h, a.addr)
	if err != nil {
		say(map[string]any{"event": "error", "text": err.Error()})
		return 3
	}
	peer := c.RemotePeer().String()
	closed := closedSignal(h, c)
	say(map[string]any{"event": "connected", "peer": peer, "dir": "out", "direct_version": a.version})
	pctx, stopPing := context.WithCancel(ctx)
	results := ping.Ping(pctx, h, c.RemotePeer())
	for i := 0; i < a.pings; i++ {
		r := <-results
		if r.Error != nil {
			stopPing()
			return 5
		}
		say(map[string]any{"event": "ping", "peer": peer, "rtt_us": r.RTT.Microseconds()})
	}
	stopPing()
	s, err := h.NewStream(ctx, c.RemotePeer(), chat)
	if err != nil {
		say(map[string]any{"event": "error", "text": err.Error()})
		return 5
	}
	got := make(chan string, 1)
	go readEvents(s, peer, got)
	if len(a.send) > 0 {
		if !lockStep(s, a.send, got) {
			return 6
		}
	} else if a.pings == 0 {
		interactive(s, closed, got)
	}
	select {
	case <-closed:
		say(map[string]any{"event": "disconnected", "peer": peer, "who": "peer"})
		return 6
	default:
	}
	s.CloseWrite()
	for range got {
	}
	s.Close()
	say(map[string]any{"event": "disconnected", "peer": peer, "who": "us"})
	return 0
}
