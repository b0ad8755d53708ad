module weft-conformance-go

go 1.26.0

require (
	github.com/flynn/noise v1.1.0
	github.com/libp2p/go-libp2p v0.51.0
	github.com/multiformats/go-multiaddr v0.16.1
	github.com/multiformats/go-multibase v0.3.0
	github.com/multiformats/go-multihash v0.2.3
	github.com/multiformats/go-varint v0.1.0
	google.golang.org/protobuf v1.36.11
)
