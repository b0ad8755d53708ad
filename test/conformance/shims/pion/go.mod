module weft-conformance-pion

go 1.26.0

require (
	github.com/pion/dtls/v3 v3.1.15
	github.com/pion/ice/v4 v4.4.9
	github.com/pion/stun/v3 v3.1.7
)
