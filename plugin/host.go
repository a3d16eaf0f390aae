package main

/*
#include <stdlib.h>
#include "host.h"
*/
import "C"

import (
	"errors"
	"log/slog"
	"syscall"
	"unsafe"

	flbin "github.com/fluent/fluent-bit-go/input"
	flbout "github.com/fluent/fluent-bit-go/output"
)

// fluentBit is Fluent Bit as one instance sees it. All pointers are C's, and valid until the instance exits; plugin is
// so during FLBPluginInit only, since Fluent Bit uses it again for the next instance of the same half.
type fluentBit struct {
	half     half
	plugin   unsafe.Pointer
	api      *C.struct_host_api
	instance unsafe.Pointer
	prefix   string // of its lines in the log
	known    string // its name
}

// newFluentBit reads what FLBPluginInit was given. Both halves share that function; the name tells them apart.
func newFluentBit(plugin unsafe.Pointer) *fluentBit {
	p := (*C.struct_host_plugin)(plugin)
	f := &fluentBit{half: output, plugin: plugin, api: p.api, instance: p.instance}
	kind := "output"
	if C.GoString(p.name) == input.plugin() {
		f.half, kind = input, "input"
	}
	f.prefix, f.known = "["+kind+":"+f.half.plugin()+"] ", f.half.plugin()
	if name := C.host_instance_name(f.instance, C.int(f.half)); name != nil {
		f.known = C.GoString(name)
		f.prefix = "[" + kind + ":" + f.half.plugin() + ":" + f.known + "] "
	}
	return f
}

func (f *fluentBit) name() string { return f.known }

func (f *fluentBit) thread() int { return syscall.Gettid() }

// setContext has Fluent Bit give id with every call for this instance.
func (f *fluentBit) setContext(id uintptr) error {
	if C.host_set_context((*C.struct_host_plugin)(f.plugin), C.int(f.half), C.uintptr_t(id)) != 0 {
		return errors.New("this Fluent Bit is too old: siphunt needs version 3.0 or later")
	}
	return nil
}

func (f *fluentBit) property(key string) string {
	if f.half == input {
		return flbin.FLBPluginConfigKey(f.plugin, key)
	}
	return flbout.FLBPluginConfigKey(f.plugin, key)
}

func (f *fluentBit) log(level slog.Level, line string) {
	l := fluentBitLevel(level)
	if C.host_log_check(f.api, f.instance, C.int(f.half), l) == 0 {
		return
	}
	text := C.CString(f.prefix + oneLine(line))
	defer C.free(unsafe.Pointer(text))
	C.host_log(f.api, l, text)
}

// fluentBitLevel returns how grave a message is, in Fluent Bit's numbers.
func fluentBitLevel(level slog.Level) C.int {
	switch {
	case level >= slog.LevelError:
		return 1
	case level >= slog.LevelWarn:
		return 2
	case level >= slog.LevelInfo:
		return 3
	}
	return 4
}

// exporter shows metrics beside those of the instance, an output; it is nil for a Fluent Bit that cannot.
func (f *fluentBit) exporter() exporter {
	if !metricsExported() {
		return nil
	}
	return newMetricExport(C.host_metrics(f.api, f.instance))
}

// taken returns how many records Fluent Bit has taken from the instance, an input, so far.
func (f *fluentBit) taken() (n uint64, counts bool) {
	c := C.host_records_taken(f.api, f.instance)
	return uint64(max(c, 0)), c >= 0
}

// logEarly logs where there is no instance.
func logEarly(level slog.Level, line string) {
	text := C.CString("[siphunt] " + oneLine(line))
	defer C.free(unsafe.Pointer(text))
	C.host_log_early(fluentBitLevel(level), text)
}

// stopFluentBit ends the process that has loaded us, where Fluent Bit gives a plugin no other way to refuse.
func stopFluentBit() { C.host_stop() }

// keepSignals makes sure that a nil pointer in Go stays a panic.
func keepSignals() { C.host_keep_signals() }
