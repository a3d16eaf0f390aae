//go:build !cgo || !linux

package main

// A build that cannot work says so here.
var _ int = "siphunt.so needs Linux and cgo (CGO_ENABLED=1, a C compiler for the target); the command, ./plugin/cmd/siphunt, builds everywhere"
