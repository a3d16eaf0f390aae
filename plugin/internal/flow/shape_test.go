package flow

import (
	"bytes"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A key is known by each of its bytes, whatever its length, and at the very end of a chunk as well.
func TestEachByteOfAKeyCounts(t *testing.T) {
	for size := 1; size <= 100; size++ {
		key := bytes.Repeat([]byte{'k'}, size)
		var head []byte
		if size < 32 {
			head = []byte{0x81, 0xa0 | byte(size)}
		} else {
			head = []byte{0x81, 0xd9, byte(size)}
		}
		record := slices.Concat(head, key, []byte{1})
		d := newDecoder(t, Options{})
		if _, end := d.meet(record, 0); end != len(record) {
			t.Fatalf("%q ends at %d", record, end)
		}
		for _, behind := range []int{0, 1, 7, 100} {
			b := append(slices.Clone(record), make([]byte, behind)...)
			b = b[:len(b):len(b)]
			if lay, end := d.tree.follow(b, 0, &d.values); lay == nil || end != len(record) || d.values[1] != end-1 {
				t.Fatalf("a key of %d bytes, %d bytes behind it: %v, ends at %d, value at %d", size, behind, lay, end, d.values[1])
			}
			for i := range len(record) - 1 {
				b[i] ^= 0x20
				if lay, _ := d.tree.follow(b, 0, &d.values); lay != nil {
					t.Errorf("a key of %d bytes, %d bytes behind it: byte %d is another, and it is followed", size, behind, i)
				}
				b[i] ^= 0x20
			}
		}
	}
}

// The size of a value may change at any time, from and to all kinds of sizes. One that changed once is steady again later.
func TestValuesThatVary(t *testing.T) {
	d := newDecoder(t, Options{})
	first := []byte{0x81, 0xa1, 'x', 1}
	d.meet(first, 0)
	values := [][]byte{{1}, {0xcd, 1, 2}, {0xc0}, {0xa3, 'a', 'b', 'c'}, {0xd9, 2, 'a', 'b'}, {0x92, 1, 2}, {0xd8, 17: 0}, append([]byte{0xbf}, make([]byte, 31)...)}
	for range 3 {
		for _, from := range values {
			for _, to := range values {
				for _, value := range [][]byte{from, to} {
					record := append(first[:3:3], value...)
					if lay, end := d.tree.follow(append(record, first...), 0, &d.values); lay == nil || end != len(record) {
						t.Fatalf("% x: %v, ends at %d", record, lay, end)
					}
				}
			}
		}
		d.tree.forget()
	}
	steady := func() bool { return d.tree.first.steady&varies == 0 }
	for range patience {
		d.tree.follow(first, 0, &d.values)
	}
	if d.tree.follow(append(first[:3:3], 0xcd, 1, 2), 0, &d.values); steady() {
		t.Error("a value of another size, and it is steady")
	}
	for range 2 * patience {
		d.tree.follow(first, 0, &d.values)
	}
	if !steady() {
		t.Error("a value of one size, and it is not steady")
	}
}

// Words are read eight bytes at a time, but none behind the chunk: here stands a page that must not be touched.
func TestNothingIsReadBehindTheChunk(t *testing.T) {
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	must(t, err)
	defer func() { must(t, syscall.Munmap(memory)) }()
	must(t, syscall.Mprotect(memory[page:], syscall.PROT_NONE))
	d := newDecoder(t, Options{})
	for _, line := range []string{response, unirec, `{"a":1}`, `{"abcdef":""}`, `{"SIP_STATUS_CODE":401,"SIP_CSEQ":"1 REGISTER","TIME_LAST":1795340436,"SRC_IP":"1.2.3.4","DST_IP":"::1","SIP_CALLED_PARTY":"sip:x"}`} {
		record := recordOf(t, 1, []byte(line))
		for size := len(record); size > 0; size-- { // the whole one first, to be known
			b := memory[page-size : page : page]
			copy(b, record)
			var batch Batch
			d.Chunk(&batch, b)
			checkStats(t, &batch, 1)
		}
	}
	for _, line := range []string{response, unirec} { // each string as the last value of a record
		members := strings.Split(strings.Trim(line, "{}"), ",")
		for i := range members {
			members[0], members[i] = members[i], members[0]
			record := recordOf(t, 1, []byte("{"+strings.Join(slices.Concat(members[1:], members[:1]), ",")+"}"))
			b := memory[page-len(record) : page : page]
			copy(b, record)
			var batch Batch
			d.Chunk(&batch, b)
			d.Chunk(&batch, b)
			if batch.Stats.Relevant != 2 {
				t.Errorf("%s: %+v", record, batch.Stats)
			}
		}
	}
}
