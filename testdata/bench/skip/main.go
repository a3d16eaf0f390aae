// Command skip is a Fluent Bit output in Go (-buildmode=c-shared) that only walks over each chunk: the least that one can do which
// looks at its records.
package main

import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
	"github.com/tinylib/msgp/msgp"
)

// FLBPluginRegister tells Fluent Bit the name of the plugin.
//
//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	return C.int(output.FLBPluginRegister(def, "skip", "walks over records"))
}

// FLBPluginInit starts an instance.
//
//export FLBPluginInit
func FLBPluginInit(unsafe.Pointer) C.int { return output.FLB_OK }

// FLBPluginFlushCtx takes a chunk.
//
//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx, data unsafe.Pointer, size C.int, tag *C.char) C.int {
	for rest := unsafe.Slice((*byte)(data), int(size)); len(rest) > 0; {
		var err error
		if rest, err = msgp.Skip(rest); err != nil {
			return output.FLB_ERROR
		}
	}
	return output.FLB_OK
}

// FLBPluginExit ends the plugin.
//
//export FLBPluginExit
func FLBPluginExit() C.int { return output.FLB_OK }

func main() {}
