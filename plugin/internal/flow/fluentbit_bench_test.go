//go:build cgo

package flow_test

import (
	"testing"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/sample"
)

// BenchmarkFluentBitGoDecoder is what a Fluent Bit output in Go usually does with a chunk: fluent-bit-go's decoder, which
// makes a map of each record. Its package needs C, so this comparison stands outside of package flow.
func BenchmarkFluentBitGoDecoder(b *testing.B) {
	mix := sample.Mix()
	flow.PerRecord(b, mix, func(chunk []byte) {
		d := output.NewDecoder(unsafe.Pointer(&chunk[0]), len(chunk))
		n := 0
		for ; ; n++ {
			if ret, _, _ := output.GetRecord(d); ret != 0 {
				break
			}
		}
		if n != mix.Len() {
			b.Fatalf("%d of %d records decoded", n, mix.Len())
		}
	})
}
