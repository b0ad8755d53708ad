package main

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	webrtc "github.com/libp2p/go-libp2p/p2p/transport/webrtc"
)

const chat = "/webrtc-chat/1.0.0"

// newHost makes a host that knows webrtc-direct only, dials with the given version and limits nothing.
func newHost(version int, listen ...string) (host.Host, error) {
	limits, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(rcmgr.InfiniteLimits))
	if err != nil {
		return nil, err
	}
	addrs := libp2p.NoListenAddrs
	if len(listen) > 0 {
		addrs = libp2p.ListenAddrStrings(listen...)
	}
	return libp2p.New(addrs, libp2p.Transport(webrtc.New, webrtc.WithDialerVersion(version)), libp2p.ResourceManager(limits),
		// go gives an address of this machine 5 s; with datagrams lost its first flights take longer.
		libp2p.SwarmOpts(swarm.WithDialTimeoutLocal(30*time.Second)), libp2p.DisableRelay(), libp2p.UserAgent("weft-interop-go"))
}

func dial(ctx context.Context, h host.Host, addr string) (network.Conn, error) {
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return nil, err
	}
	if err := h.Connect(ctx, *info); err != nil {
		return nil, err
	}
	conns := h.Network().ConnsToPeer(info.ID)
	if len(conns) == 0 {
		return nil, fmt.Errorf("connected to %s and already gone", info.ID)
	}
	return conns[0], nil
}

// closedSignal is closed when the connection ends.
func closedSignal(h host.Host, c network.Conn) <-chan struct{} {
	done := make(chan struct{})
	h.Network().Notify(&network.NotifyBundle{DisconnectedF: func(_ network.Network, gone network.Conn) {
		if gone == c {
			close(done)
		}
	}})
	return done
}
