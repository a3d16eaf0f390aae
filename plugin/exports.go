package main

/*
#include <stdint.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	flbin "github.com/fluent/fluent-bit-go/input"
	flbout "github.com/fluent/fluent-bit-go/output"
)

// All that this library knows of the process it is in.
var (
	halves     pairing
	all        detectors
	keeping    atomic.Bool // the exits that follow are for a hot reload
	publishing sync.Once
)

// FLBPluginRegister gives Fluent Bit one of the two halves, each time it is called. Fluent Bit calls it once for each
// line that lists the library, and does not look at what it returns; a half that is refused is then unknown to it.
//
//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) (code C.int) {
	defer recovered("FLBPluginRegister", 0)
	limitGarbage()
	keepSignals()
	if err := checkCopies(); err != nil {
		logEarly(slog.LevelError, err.Error())
		return -1
	}
	h := halves.register(uintptr(def))
	if h == input {
		return C.int(flbin.FLBPluginRegister(def, h.plugin(), "siphunt: alerts of SIP authentication attacks"))
	}
	return C.int(flbout.FLBPluginRegister(def, h.plugin(), "siphunt: flow records, to be searched for SIP authentication attacks"))
}

// FLBPluginUnregister takes a half back. With the last one goes what is left of the detectors.
//
//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) {
	defer recovered("FLBPluginUnregister", 0)
	alone, last := halves.unregister(uintptr(def))
	if alone {
		logEarly(slog.LevelError, "this library is listed once, and holds two plugins, siphunt and siphunt_alerts: list the same path a second time. "+listTwice())
	}
	if last {
		all.closeAll()
	}
	flbout.FLBPluginUnregister(def)
}

// FLBPluginInit starts an instance of either half.
//
//export FLBPluginInit
func FLBPluginInit(plugin unsafe.Pointer) (code C.int) {
	defer recovered("FLBPluginInit", 0)
	f := newFluentBit(plugin)
	in, err := all.join(f.half, f)
	if err == nil {
		err = f.setContext(in.id)
		publishing.Do(func() { go all.publishEachSecond() })
	}
	if err != nil {
		var lines messages
		lines.add(slog.LevelError, err.Error())
		lines.writeTo(f.log)
		return flbout.FLB_ERROR
	}
	return flbout.FLB_OK
}

// FLBPluginInputPreRun is called for each input once all inputs and outputs are there. Fluent Bit does not look at what
// it returns, and gives an input no other way to refuse.
//
//export FLBPluginInputPreRun
func FLBPluginInputPreRun(C.int) (code C.int) {
	defer recovered("FLBPluginInputPreRun", 0)
	deaf := all.deaf()
	for _, in := range deaf {
		in.host.log(slog.LevelError, fmt.Sprintf(`detector %[1]q: no flow record can reach it: add an output to the pipeline, with "name: siphunt", "match:" the tag of the flow records, and "detector: %[1]s". Fluent Bit stops`, in.detector.name))
	}
	if len(deaf) > 0 && refused.CompareAndSwap(false, true) {
		stopFluentBit()
	}
	return 0
}

var refused atomic.Bool

// FLBPluginFlushCtx takes a chunk. It is called from as many threads at once as the output has workers.
//
//export FLBPluginFlushCtx
func FLBPluginFlushCtx(ctx C.uintptr_t, data unsafe.Pointer, size C.size_t, tag *C.char) (code C.int) {
	defer recovered("FLBPluginFlushCtx", uintptr(ctx))
	in := all.find(uintptr(ctx))
	if in == nil {
		return flbout.FLB_ERROR
	}
	in.workers.look(in.host.thread())
	in.detector.engine.Flush(unsafe.Slice((*byte)(data), int(size)))
	if in.detector.shared.Load() {
		in.detector.look(in, C.GoString(tag))
	}
	all.reportInstead(in, time.Now())
	return flbout.FLB_OK
}

// FLBPluginInputCallbackCtx gives the alerts that wait, once a second.
//
//export FLBPluginInputCallbackCtx
func FLBPluginInputCallbackCtx(ctx C.uintptr_t, data *unsafe.Pointer, size *C.size_t) (code C.int) {
	defer recovered("FLBPluginInputCallbackCtx", uintptr(ctx))
	keepSignals()
	*data, *size = nil, 0
	in := all.find(uintptr(ctx))
	if in == nil {
		return flbin.FLB_OK
	}
	now := time.Now()
	all.report(in, now)
	if records := in.detector.collect(in, now); len(records) > 0 {
		*data, *size = C.CBytes(records), C.size_t(len(records))
	}
	return flbin.FLB_OK
}

// FLBPluginInputCleanupCallbackCtx says that Fluent Bit has copied what the call before gave; whether it takes it, its
// counter tells.
//
//export FLBPluginInputCleanupCallbackCtx
func FLBPluginInputCleanupCallbackCtx(ctx C.uintptr_t, data unsafe.Pointer) (code C.int) {
	defer recovered("FLBPluginInputCleanupCallbackCtx", uintptr(ctx))
	C.free(data)
	if in := all.find(uintptr(ctx)); in != nil {
		in.detector.confirm(in, time.Now())
	}
	return flbin.FLB_OK
}

// FLBPluginOutputPreExit says why the output whose FLBPluginExitCtx follows goes.
//
//export FLBPluginOutputPreExit
func FLBPluginOutputPreExit(hotReload C.int) { keeping.Store(hotReload != 0) }

// FLBPluginInputPreExit says why the input whose FLBPluginExit follows goes.
//
//export FLBPluginInputPreExit
func FLBPluginInputPreExit(hotReload C.int) { keeping.Store(hotReload != 0) }

// FLBPluginExitCtx ends an output, an uninitialised one too. Where a plugin has it, FLBPluginExit is for inputs only.
//
//export FLBPluginExitCtx
func FLBPluginExitCtx(ctx C.uintptr_t) (code C.int) {
	defer recovered("FLBPluginExitCtx", uintptr(ctx))
	all.leaveOutput(uintptr(ctx), keeping.Load())
	return flbout.FLB_OK
}

// FLBPluginExit ends an input; Fluent Bit does not say which.
//
//export FLBPluginExit
func FLBPluginExit() (code C.int) {
	defer recovered("FLBPluginExit", 0)
	all.leaveInputs(keeping.Load())
	return flbin.FLB_OK
}

// lastPanic is when one was last logged, in seconds since 1970.
var lastPanic atomic.Int64

// recovered ends a panic at the edge to C. What the call returns is then zero, which is Fluent Bit's FLB_ERROR. The
// stack is logged, once a minute at most.
func recovered(call string, id uintptr) {
	r := recover()
	if r == nil {
		return
	}
	in := all.find(id)
	if in != nil && in.detector.engine != nil {
		in.detector.engine.Panicked()
	}
	now := time.Now().Unix()
	if last := lastPanic.Load(); now-last < 60 || !lastPanic.CompareAndSwap(last, now) {
		return
	}
	text := fmt.Sprintf("a fault in siphunt %s was caught in %s: %v; please report it with these lines\n%s", version, call, r, debug.Stack())
	if in != nil {
		in.detector.messages.add(slog.LevelError, text)
		return
	}
	var lines messages
	lines.add(slog.LevelError, text)
	lines.writeTo(logEarly)
}
