// With an assembly file in the package the functions of webrtc.go need no bodies; there is nothing in it.
