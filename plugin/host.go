package main

/*
#include <stdlib.h>
#include "host.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	flbin "github.com/fluent/fluent-bit-go/input"
	flbout "github.com/fluent/fluent-bit-go/output"

	"github.com/siphunt/siphunt/plugin/internal/engine"
)

// fluentBit is Fluent Bit as one instance sees it. All pointers are C's, and valid until the instance exits; plugin is
// so during FLBPluginInit only, since Fluent Bit uses it again for the next instance of the same half.
type fluentBit struct {
	half     half
	plugin   unsafe.Pointer
	api      *C.struct_host_api
	instance unsafe.Pointer
	prefix   string
}

// newFluentBit reads what FLBPluginInit was given. Both halves share that function; the name tells them apart.
func newFluentBit(plugin unsafe.Pointer) *fluentBit {
	p := (*C.struct_host_plugin)(plugin)
	f := &fluentBit{half: output, plugin: plugin, api: p.api, instance: p.instance}
	kind := "output"
	if C.GoString(p.name) == input.plugin() {
		f.half, kind = input, "input"
	}
	f.prefix = "[" + kind + ":" + f.half.plugin() + "] "
	if name := C.host_instance_name(f.instance, C.int(f.half)); name != nil {
		f.prefix = "[" + kind + ":" + f.half.plugin() + ":" + C.GoString(name) + "] "
	}
	return f
}

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

func (f *fluentBit) log(level engine.Level, line string) {
	if C.host_log_check(f.api, f.instance, C.int(f.half), C.int(level)) == 0 {
		return
	}
	text := C.CString(f.prefix + oneLine(line))
	defer C.free(unsafe.Pointer(text))
	C.host_log(f.api, C.int(level), text)
}

// exporter shows metrics beside those of the instance, an output; nil for a Fluent Bit that cannot.
func (f *fluentBit) exporter() exporter {
	if !metricsExported() {
		return nil
	}
	return newMetricExport(C.host_metrics(f.api, f.instance))
}

// logEarly logs where there is no instance.
func logEarly(level engine.Level, line string) {
	text := C.CString("[siphunt] " + oneLine(line))
	defer C.free(unsafe.Pointer(text))
	C.host_log_early(C.int(level), text)
}

// stopFluentBit ends the process that has loaded us, where Fluent Bit gives a plugin no other way to refuse.
func stopFluentBit() { C.host_stop() }

// keepSignals makes sure that a nil pointer in Go stays a panic.
func keepSignals() { C.host_keep_signals() }
