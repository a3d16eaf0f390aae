package flow

// Whole returns how many bytes of a chunk are whole records, so that a chunk of any length can be taken in pieces. What is behind them
// is cut off, or no msgpack.
func Whole(chunk []byte) int {
	n := 0
	for next := skip(chunk, 0); next > 0; next = skip(chunk, n) {
		n = next
	}
	return n
}

// IsChunk tells whether an input begins as records of Fluent Bit do, and not as text: with an array.
func IsChunk(first byte) bool { return first&0xf0 == 0x90 || first == 0xdc || first == 0xdd }
