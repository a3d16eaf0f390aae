package flow

import "testing"

func TestWhole(t *testing.T) {
	chunk := []byte{0x92, 0x01, 0x81, 0xa1, 'a', 0x02, 0x92, 0x03, 0x80, 0x92, 0x04}
	for n, want := range []int{0, 0, 0, 0, 0, 0, 6, 6, 6, 9, 9, 9} {
		if got := Whole(chunk[:n]); got != want {
			t.Errorf("of %d bytes %d are whole records, not %d", n, want, got)
		}
	}
	if !IsChunk(chunk[0]) || !IsChunk(0xdc) || IsChunk('{') || IsChunk('\n') || IsChunk(0xef) {
		t.Error("text is taken for a chunk, or a chunk for text")
	}
}
