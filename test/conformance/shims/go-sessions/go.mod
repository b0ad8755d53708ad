module weft-conformance-go-sessions

go 1.26.0

require (
	github.com/libp2p/go-libp2p v0.51.0
	github.com/libp2p/go-msgio v0.3.0
	github.com/libp2p/go-yamux/v5 v5.1.0
	github.com/multiformats/go-multistream v0.6.1
	github.com/multiformats/go-varint v0.1.0
	github.com/pion/datachannel v1.5.10
	github.com/pion/logging v0.2.4
	github.com/pion/sctp v1.8.39
	github.com/pion/webrtc/v4 v4.1.2
)
