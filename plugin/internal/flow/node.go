package flow

import (
	"encoding/binary"
	"unsafe"
)

// Most of the time of decoding goes into comparing keys. Word by word, in registers, without a call and without a check of
// bounds for each word, it takes a third of the time of comparing strings: hence unsafe, here and in tree.follow only.
//
// Where the next key stands depends on the size of the value before it, so a processor that did all in order would wait for
// each value's first byte in turn. Where the size has always been the same, follow steps on by that size after a look whether
// it is: a branch, which the processor foretells, and it is at the next key before the byte has come from memory.

// node is a place in the tree: bytes that precede a value, and where to go from there.
type node struct {
	bytes  string
	words  [4]uint64 // the first two and the last two words of the bytes, which overlap; what shorter ones do not have is 0
	scalar bool      // the value is not followed if it is a map or list with members: there would be meanings in it
	steady uint8     // size of the value as its first byte tells it, in all records of late; with varies where they differed
	next   *node     // node behind the value
	end    *layout   // at the end of a path, instead of next
	alt    *node     // the next node to try at the same place
}

// varies makes another size of each that a value's first byte tells; so no value has it.
const varies = 0x80

// newNode makes a node of the bytes before a value with this first byte.
func newNode(bytes string, value byte) *node {
	n := &node{bytes: bytes, steady: sizes[value]}
	if n.steady == 0 { // more bytes tell
		n.steady = varies - 1
	}
	padded := append([]byte(bytes), make([]byte, 8)...)
	n.words[0] = word(unsafe.Pointer(&padded[0]), 0)
	if size := len(bytes); size >= 8 {
		n.words[3] = word(unsafe.Pointer(&padded[0]), size-8)
		if size >= 16 {
			n.words[1], n.words[2] = word(unsafe.Pointer(&padded[0]), 8), word(unsafe.Pointer(&padded[0]), size-16)
		}
	}
	return n
}

func word(p unsafe.Pointer, at int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, at))[:])
}

// differ16, differ8 and differ1 give 0 if the node's bytes are at p: bytes from that number on, up to 32, 15 and 7. Longer
// ones have differInside as well, for what is between the first and the last 16. differ1 needs eight bytes at p.

func (n *node) differ16(p unsafe.Pointer) uint64 {
	size := len(n.bytes)
	return (word(p, 0) ^ n.words[0]) | (word(p, 8) ^ n.words[1]) | (word(p, size-16) ^ n.words[2]) | (word(p, size-8) ^ n.words[3])
}

func (n *node) differInside(p unsafe.Pointer) (diff uint64) {
	bytes := unsafe.Pointer(unsafe.StringData(n.bytes))
	for at := 16; at < len(n.bytes)-16; at += 8 {
		diff |= word(p, at) ^ word(bytes, at)
	}
	return diff
}

func (n *node) differ8(p unsafe.Pointer) uint64 {
	return (word(p, 0) ^ n.words[0]) | (word(p, len(n.bytes)-8) ^ n.words[3])
}

func (n *node) differ1(p unsafe.Pointer) uint64 {
	return (word(p, 0) ^ n.words[0]) << ((64 - 8*uint(len(n.bytes))) & 63)
}
